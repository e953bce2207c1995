"""Scorers that judge as traces come, reviews by people, issues: with the real MLflow client."""

from __future__ import annotations

import math

import mlflow
import pytest
from mlflow.entities.assessment import IssueReference
from mlflow.entities.issue import IssueSeverity, IssueStatus
from mlflow.exceptions import MlflowException
from mlflow.genai import label_schemas, review_queues
from mlflow.genai.label_schemas import InputCategorical, InputNumeric, InputPassFail, InputText
from mlflow.genai.scorers import Guidelines, ScorerSamplingConfig, get_scorer, list_scorers
from mlflow.store.analytics.trace_correlation import calculate_npmi_from_counts
from mlflow.tracing.client import TracingClient

from support.mlflow_client import client_of


@pytest.fixture
def client(tenant, monkeypatch):
    with client_of(tenant.server.url, tenant.key, monkeypatch) as told:
        yield told


@pytest.fixture
def experiment(client):
    """Return the experiment that is set, for functions that take none."""
    return mlflow.set_experiment("reviewed").experiment_id


@pytest.fixture
def traces(client, experiment):
    """Return the ids of three traces of the experiment."""

    @mlflow.trace
    def answer(number):
        return number

    ids = []
    for number in range(3):
        answer(number)
        ids.append(mlflow.get_last_active_trace_id())
    mlflow.flush_trace_async_logging()
    return ids


def test_scorers_come_with_their_share_of_traces(client, experiment):
    judge = Guidelines(name="kind", guidelines=["be kind"], model="gateway:/judge")
    registered = judge.register()
    assert [(one.name, one.sample_rate) for one in list_scorers()] == [("kind", None)]
    sampled = ScorerSamplingConfig(sample_rate=0.25, filter_string="tags.env = 'live'")
    assert registered.start(sampling_config=sampled).sample_rate == 0.25
    found = get_scorer(name="kind")
    assert (found.sample_rate, found.filter_string) == (0.25, "tags.env = 'live'")
    assert found.stop().sample_rate == 0
    assert [one.sample_rate for one in list_scorers()] == [0]

    local = Guidelines(name="local", guidelines=["be short"], model="openai:/gpt-4.1").register()
    with pytest.raises(MlflowException, match="does not use a gateway model"):
        local.start(sampling_config=ScorerSamplingConfig(sample_rate=0.5))
    store = client._tracking_client.store
    for rate, filter_string in ((1.5, None), (-0.1, None), (0, "nonsense"), (0, "x.y = 'z'")):
        with pytest.raises(MlflowException) as caught:
            store.upsert_online_scoring_config(experiment, "kind", rate, filter_string)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException, match="not found"):
        store.upsert_online_scoring_config(experiment, "unknown", 0.5)

    scorer_id = store.get_scorer(experiment, "kind").scorer_id
    assert len(store.get_online_scoring_configs([scorer_id])) == 1
    store.delete_scorer(experiment, "kind")
    assert store.get_online_scoring_configs([scorer_id]) == []


def test_reviewers_are_asked_questions(client, experiment):
    (default,) = label_schemas.list_label_schemas(experiment_id=experiment)
    assert (default.name, default.is_default, default.type) == ("Feedback", True, "feedback")
    inputs = {
        "right": InputPassFail(positive_label="Right", negative_label="Wrong"),
        "topic": InputCategorical(options=["a", "b"], multi_select=True),
        "score": InputNumeric(min_value=0, max_value=10.5),
        "why": InputText(max_length=100),
    }
    made = {
        name: label_schemas.create_label_schema(
            name, type="feedback", input=given, instruction=f"{name}?", enable_comment=True
        )
        for name, given in inputs.items()
    }
    for name, given in inputs.items():
        found = label_schemas.get_label_schema(name, experiment_id=experiment)
        assert (found.input, found.instruction, found.enable_comment) == (given, f"{name}?", True)
        assert found == label_schemas.get_label_schema(schema_id=made[name].schema_id)
    page = label_schemas.list_label_schemas(experiment_id=experiment, max_results=3)
    rest = label_schemas.list_label_schemas(
        experiment_id=experiment, max_results=3, page_token=page.token
    )
    assert sorted(one.name for one in [*page, *rest]) == sorted(["Feedback", *inputs])

    changed = label_schemas.update_label_schema(
        made["topic"].schema_id,
        name="subject",
        input=InputCategorical(options=["a", "b", "c"], multi_select=True),
    )
    assert (changed.name, changed.input.options) == ("subject", ["a", "b", "c"])
    label_schemas.delete_label_schema(schema_id=made["why"].schema_id)
    label_schemas.delete_label_schema(schema_id=made["why"].schema_id)
    with pytest.raises(MlflowException, match="not found"):
        label_schemas.get_label_schema("why", experiment_id=experiment)


