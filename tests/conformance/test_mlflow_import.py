"""What an MLflow server has comes over; a Vedette of its own stands for that server."""

from __future__ import annotations

import os

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression

from support.mlflow_client import client_of
from support.server import Server
from vedette.cli.import_mlflow import import_mlflow
from vedette.cli.mlflow_api import MlflowApi, MlflowError
from vedette.cli.mlflow_transfer import Transfer
from vedette.store.catalog import Scope


@pytest.fixture(scope="module")
def models_server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("source") / "data", otlp_grpc_port=-1) as running:
        yield running


@pytest.fixture
def client(models_server, monkeypatch, request):
    key = models_server.new_key(
        [Scope.WRITE], models_server.new_account(request.node.name.replace("_", "-")[:40])
    )[1]
    with client_of(models_server.url, key, monkeypatch) as told:
        mlflow.set_experiment("experiment / ünï")
        yield told


def test_an_import_brings_everything_over_once(client, models_server, tenant, monkeypatch):
    with mlflow.start_run(run_name="kept") as run:
        mlflow.log_param("depth", 3)
        for step in range(7):
            mlflow.log_metric("loss", step / 7, step=step)
        mlflow.log_text("hello", "folder/50 % ü.txt")
        rows = mlflow.data.from_pandas(pd.DataFrame({"x": [1]}), name="rows", source="s3://b/k")
        mlflow.log_input(rows, context="training")
        logged = mlflow.sklearn.log_model(
            LinearRegression().fit([[0], [1]], [0, 1]),
            name="line",
            serialization_format="cloudpickle",
        )
        mlflow.log_metric("mse", 0.5, step=3, model_id=logged.model_id, dataset=rows)
    client.create_registered_model("imported")
    own = f"{run.info.artifact_uri}/model"
    for source, model_id in ((own, None), (logged.model_uri, logged.model_id), ("s3://b/m", None)):
        client.create_model_version("imported", source, run.info.run_id, model_id=model_id)
    client.delete_model_version("imported", "3")
    client.create_model_version("imported", "s3://b/m4")
    client.set_registered_model_alias("imported", "best", "2")
    client.transition_model_version_stage("imported", "4", "Staging")
    mlflow.genai.register_prompt("greet", "Hello {{name}}", tags={"k": "v"})
    source = MlflowApi(models_server.url, os.environ["MLFLOW_TRACKING_TOKEN"])
    target = MlflowApi(tenant.server.url, tenant.key)
    # There other experiments come first, so that folders have other numbers.
    target.call("POST", "experiments/create", name="one before")
    for runs, points, models, versions in ((1, 8, 1, 4), (0, 0, 0, 0)):
        transfer = Transfer(source, target, lambda _: None, with_artifacts=True)
        import_mlflow(transfer)
        counts = [transfer.counts[one] for one in ("runs", "points", "logged models", "versions")]
        assert counts == [runs, points, models, versions]
        assert transfer.problems == []
    there = MlflowClient(tenant.server.url, tenant.server.url)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", tenant.key)
    found = there.get_run(run.info.run_id)
    assert (found.info.run_name, found.info.status) == ("kept", "FINISHED")
    assert found.info.end_time >= found.info.start_time
    assert found.data.params == {"depth": "3"}
    history = there.get_metric_history(run.info.run_id, "loss")
    assert [point.value for point in history] == [step / 7 for step in range(7)]
    path = found.info.artifact_uri.removeprefix("mlflow-artifacts:/")
    assert b"".join(target.download(f"{path}/folder/50 % ü.txt")) == b"hello"
    assert [one.dataset.name for one in found.inputs.dataset_inputs] == ["rows"]
    assert [one.model_id for one in found.outputs.model_outputs] == [logged.model_id]
    mlflow.set_registry_uri(tenant.server.url)
    mlflow.set_tracking_uri(tenant.server.url)
    model = there.get_logged_model(logged.model_id)
    assert (model.name, model.status, model.source_run_id) == ("line", "READY", run.info.run_id)
    measured = [(one.key, one.value, one.step, one.dataset_name) for one in model.metrics]
    assert ("mse", 0.5, 3, "rows") in measured
    best = there.get_model_version_by_alias("imported", "best")
    assert (best.run_id, best.source) == (run.info.run_id, logged.model_uri)
    assert mlflow.sklearn.load_model("models:/imported@best").predict([[3]])[0] == pytest.approx(3)
    versions = {v.tags["vedette.import.version"]: v for v in there.search_model_versions()}
    assert versions["1"].source == f"{found.info.artifact_uri}/model"
    assert versions["1"].source != own
    assert {number: v.current_stage for number, v in versions.items() if v.name == "imported"} == {
        "1": "None", "2": "None", "4": "Staging"
    }  # fmt: skip
    assert mlflow.genai.load_prompt("prompts:/greet/1").format(name="Ann") == "Hello Ann"


def test_an_import_goes_on_after_what_is_refused(client, models_server, tenant, monkeypatch):
    with mlflow.start_run(run_name="odd") as run:
        mlflow.log_params({"good": 1, "odd": 2})
        mlflow.log_text("hello", "odd.txt")
        mlflow.log_text("hello", "good.txt")
    source = MlflowApi(models_server.url, os.environ["MLFLOW_TRACKING_TOKEN"])
    target = MlflowApi(tenant.server.url, tenant.key)
    call, upload, status = target.call, target.upload, [503]

    def refusing_call(method, path, **body):
        if any(text["key"] == "odd" for text in body.get("params", ())):
            raise MlflowError("odd", 400)
        return call(method, path, **body)

    def refusing_upload(path, content):
        if path.endswith("odd.txt"):
            raise MlflowError("odd", status[0])
        upload(path, content)

    monkeypatch.setattr(target, "call", refusing_call)
    monkeypatch.setattr(target, "upload", refusing_upload)
    with pytest.raises(MlflowError):  # what may pass ends it, and it is repeated
        import_mlflow(Transfer(source, target, lambda _: None, with_artifacts=True))
    assert call("GET", "runs/get", run_id=run.info.run_id)["run"]["info"]["status"] == "RUNNING"
    status[0] = 400
    transfer = Transfer(source, target, lambda _: None, with_artifacts=True)
    import_mlflow(transfer)
    assert transfer.problems == [
        "one of the params of run odd, 'odd': odd",
        "a file of run odd: odd",
    ]
    found = call("GET", "runs/get", run_id=run.info.run_id)["run"]
    assert found["info"]["status"] == "FINISHED"
    assert found["data"]["params"] == [{"key": "good", "value": "1"}]
    folder = found["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    assert list(target.artifacts(folder)) == [f"{folder}/good.txt"]
