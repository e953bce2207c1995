"""The real MLflow client, with nothing changed but its tracking address and token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import mlflow
import pandas as pd
import pytest
from mlflow.entities import Metric, Param, RunTag, SpanEvent
from mlflow.exceptions import MlflowException

from support.mlflow_client import client_of
from support.server import Server
from vedette.store.catalog import Scope


@pytest.fixture(scope="module")
def models_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow") / "data"
    with Server(folder, notification_allowed_hosts="127.0.0.1", otlp_grpc_port=-1) as running:
        yield running
        status, log = running.stop(), running.log
    assert (status, "Traceback" in log) == (0, False), log


@pytest.fixture
def client(models_server, monkeypatch, request):
    account = models_server.new_account(f"ml-{abs(hash(request.node.name)) % 10**9}")
    key = models_server.new_key([Scope.WRITE, Scope.INGEST], account)[1]
    with client_of(models_server.url, key, monkeypatch) as told:
        mlflow.set_experiment("experiment / ünï")
        yield told


def test_a_run_with_all_it_logs(client):
    data = mlflow.data.from_pandas(pd.DataFrame({"a": [1.5]}), name="rows", source="s3://b/k")
    with mlflow.start_run(run_name="first", tags={"team": "ml"}) as run:
        mlflow.log_params({"depth": 3, "path/to": "x" * 6000})
        mlflow.log_metrics({"nan": math.nan, "inf": math.inf, "minus": -math.inf})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_input(data, context="training")
    found = client.get_run(run.info.run_id)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "first"
    assert found.data.params["path/to"] == "x" * 6000
    assert found.data.metrics["loss"] == 0.2
    assert math.isnan(found.data.metrics["nan"])
    assert found.data.metrics["inf"] == math.inf
    assert found.data.metrics["minus"] == -math.inf
    assert found.data.tags["team"] == "ml"
    (given,) = found.inputs.dataset_inputs
    assert (given.dataset.name, given.tags[0].value) == ("rows", "training")
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [point.step for point in history] == [0, 1, 2, 3, 4]
    assert history[1].value == 0.5
    assert math.isnan(client.get_metric_history(run.info.run_id, "nan")[0].value)
    assert client.get_metric_history(run.info.run_id, "minus")[0].value == -math.inf
    assert client.get_metric_history(run.info.run_id, "never logged") == []
    client.set_tag(run.info.run_id, "mlflow.runName", "renamed")
    assert client.get_run(run.info.run_id).info.run_name == "renamed"


def test_a_dataset_is_one_by_name_and_digest(client):
    """As in MLflow, whose key they are: what was told first of it, and of its use by a run, stays."""
    frame = pd.DataFrame({"a": [1.5, 2.5]})
    first, second = (
        mlflow.data.from_pandas(frame, name="rows", source=source)
        for source in ("s3://b/first", "s3://b/second")
    )
    assert first.digest == second.digest
    with mlflow.start_run() as one:
        mlflow.log_input(first, context="training")
        mlflow.log_input(second, context="evaluation")
    with mlflow.start_run() as other:
        mlflow.log_input(second, context="evaluation")
    for run, context in ((one, "training"), (other, "evaluation")):
        (used,) = client.get_run(run.info.run_id).inputs.dataset_inputs
        assert json.loads(used.dataset.source)["uri"] == "s3://b/first"
        assert [tag.value for tag in used.tags] == [context]
    mlflow.set_experiment("another")
    with mlflow.start_run() as elsewhere:
        mlflow.log_input(second)
    (used,) = client.get_run(elsewhere.info.run_id).inputs.dataset_inputs
    assert json.loads(used.dataset.source)["uri"] == "s3://b/second"


def test_a_history_comes_in_pages_of_several_runs_and_sampled(client, models_server):
    with mlflow.start_run() as run:
        for step in range(5):
            mlflow.log_metric("loss", math.nan if step == 2 else 1 / (step + 1), step=step)
    run_id = run.info.run_id
    headers = {"Authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"}
    params = {"run_id": run_id, "metric_key": "loss", "max_results": 2}
    steps, token = [], ""
    for _ in range(3):
        page = httpx.get(
            f"{models_server.url}/api/2.0/mlflow/metrics/get-history",
            params={**params, "page_token": token}, headers=headers,
        ).json()  # fmt: skip
        steps.append([point["step"] for point in page["metrics"]])
        token = page.get("next_page_token", "")
    assert steps == [[0, 1], [2, 3], [4]]
    assert token == ""

    def points(call, **params):
        url = f"{models_server.url}/api/2.0/mlflow/metrics/{call}"
        found = httpx.get(url, params={"metric_key": "loss", **params}, headers=headers)
        return found.json()["metrics"]

    of_runs = points("get-history-bulk", run_id=run_id)
    assert [(one["step"], one["run_id"]) for one in of_runs] == [
        (step, run_id) for step in range(5)
    ]
    assert [one["value"] for one in of_runs[:3]] == [1, 0.5, "NaN"]
    sampled = points("get-history-bulk-interval", run_ids=run_id, max_results=2)
    assert {0, 4} <= {one["step"] for one in sampled}
    assert len(sampled) < 5
    for call, wrong in [
        ("get-history", {"run_id": run_id, "max_results": -1}),
        ("get-history-bulk", {"run_id": run_id, "max_results": 0}),
        ("get-history-bulk-interval", {"run_ids": run_id, "start_step": 3, "end_step": 2}),
    ]:
        url = f"{models_server.url}/api/2.0/mlflow/metrics/{call}"
        answer = httpx.get(url, params={"metric_key": "loss", **wrong}, headers=headers)
        assert answer.status_code == 400, (call, answer.text)
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_a_batch_that_comes_again_stores_nothing_twice(client):
    run = client.create_run(mlflow.get_experiment_by_name("experiment / ünï").experiment_id)
    points = [Metric("m", step / 3, 1000 + step, step) for step in range(1000)]
    for _ in range(3):
        client.log_batch(run.info.run_id, points, [Param("p", "1")], [RunTag("t", "v")])
        assert len(client.get_metric_history(run.info.run_id, "m")) == 1000
    with pytest.raises(MlflowException, match="Changing param values") as caught:
        client.log_batch(run.info.run_id, params=[Param("p", "2")])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException):
        client.log_metric("f" * 32, "m", 1.0)


def test_searching_runs(client):
    experiment = mlflow.get_experiment_by_name("experiment / ünï").experiment_id
    for number in range(7):
        with mlflow.start_run(run_name=f"run {number}"):
            mlflow.log_param("parity", "odd" if number % 2 else "even")
            if number < 5:
                mlflow.log_metric("score", number if number != 3 else math.nan)
            mlflow.set_tag("a.b/c", f"value {number}")

    def names(filter_string, **more):
        found = client.search_runs([experiment], filter_string, **more)
        return [run.info.run_name.split()[1] for run in found]

    ascending = {"order_by": ["metrics.score ASC", "attributes.run_name"]}
    assert names("", **ascending) == ["0", "1", "2", "4", "3", "5", "6"]
    assert names("", order_by=["metrics.score DESC", "run_name DESC"]) == list("4210365")
    assert names("metrics.score > 0 and params.parity = 'even'", **ascending) == ["2", "4"]
    assert names("metrics.score != 2", **ascending) == ["0", "1", "4", "3"]
    assert names("params.parity ILIKE 'OD%' AND tags.`a.b/c` LIKE '%5'") == ["5"]
    assert names("params.parity LIKE 'OD%'") == []
    assert names("attributes.run_name IN ('run 1', 'run 2')", **ascending) == ["1", "2"]
    assert names("attributes.run_name NOT IN ('run 1', 'run 2') and metrics.score < 3") == ["0"]
    assert names("params.nothing IS NULL and attributes.status = 'FINISHED'", max_results=3)
    assert names("tag.nothing IS NOT NULL") == []
    pages, token = [], None
    while token is not None or not pages:
        page = client.search_runs([experiment], "", max_results=3, page_token=token, **ascending)
        pages.append([run.info.run_name.split()[1] for run in page])
        token = page.token
    assert pages == [["0", "1", "2"], ["4", "3", "5"], ["6"]]
    for wrong in ("metrics.score >", "metrics.score = 'x'", "nothing.x = 1", "run_nam = 'x'"):
        with pytest.raises(MlflowException) as caught:
            client.search_runs([experiment], wrong)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_experiments_are_deleted_and_restored_with_their_runs(client):
    experiment = client.create_experiment("short-lived", tags={"a": "b"})
    kept = client.create_run(experiment)
    gone = client.create_run(experiment)
    client.delete_run(gone.info.run_id)
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="RESOURCE_DOES_NOT_EXIST"):
        client.delete_experiment(experiment)
    with pytest.raises(MlflowException, match="already exists in deleted state"):
        client.create_experiment("short-lived")
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        client.create_run(experiment)
    client.restore_experiment(experiment)
    assert client.get_run(kept.info.run_id).info.lifecycle_stage == "active"
    assert client.get_run(gone.info.run_id).info.lifecycle_stage == "deleted"
    found = client.search_experiments(filter_string="tags.a = 'b' AND name LIKE 'short%'")
    assert [item.experiment_id for item in found] == [experiment]
    with pytest.raises(MlflowException) as caught:
        client.get_run("0" * 32)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_artifacts_stream_both_ways_whole_and_in_parts(client, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", str(2 << 20))
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(1 << 20))
    small, large = b"a few bytes", bytes(range(256)) * 12_000
    (tmp_path / "small.bin").write_bytes(small)
    (tmp_path / "large ü.bin").write_bytes(large)
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(tmp_path / "small.bin"), "folder")
        mlflow.log_artifact(str(tmp_path / "large ü.bin"), "folder/deeper")
        mlflow.log_dict({"a": 1}, "top.json")
    listed = client.list_artifacts(run.info.run_id)
    assert [(item.path, item.is_dir) for item in listed] == [("folder", True), ("top.json", False)]
    (deeper,) = client.list_artifacts(run.info.run_id, "folder/deeper")
    assert (deeper.path, deeper.file_size) == ("folder/deeper/large ü.bin", len(large))
    folder = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="folder")
    assert Path(folder, "deeper", "large ü.bin").read_bytes() == large
    assert Path(folder, "small.bin").read_bytes() == small


def test_autolog_registers_and_loads(client):
    from sklearn.linear_model import LogisticRegression

    features = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]})
    labels = [0, 0, 1, 1]
    mlflow.sklearn.autolog(registered_model_name="classifier", silent=True, serialization_format="pickle")  # fmt: skip
    try:
        with mlflow.start_run() as run:
            LogisticRegression().fit(features, labels)
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    found = client.get_run(run.info.run_id)
    assert found.data.metrics["training_score"] == 1.0
    assert found.data.params["C"] == "1.0"
    (output,) = found.outputs.model_outputs
    (version,) = client.search_model_versions("name = 'classifier'")
    assert version.source == f"models:/{output.model_id}"
    assert version.run_id == run.info.run_id
    client.set_registered_model_alias("classifier", "champion", version.version)
    loaded = mlflow.pyfunc.load_model("models:/classifier@champion")
    assert list(loaded.predict(features)) == labels
    (logged,) = mlflow.search_logged_models(
        filter_string="metrics.training_score >= 1 and params.C = '1.0'", output_format="list"
    )
    assert logged.model_id == output.model_id


def test_autolog_of_boosted_trees(client):
    """LightGBM stands for those whose autolog logs by iteration, with datasets and a figure."""
    lightgbm = pytest.importorskip("lightgbm")
    features = pd.DataFrame({"a": [float(row) for row in range(40)], "b": [0.0, 1.0] * 20})
    train = lightgbm.Dataset(features, [float(row >= 20) for row in range(40)])
    mlflow.lightgbm.autolog(silent=True)
    try:
        with mlflow.start_run() as run:
            booster = lightgbm.train(
                {"objective": "binary", "metric": "binary_logloss", "verbose": -1, "min_data_in_leaf": 1},
                train, 7,
                valid_sets=[train], valid_names=["seen"],
            )  # fmt: skip
    finally:
        mlflow.lightgbm.autolog(disable=True, silent=True)
    found = client.get_run(run.info.run_id)
    assert found.data.params["objective"] == "binary"
    history = client.get_metric_history(run.info.run_id, "seen-binary_logloss")
    assert [point.step for point in history] == list(range(7))
    assert [point.value for point in history] == sorted((p.value for p in history), reverse=True)
    assert {tag.value for item in found.inputs.dataset_inputs for tag in item.tags} >= {"train"}
    assert "feature_importance_gain.json" in {
        f.path for f in client.list_artifacts(run.info.run_id)
    }
    (output,) = found.outputs.model_outputs
    loaded = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    assert list(loaded.predict(features)) == list(booster.predict(features))


def test_logged_models_are_found_by_how_they_stand(client):
    made = {name: mlflow.initialize_logged_model(name=name) for name in ("good", "bad", "open")}
    mlflow.finalize_logged_model(made["good"].model_id, "READY")
    mlflow.finalize_logged_model(made["bad"].model_id, "FAILED")
    for status, name in (("READY", "good"), ("FAILED", "bad"), ("PENDING", "open")):
        (found,) = mlflow.search_logged_models(
            filter_string=f"status = '{status}'", output_format="list"
        )
        assert (found.name, str(found.status)) == (name, status)


def test_the_registry(client):
    client.create_registered_model("churn", tags={"a": "b"}, description="who leaves")
    with pytest.raises(MlflowException) as caught:
        client.create_registered_model("churn")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    for name in ("a/b", "a:1", ".", "..", "", "x" * 501):
        with pytest.raises(MlflowException) as caught:
            client.create_registered_model(name)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE", name
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: client.create_model_version("churn", "s3://b/m"), range(16))
    assert sorted(int(version.version) for version in made) == list(range(1, 17))
    client.delete_model_version("churn", "16")
    assert client.create_model_version("churn", "s3://b/m").version == "17"
    client.transition_model_version_stage("churn", "1", "Production")
    client.transition_model_version_stage(
        "churn", "2", "production", archive_existing_versions=True
    )
    assert client.get_model_version("churn", "1").current_stage == "Archived"
    latest = {item.current_stage: item.version for item in client.get_latest_versions("churn")}
    assert latest == {"None": "17", "Production": "2", "Archived": "1"}
    client.set_registered_model_alias("churn", "best", "3")
    assert client.get_model_version_by_alias("churn", "best").version == "3"
    assert client.get_registered_model("churn").aliases == {"best": "3"}
    client.delete_registered_model_alias("churn", "best")
    with pytest.raises(MlflowException, match="alias best not found"):
        client.get_model_version_by_alias("churn", "best")
    client.set_model_version_tag("churn", "4", "k", "v")
    found = client.search_model_versions("tags.k = 'v' and version_number > 2")
    assert [item.version for item in found] == ["4"]
    for _ in range(2):  # what is gone already is no error for MLflow's clients
        client.delete_model_version_tag("churn", "4", "k")
        client.delete_registered_model_tag("churn", "never set")
    assert client.get_model_version("churn", "4").tags == {}
    client.rename_registered_model("churn", "leavers")
    assert [model.name for model in client.search_registered_models("tags.a = 'b'")] == ["leavers"]
    assert client.get_model_version_download_uri("leavers", "4") == "s3://b/m"
    client.delete_registered_model("leavers")
    assert client.search_registered_models() == []


def test_traces_with_their_spans_and_assessments(client):
    @mlflow.trace(span_type="LLM")
    def answer(question: str) -> str:
        with mlflow.start_span("inner") as span:
            span.set_inputs({"q": question})
            span.set_attribute("tokens", 5)
            span.add_event(SpanEvent("cache", attributes={"why": f"missed {question}"}))
        return question.upper()

    answer("why")
    answer("how")
    mlflow.flush_trace_async_logging()
    # Both may have begun in one millisecond.
    found = sorted(
        mlflow.search_traces(return_type="list"),
        key=lambda trace: json.loads(trace.data.request)["question"],
        reverse=True,
    )
    assert [json.loads(trace.data.request)["question"] for trace in found] == ["why", "how"]
    root, inner = found[0].data.spans
    assert (root.name, root.span_type, root.outputs) == ("answer", "LLM", "WHY")
    assert (inner.parent_id, inner.inputs, inner.attributes["tokens"]) == (
        root.span_id,
        {"q": "why"},
        5,
    )
    trace_id = found[0].info.trace_id
    mlflow.set_trace_tag(trace_id, "k", "v")
    mlflow.set_trace_tag(trace_id, "long", "x" * 9000)
    assert 4096 <= len(mlflow.get_trace(trace_id).info.tags["long"]) < 9000
    feedback = mlflow.log_feedback(trace_id=trace_id, name="right", value=True)
    mlflow.log_feedback(trace_id=trace_id, name="score", value=0.75)
    for filter_string, count in {
        "tags.k = 'v'": 1,
        "tags.k IS NULL": 1,
        "feedback.right = 'true'": 1,
        "feedback.score > 0.7": 1,
        "feedback.score > 0.8": 0,
        "span.name = 'inner'": 2,
        "span.attributes.tokens = '5' AND status = 'OK'": 2,
        "name RLIKE '^ans'": 2,
        "trace.text LIKE '%WHY%'": 1,
        "span.content ILIKE '%CACHE why: missed how%'": 1,
    }.items():
        matched = mlflow.search_traces(filter_string=filter_string, return_type="list")
        assert len(matched) == count, filter_string
    mlflow.delete_assessment(trace_id=trace_id, assessment_id=feedback.assessment_id)
    left = mlflow.get_trace(trace_id).info.assessments
    assert [(item.name, item.value) for item in left] == [("score", 0.75)]
    experiment = found[0].info.experiment_id
    assert client.delete_traces(experiment_id=experiment, trace_ids=[trace_id]) == 1


def test_webhooks_get_signed_events(client, models_server):
    received, arrived = [], threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append((dict(self.headers), body))
            self.send_response(200)
            self.end_headers()
            arrived.set()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        hook = client.create_webhook(
            name="ci",
            url=f"http://127.0.0.1:{server.server_port}/hook",
            events=["registered_model.created", "model_version.created"],
            secret="s3cret",
        )
        assert client.test_webhook(hook.webhook_id).success
        received.clear()
        arrived.clear()
        client.create_registered_model("hooked")
        assert arrived.wait(20)
    finally:
        server.shutdown()
        server.server_close()
    headers, body = received[0]
    assert json.loads(body)["data"]["name"] == "hooked"
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.{body.decode()}"
    digest = hmac.new(b"s3cret", signed.encode(), hashlib.sha256).digest()
    assert headers["x-mlflow-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert "s3cret" not in repr(client.get_webhook(hook.webhook_id))
    ours = httpx.post(
        f"{models_server.url}/api/v1/registry-webhooks",
        headers=models_server.headers(os.environ["MLFLOW_TRACKING_TOKEN"]),
        json={
            "name": "ours",
            "url": "http://127.0.0.1:9/hook",
            "events": [{"entity": "STAGE", "action": "UPDATED"}],
        },
    )
    assert ours.status_code == 201
    prompts = client.create_webhook("prompts", "http://127.0.0.1:9/hook", ["prompt.created"])
    # The client has no name for events of stages, and fails over a webhook that has them alone.
    assert [found.name for found in client.list_webhooks()] == ["ci", "prompts"]
    budget = client.create_webhook("budget", "http://127.0.0.1:9/hook", ["budget_policy.exceeded"])
    assert str(client.get_webhook(budget.webhook_id).events[0].entity) == "budget_policy"
    client.delete_webhook(budget.webhook_id)
    client.delete_webhook(prompts.webhook_id)
    client.delete_webhook(hook.webhook_id)
    assert list(client.list_webhooks()) == []


def test_roles_and_accounts_keep_things_apart(client, models_server, monkeypatch):
    with mlflow.start_run() as run:
        mlflow.log_text("secret", "notes.txt")
    client.create_registered_model("private")
    other = models_server.new_account(f"other-{time.time_ns()}")
    stranger = models_server.new_key([Scope.ADMIN], other)[1]
    account = httpx.get(
        f"{models_server.url}/api/2.0/mlflow/runs/get",
        params={"run_id": run.info.run_id},
        headers=models_server.headers(stranger),
    )
    assert account.status_code == 404
    path = run.info.artifact_uri.removeprefix("mlflow-artifacts:/")
    base = f"{models_server.url}/api/2.0/mlflow-artifacts/artifacts"
    headers = models_server.headers(stranger)
    assert httpx.get(f"{base}/{path}/notes.txt", headers=headers).status_code == 404
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", stranger)
    assert client.search_registered_models() == []
    reader = models_server.new_key([Scope.READ], other)[1]
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", reader)
    with pytest.raises(MlflowException) as caught:
        client.create_registered_model("x")
    assert caught.value.error_code == "PERMISSION_DENIED"