def test_wrong_questions_are_refused(client, experiment):
    def create(name, given):
        return label_schemas.create_label_schema(name, type="feedback", input=given)

    (default,) = label_schemas.list_label_schemas(experiment_id=experiment)
    there = create("there", InputNumeric(min_value=0, max_value=1))
    same = InputPassFail(positive_label="x", negative_label="x")
    wrong = {
        "twice": lambda: create("a", InputCategorical(options=["x", "x"])),
        "options": lambda: create("b", InputCategorical(options=[])),
        "same": lambda: create("c", same),
        "between": lambda: create("d", InputNumeric(min_value=2, max_value=1)),
        "holds nothing": lambda: create("e", InputText(max_length=0)),
        "every experiment has": lambda: create("feedback", InputText()),
        "default question": lambda: label_schemas.update_label_schema(
            default.schema_id, name="other"
        ),
        "cannot be changed": lambda: label_schemas.update_label_schema(
            there.schema_id, input=InputText()
        ),
    }
    for message, call in wrong.items():
        with pytest.raises(MlflowException, match=message) as caught:
            call()
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE", message
    with pytest.raises(MlflowException, match="default question"):
        label_schemas.delete_label_schema(schema_id=default.schema_id)
    with pytest.raises(MlflowException) as caught:
        create("there", InputText())
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_traces_are_reviewed_in_queues(client, experiment, traces):
    schema = label_schemas.create_label_schema("ok", type="feedback", input=InputText())
    queue = review_queues.create_review_queue(
        "Weekly",
        queue_type="custom",
        users=["Ann@Example.com", "bob"],
        schema_ids=[schema.schema_id],
    )
    assert (queue.users, queue.schema_ids) == (["ann@example.com", "bob"], [schema.schema_id])
    with pytest.raises(MlflowException) as caught:
        review_queues.create_review_queue("WEEKLY", queue_type="custom")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    own = review_queues.get_or_create_user_queue("Ann@Example.com")
    assert own == review_queues.get_or_create_user_queue("ann@example.com")
    assert review_queues.get_review_queue(name="weekly", experiment_id=experiment) == queue

    items = review_queues.add_items_to_review_queue(queue.queue_id, item_ids=traces)
    assert [(item.item_id, item.status) for item in items] == [(one, "pending") for one in traces]
    done = review_queues.set_review_queue_item_status(
        queue.queue_id, item_id=traces[0], status="complete", completed_by="Bob"
    )
    again = review_queues.set_review_queue_item_status(
        queue.queue_id, item_id=traces[0], status="complete", completed_by="ann"
    )
    assert (done.status, done.completed_by, again) == ("complete", "bob", done)
    review_queues.add_items_to_review_queue(queue.queue_id, item_ids=[traces[0]])
    pending = review_queues.list_review_queue_items(queue.queue_id, status="pending")
    assert {item.item_id for item in pending} == set(traces[1:])
    opened = review_queues.set_review_queue_item_status(
        queue.queue_id, item_id=traces[0], status="pending"
    )
    assert (opened.status, opened.completed_by, opened.completed_time_ms) == ("pending", None, None)

    names = [one.name for one in review_queues.list_review_queues(user="ANN@example.com")]
    assert sorted(names) == ["Weekly", "ann@example.com"]
    held = client._tracking_client.store.list_review_queues(experiment, item_id=traces[1])
    assert [one.name for one in held] == ["Weekly"]
    with pytest.raises(MlflowException, match="locked"):
        review_queues.update_review_queue(queue.queue_id, schema_ids=[])
    review_queues.remove_items_from_review_queue(queue.queue_id, item_ids=[traces[0]])
    client.delete_traces(experiment_id=experiment, trace_ids=[traces[1]])
    (left,) = review_queues.list_review_queue_items(queue.queue_id)
    assert left.item_id == traces[2]
    renamed = review_queues.update_review_queue(queue.queue_id, name="Monthly", users=[])
    assert (renamed.name, renamed.users) == ("Monthly", [])
    review_queues.delete_review_queue(queue.queue_id)
    with pytest.raises(MlflowException, match="not found"):
        review_queues.get_review_queue(queue.queue_id)


