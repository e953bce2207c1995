"""Evaluation datasets and scorers, with the real MLflow client."""

from __future__ import annotations

import pytest
from mlflow.exceptions import MlflowException

from support.mlflow_client import client_of


@pytest.fixture
def client(tenant, monkeypatch):
    with client_of(tenant.server.url, tenant.key, monkeypatch) as told:
        yield told


def test_a_dataset_with_its_records(client):
    first, other = (client.create_experiment(name) for name in ("first", "other"))
    made = client.create_dataset("questions", experiment_id=[first], tags={"team": "qa"})
    asked = [
        {"inputs": {"q": f"{number}?"}, "expectations": {"answer": number}, "tags": {"k": "v"}}
        for number in range(3)
    ]
    made.merge_records(asked)
    made.merge_records(
        [{"inputs": {"q": "1?"}, "expectations": {"tone": "kind"}}, {"inputs": {"q": "ü?"}}]
    )

    found = client.get_dataset(made.dataset_id)
    assert (found.name, found.experiment_ids, found.tags["team"]) == ("questions", [first], "qa")
    by_question = {record.inputs["q"]: record for record in found.records}
    assert set(by_question) == {"0?", "1?", "2?", "ü?"}
    assert by_question["1?"].expectations == {"answer": 1, "tone": "kind"}
    assert by_question["0?"].source.source_type == "HUMAN"
    assert by_question["ü?"].source.source_type == "CODE"
    assert list(found.to_df()["inputs"]) == [record.inputs for record in found.records]
    with pytest.raises(MlflowException, match="granularity"):
        found.merge_records([{"inputs": {"goal": "a session"}}])

    assert found.delete_records([by_question["0?"].dataset_record_id, "dr-unknown"]) == 1
    again = client.get_dataset(made.dataset_id)
    assert len(again.records) == 3
    assert again.digest != found.digest
    client.add_dataset_to_experiments(made.dataset_id, [other])
    assert client.get_dataset(made.dataset_id).experiment_ids == [first, other]
    client.remove_dataset_from_experiments(made.dataset_id, [first])
    assert client.get_dataset(made.dataset_id).experiment_ids == [other]


def test_datasets_are_searched_tagged_and_deleted(client):
    experiment = client.create_experiment("e")
    made = [
        client.create_dataset(f"d{number}", experiment_id=experiment, tags={"n": str(number)})
        for number in range(5)
    ]
    names = [one.name for one in client.search_datasets([experiment], order_by=["name DESC"])]
    assert names == ["d4", "d3", "d2", "d1", "d0"]
    (found,) = client.search_datasets(filter_string="tags.n = '3' AND name LIKE 'd%'")
    assert found.dataset_id == made[3].dataset_id
    page = client.search_datasets(max_results=2, order_by=["name"])
    further = client.search_datasets(max_results=2, order_by=["name"], page_token=page.token)
    assert [one.name for one in [*page, *further]] == ["d0", "d1", "d2", "d3"]
    client.set_dataset_tags(made[0].dataset_id, {"n": "9", "path/to": "x"})
    client.delete_dataset_tag(made[0].dataset_id, "path/to")
    tags = client.get_dataset(made[0].dataset_id).tags
    assert (tags["n"], "path/to" in tags) == ("9", False)
    client.delete_dataset(made[0].dataset_id)
    with pytest.raises(MlflowException, match="not found") as caught:
        client.get_dataset(made[0].dataset_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_another_account_sees_none_of_it(client, new_tenant, monkeypatch):
    made = client.create_dataset("mine")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", new_tenant().key)
    assert list(client.search_datasets()) == []
    for call in (
        lambda: client.get_dataset(made.dataset_id),
        lambda: client.set_dataset_tags(made.dataset_id, {"a": "b"}),
        lambda: made.delete_records(["x"]),
    ):
        with pytest.raises(MlflowException, match="not found"):
            call()
    client.delete_dataset(made.dataset_id)
    monkeypatch.undo()


def test_scorers_have_versions(client):
    store = client._tracking_client.store
    experiment = client.create_experiment("scored")
    first = store.register_scorer(experiment, "short", '{"name": "short", "v": 1}')
    second = store.register_scorer(experiment, "short", '{"name": "short", "v": 2}')
    store.register_scorer(experiment, "polite", '{"name": "polite"}')
    assert (first.scorer_version, second.scorer_version) == (1, 2)
    assert first.scorer_id == second.scorer_id
    listed = [(one.scorer_name, one.scorer_version) for one in store.list_scorers(experiment)]
    assert listed == [("polite", 1), ("short", 2)]
    assert [v.scorer_version for v in store.list_scorer_versions(experiment, "short")] == [1, 2]
    assert store.get_scorer(experiment, "short")._serialized_scorer == '{"name": "short", "v": 2}'
    store.delete_scorer(experiment, "short", 2)
    assert store.get_scorer(experiment, "short").scorer_version == 1
    store.delete_scorer(experiment, "short")
    with pytest.raises(MlflowException, match="not found"):
        store.get_scorer(experiment, "short")
