import json

import pytest

from vedette.store.catalog import Scope

GOOD = {"model": "churn", "version": 3, "id": 7, "prediction": 0.5, "time": "2026-01-01"}


@pytest.fixture
def rows(runner, account):
    return lambda sql: runner.run(account, sql).records()


def post(client, headers, path, *records, **more):
    body = "\n".join(r if isinstance(r, str) else json.dumps(r) for r in records)
    return client.post(f"/api/v1/{path}", content=body, headers={**headers, **more})


def test_numbers_and_texts_come_apart(client, headers, rows):
    record = {
        "model": "churn", "version": "3", "endpoint": "/predict", "id": "p1", "prediction": "yes",
        "features": {"age": 30, "city": 'Ülm "x"', "flag": True, "gone": None, "text": "12"},
        "scores": {"yes": 0.75, "no": 0.25}, "tags": {"segment": "a"}, "weight": 2, "latency_ms": 1.5,
    }  # fmt: skip
    answer = post(client, headers, "predictions", record)
    assert answer.json() == {"rejected": 0, "errors": []}
    (row,) = rows("SELECT * FROM @predictions")
    assert row["NumericFeatures"] == {"age": 30}
    assert row["TextFeatures"] == {"city": 'Ülm "x"', "flag": "true", "text": "12"}
    assert row["MissingFeatures"] == ["gone"]
    assert (row["Label"], row["Value"], row["Weight"], row["LatencyMs"]) == ("yes", None, 2, 1.5)
    assert (row["Model"], row["Version"], row["PredictionId"]) == ("churn", "3", "p1")
    assert row["Scores"] == {"yes": 0.75, "no": 0.25}


def test_a_bad_line_keeps_no_other_from_being_stored(client, headers, rows):
    good = {"model": "m", "prediction": 1}
    bad = [
        "no json", {"prediction": 1}, {"model": 5, "prediction": 1}, {"model": "m"},
        {"model": "m", "prediction": {}}, {**good, "weight": 0}, {**good, "time": "soon"},
        {**good, "time": "1999-01-01T00:00:00Z"},
    ]  # fmt: skip
    answer = post(client, headers, "predictions", good, *bad, good)
    assert answer.status_code == 200
    told = answer.json()
    assert told["rejected"] == len(bad)
    assert sorted(line for error in told["errors"] for line in error["lines"]) == list(range(2, 10))
    assert rows("SELECT count() AS n FROM @predictions") == [{"n": 2}]


def test_a_batch_that_comes_again_is_stored_once(client, headers, rows):
    for attempt in ("1", "2"):
        answer = post(
            client, headers, "predictions", {"model": "m", "prediction": 1},
            **{"vedette-batch-id": "00000000000000ab", "vedette-attempt": attempt},
        )  # fmt: skip
        assert answer.status_code == 200
    assert rows("SELECT count() AS n FROM @predictions") == [{"n": 1}]


def test_labels_come_later_and_are_corrected(client, headers, rows):
    answer = client.post(
        "/api/v1/labels",
        json=[{"model": "m", "id": "a", "label": "no"}, {"model": "m", "label": 1}],
        headers=headers,
    )
    assert answer.json()["errors"][0]["reason"] == "id is missing"
    post(client, headers, "labels", {"model": "m", "id": "a", "label": 1})
    stored = rows("SELECT Label, Value FROM @prediction_labels ORDER BY ReceivedTime, Label")
    assert {row["Label"] for row in stored} == {"no", "1"}


@pytest.mark.parametrize("path", ["predictions", "labels"])
def test_who_may_send(client, new_key, path):
    reader = new_key(f"reader-{path}", Scope.READ)
    assert post(client, reader, path, GOOD).status_code == 403
    assert post(client, {}, path, GOOD).status_code == 401
    assert post(client, reader, path, GOOD, **{"content-type": "text/csv"}).status_code == 403