def test_issues_are_found_with_their_traces(client, experiment, traces):
    store = client._tracking_client.store
    slow = store.create_issue(
        experiment, "slow", "takes long", severity=IssueSeverity.LOW, root_causes=["a", "b"]
    )
    wrong = store.create_issue(experiment, "wrong", "says no", severity=IssueSeverity.HIGH)
    other = store.create_issue(experiment, "other", "?", source_run_id="abc")
    for trace_id in traces[:2]:
        reference = IssueReference(issue_id=slow.issue_id, issue_name="slow")
        reference.trace_id = trace_id
        store.create_assessment(reference)
    found = store.search_issues(experiment, include_trace_count=True)
    assert [(one.name, one.trace_count) for one in found] == [
        ("wrong", 0),
        ("slow", 2),
        ("other", 0),
    ]
    matched = client.search_traces(
        locations=[experiment], filter_string=f"issue.id = '{slow.issue_id}'"
    )
    assert {trace.info.trace_id for trace in matched} == set(traces[:2])
    assert not client.search_traces(locations=[experiment], filter_string="issue.id = 'iss-none'")
    with pytest.raises(MlflowException, match="issue attribute"):
        client.search_traces(locations=[experiment], filter_string="issue.name = 'slow'")
    assert store.get_issue(slow.issue_id).root_causes == ["a", "b"]
    store.update_issue(wrong.issue_id, status=IssueStatus.RESOLVED)
    (resolved,) = store.search_issues(experiment, "status = 'resolved'")
    assert resolved.issue_id == wrong.issue_id
    (of_run,) = store.search_issues(experiment, "source_run_id = 'abc' AND status != 'resolved'")
    assert of_run.issue_id == other.issue_id
    page = store.search_issues(experiment, max_results=2)
    rest = store.search_issues(experiment, max_results=2, page_token=page.token)
    assert [one.name for one in [*page, *rest]] == ["wrong", "slow", "other"]
    with pytest.raises(MlflowException) as caught:
        store.search_issues(experiment, "nothing = 'x'")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_traces_are_found_by_the_prompt_that_they_used(client, experiment):
    mlflow.genai.register_prompt("greet", "Hello {{name}}")
    mlflow.genai.register_prompt("greet", "Good day {{name}}")

    @mlflow.trace
    def greet(version):
        return mlflow.genai.load_prompt(f"prompts:/greet/{version}").format(name="Ann")

    used = {}
    for version in (1, 2):
        greet(version)
        used[version] = mlflow.get_last_active_trace_id()
        mlflow.flush_trace_async_logging()
    prompt = client.get_prompt_version("greet", "2")
    client.link_prompt_versions_to_trace([prompt], used[2])
    for version in (1, 2):
        (found,) = mlflow.search_traces(
            filter_string=f"prompt = 'greet/{version}'", return_type="list"
        )
        assert found.info.trace_id == used[version]
    with pytest.raises(MlflowException, match="version of a prompt"):
        mlflow.search_traces(filter_string="prompt LIKE 'greet%'")


def test_filters_of_traces_are_correlated(client, experiment):
    @mlflow.trace
    def answer(number):
        live, slow = number < 6, number < 4 or number == 9
        mlflow.update_current_trace(tags={"env": str(live), "slow": str(slow), "all": "x"})

    for number in range(10):
        answer(number)
    mlflow.flush_trace_async_logging()
    tracing = TracingClient()

    def correlation(*filters, **more):
        return tracing.calculate_trace_filter_correlation([experiment], *filters, **more)

    found = correlation("tags.env = 'True'", "tags.slow = 'True'")
    assert (found.filter1_count, found.filter2_count, found.joint_count, found.total_count) == (
        6, 5, 4, 10,
    )  # fmt: skip
    expected = calculate_npmi_from_counts(4, 6, 5, 10)
    assert found.npmi == pytest.approx(expected.npmi)
    assert found.npmi_smoothed == pytest.approx(expected.npmi_smoothed)
    assert correlation("tags.env = 'True'", "tags.env = 'False'").npmi == -1
    assert correlation("tags.all = 'x'", "tags.all = 'x'").npmi == 1
    assert math.isnan(correlation("tags.env = 'none'", "tags.all = 'x'").npmi)
    within = correlation("tags.all = 'x'", "tags.slow = 'True'", base_filter="tags.env = 'False'")
    assert (within.filter2_count, within.total_count) == (1, 4)
    with pytest.raises(MlflowException, match="invalid attribute key"):
        correlation("nonsense = 'x'", "tags.all = 'x'")


def test_another_account_sees_none_of_it(client, experiment, new_tenant, monkeypatch):
    schema = label_schemas.create_label_schema("ok", type="feedback", input=InputText())
    queue = review_queues.create_review_queue("Weekly", queue_type="custom")
    issue = client._tracking_client.store.create_issue(experiment, "slow", "takes long")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", new_tenant().key)
    store = client._tracking_client.store
    calls = [
        lambda: store.get_label_schema(schema.schema_id),
        lambda: store.update_label_schema(schema.schema_id, name="mine"),
        lambda: store.get_review_queue(queue.queue_id),
        lambda: store.add_items_to_review_queue(queue.queue_id, item_ids=["tr-1"]),
        lambda: store.list_review_queue_items(queue.queue_id),
        lambda: store.get_issue(issue.issue_id),
        lambda: store.update_issue(issue.issue_id, name="mine"),
        lambda: store.list_label_schemas(experiment),
    ]
    for call in calls:
        with pytest.raises(MlflowException) as caught:
            call()
        assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    store.delete_label_schema(schema.schema_id)
    store.delete_review_queue(queue.queue_id)
    assert list(store.search_issues()) == []
    monkeypatch.undo()
