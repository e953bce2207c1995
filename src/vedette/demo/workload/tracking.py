"""What the trainer tells of a training, by the ``mlflow`` client and Vedette's API.

``MLFLOW_TRACKING_URI`` and ``MLFLOW_TRACKING_TOKEN`` say where to, as for any program that uses MLflow.
"""

from __future__ import annotations

import json
import logging
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
from opentelemetry import trace

import vedette
from vedette.demo.workload import model as models
from vedette.demo.workload.feature_store import DATASET, FEATURES

models.limit_threads()

import mlflow  # noqa: E402 - after the limit on threads of what it imports
import mlflow.sklearn  # noqa: E402
import numpy as np  # noqa: E402
from mlflow.data.pandas_dataset import from_pandas  # noqa: E402
from sklearn.metrics import log_loss  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.ensemble import HistGradientBoostingClassifier

EXPERIMENT = "flight-delay"
STAGE, ALIAS = "Production", "champion"
REFERENCE = "validation"
REFERENCE_ROWS = 3000
EXPLAINED_ROWS = 200
"""Of the reference, so many answers are explained."""
_PENDING = "pending"
_POLL_S = 1.0
_CURVE_STEP = 5
_log = logging.getLogger(__name__)
_tracer = trace.get_tracer("vedette.demo.tracking")


@contextmanager
def training_run(purpose: str, frame: pd.DataFrame) -> Iterator[str]:
    """Open an MLflow run that scikit-learn's autolog fills; yields its id.

    Args:
        purpose: why it is trained.
        frame: the training set.

    """
    mlflow.set_experiment(EXPERIMENT)
    mlflow.sklearn.autolog(
        registered_model_name=models.NAME,
        log_datasets=False,
        log_post_training_metrics=False,
        serialization_format="pickle",
        silent=True,
    )
    # A training takes seconds: a sample each, and none waits for others.
    mlflow.set_system_metrics_sampling_interval(1)  # type: ignore[no-untyped-call]
    mlflow.set_system_metrics_samples_before_logging(1)  # type: ignore[no-untyped-call]
    name, tags = (
        f"{purpose} {time.strftime('%H:%M:%S')}",
        {"purpose": purpose, "team": "data-science"},
    )
    with mlflow.start_run(run_name=name, tags=tags, log_system_metrics=True) as run:
        # Its name is that of the table that the pipeline writes: lineage needs no more.
        mlflow.log_input(from_pandas(frame, name=DATASET, targets="delayed"), context="training")
        yield run.info.run_id


def registered_version(run_id: str) -> int:
    """Return the version that autolog registered of a run's model."""
    [version] = mlflow.MlflowClient().search_model_versions(f"run_id = '{run_id}'")
    return int(version.version)


def log_quality(
    found: dict[str, float],
    estimator: HistGradientBoostingClassifier,
    inputs: NDArray[Any],
    outcomes: NDArray[Any],
) -> None:
    """Log the quality on unseen days, and how it came to be from tree to tree."""
    mlflow.log_metrics(found)
    for step, probabilities in enumerate(estimator.staged_predict_proba(inputs), 1):
        if step % _CURVE_STEP == 0:
            mlflow.log_metric("validation_log_loss", float(log_loss(outcomes, probabilities)), step)


def ask_for_approval(version: int, found: dict[str, float], purpose: str) -> str:
    """Ask that a version goes to production; returns the request's id."""
    comment = f"{purpose.capitalize()}: ROC AUC {found['roc_auc']:.3f} on the newest days."
    body = {"model": models.NAME, "version": version, "stage": STAGE, "comment": comment}
    with open_api() as api:
        answer = api.post("/api/v1/approvals", json=body).raise_for_status()
    request: str = answer.json()["id"]
    return request


def is_approved(request: str, patience: float) -> bool:
    """Wait for the decision about a request; False where there is none in time."""
    deadline = time.monotonic() + patience
    with open_api() as api, _tracer.start_as_current_span("wait for approval") as span:
        while True:
            found = api.get(f"/api/v1/approvals/{request}").raise_for_status().json()
            if found["status"] != _PENDING or time.monotonic() > deadline:
                break
            time.sleep(_POLL_S)
        span.set_attribute("vedette.approval.status", found["status"])
    _log.info("version %s: approval is %s", found["version"], found["status"])
    return bool(found["status"] == "approved")


def send_reference(model: models.Model, unseen: pd.DataFrame, probabilities: NDArray[Any]) -> None:
    """Send the validation set with the model's answers: what production is compared with."""
    frame = unseen.assign(probability=probabilities)
    frame = frame.sample(min(REFERENCE_ROWS, len(frame)), random_state=0)
    rows = frame.to_dict("records")
    inputs = np.array([models.encode(row, model.features, model.categories) for row in rows])
    explained = models.explanations(model, inputs[:EXPLAINED_ROWS], inputs, orders=5)
    lines = []
    for number, row in enumerate(rows):
        probability = row["probability"]
        lines.append({
            "model": models.NAME, "version": str(model.version), "reference": REFERENCE,
            "id": f"{REFERENCE}-{model.version}-{number}",
            "features": {name: plain(row[name]) for name in FEATURES},
            "prediction": models.outcome(late=probability >= models.LATE),
            "scores": models.scores(probability),
            "label": models.outcome(late=bool(row["delayed"])),
            "attributions": explained[number] if number < len(explained) else {},
        })  # fmt: skip
    with open_api() as api:
        send_lines(api, "/api/v1/references", lines)


def send_lines(api: httpx.Client, path: str, lines: list[dict[str, Any]]) -> None:
    """Send records as JSON lines."""
    body = "\n".join(json.dumps(line, allow_nan=False) for line in lines)
    answer = api.post(path, content=body, headers={"content-type": "application/x-ndjson"})
    if rejected := answer.raise_for_status().json()["rejected"]:
        _log.error("%d records were rejected: %s", rejected, answer.text[:500])


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a feature is
    """Return a value as JSON has it: nothing for NaN."""
    return None if value != value else value  # noqa: PLR0124 - NaN alone is not itself


def send_profile(model: models.Model, known: pd.DataFrame) -> None:
    """Keep the training set's profile as the baseline of the version."""
    vedette.profile(
        known,
        DATASET,
        baseline=f"model:{models.NAME}/{model.version}",
        api_key=os.environ["MLFLOW_TRACKING_TOKEN"],
    )


def promote(version: int) -> None:
    """Give an approved version the alias, and archive the one before it."""
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(models.NAME, ALIAS, str(version))
    for other in client.search_model_versions(f"name = '{models.NAME}'"):
        if other.current_stage == STAGE and int(other.version) != version:
            client.transition_model_version_stage(models.NAME, other.version, "Archived")


def open_api() -> httpx.Client:
    """Return a client of Vedette's API."""
    return httpx.Client(
        base_url=os.environ["MLFLOW_TRACKING_URI"],
        headers={"authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"},
        timeout=30,
    )
