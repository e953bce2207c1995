"""The job ``trainer``: fits a model, registers it, and deploys it once somebody has approved it."""

from __future__ import annotations

import argparse
import logging
import time
from typing import TYPE_CHECKING, Any

import pandas as pd
from opentelemetry import metrics, trace
from sqlalchemy import func, select

from vedette.demo.workload import model as models
from vedette.demo.workload import service, tracking
from vedette.demo.workload.feature_store import CATEGORIES, FEATURES, features, open_store
from vedette.demo.workload.source import ARCHIVE_DAYS

models.limit_threads()

import numpy as np  # noqa: E402 - after the limit on its threads
from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: E402
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Engine

SERVICE = "trainer"
_PARAMETERS = {"max_iter": 60, "l2_regularization": 1.0, "random_state": 0}
_SEARCH = (
    {"learning_rate": 0.08, "max_leaf_nodes": 15},
    {"learning_rate": 0.05, "max_leaf_nodes": 31},
    {"learning_rate": 0.12, "max_leaf_nodes": 7},
    {"learning_rate": 0.08, "max_leaf_nodes": 31},
)
"""Each training tries the next of them."""
_CHALLENGER = {"learning_rate": 0.2, "max_leaf_nodes": 63, "max_iter": 120}
_log = logging.getLogger(__name__)
_tracer = trace.get_tracer("vedette.demo.trainer")
_meter = metrics.get_meter("vedette.demo.trainer")
_quality = _meter.create_gauge("vedette.model.evaluation", "1", "Quality of a model by metric")
_duration = _meter.create_histogram(
    "vedette.model.training.duration",
    "s",
    "Duration of a fit",
    explicit_bucket_boundaries_advisory=service.SECONDS,
)
_rows = _meter.create_gauge("vedette.model.training.rows", "{row}", "Rows a model is fitted on")


def read_training_set(engine: Engine) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Return what to learn from, what to be tested on, and the features to use.

    Learned is from the labelled flights of the archive, tested on those of the days after it; used are
    the features that the newest day has values of.
    """
    newest = select(func.max(features.c.day_number)).scalar_subquery()
    with engine.connect() as connection:
        found = connection.execute(
            select(features.c.day_number, *(features.c[name] for name in (*FEATURES, "delayed")))
            .where(features.c.delayed.is_not(None))
            .order_by(features.c.day_number, features.c.hour, features.c.flight)
        )
        frame = pd.DataFrame(found.mappings().all())
        counts = connection.execute(
            select(*(func.count(features.c[name]).label(name) for name in FEATURES)).where(
                features.c.day_number == newest
            )
        ).one()
    archived = frame.pop("day_number") < ARCHIVE_DAYS
    used = [name for name in FEATURES if getattr(counts, name)]
    return frame[archived], frame[~archived], used


def train(engine: Engine, *, challenger: bool = False, patience: float = 60.0) -> None:
    """Fit, evaluate, register, ask for approval; what is approved is deployed.

    Args:
        engine: the feature store.
        challenger: try a larger model, and leave its request to whoever looks at it.
        patience: seconds that the job waits for the decision.

    """
    attributes = {"vedette.model.name": models.NAME}
    with service.job(f"train {models.NAME}", **attributes) as span:
        with _tracer.start_as_current_span("read training set") as reading:
            known, unseen, used = read_training_set(engine)
            reading.set_attribute("vedette.task.rows.out", len(known) + len(unseen))
        span.set_attribute("vedette.model.features", used)
        dropped = [name for name in FEATURES if name not in used]
        if dropped:
            _log.warning("no values of %s on the newest day: left out", ", ".join(dropped))
        tried = (
            _CHALLENGER if challenger else _SEARCH[max(models.versions(), default=0) % len(_SEARCH)]
        )
        purpose = "challenger" if challenger else "retraining"
        with tracking.training_run(purpose, known[[*used, "delayed"]]) as run_id:
            run = {"vedette.run.id": run_id}
            _log.info(
                "training %s on %d flights with %d features",
                models.NAME, len(known), len(used), extra={**run, "vedette.model.name": models.NAME},
            )  # fmt: skip
            categories = {
                name: {value: code for code, value in enumerate(sorted(known[name].unique()))}
                for name in CATEGORIES
            }
            inputs = _inputs(known, used, categories)
            estimator = _fit(inputs, known["delayed"].to_numpy(), used, _PARAMETERS | tried)
            version = tracking.registered_version(run_id)
            labels = {"vedette.model.name": models.NAME, "vedette.model.version": str(version)}
            span.set_attributes({**labels, **run})
            _rows.set(len(known), labels)
            tests, outcomes = _inputs(unseen, used, categories), unseen["delayed"].to_numpy()
            found = _evaluate(estimator, tests, outcomes, labels)
            tracking.log_quality(found, estimator, tests, outcomes)
        span.set_attributes({f"vedette.model.metric.{k}": v for k, v in found.items()})
        model = models.Model(version, tuple(used), categories, estimator, found)
        request = tracking.ask_for_approval(version, found, purpose)
        if challenger or not tracking.is_approved(request, patience):
            return
        _deploy(model, known, unseen, estimator.predict_proba(tests)[:, 1])


def _deploy(
    model: models.Model, known: pd.DataFrame, unseen: pd.DataFrame, probabilities: NDArray[Any]
) -> None:
    with _tracer.start_as_current_span("deploy model") as span:
        tracking.send_reference(model, unseen, probabilities)
        tracking.send_profile(model, known)
        path = models.save(model)
        tracking.promote(model.version)
        span.set_attribute("file.path", str(path))
        span.set_attribute("file.size", path.stat().st_size)
        _log.info("model version %d is deployed", model.version)


def _inputs(
    frame: pd.DataFrame, used: list[str], categories: dict[str, dict[str, int]]
) -> NDArray[Any]:
    columns = [frame[n].map(categories[n]) if n in CATEGORIES else frame[n] for n in used]
    return np.column_stack([column.to_numpy(dtype=float) for column in columns])


def _fit(
    inputs: NDArray[Any], outcomes: NDArray[Any], used: list[str], parameters: dict[str, Any]
) -> HistGradientBoostingClassifier:
    started = time.perf_counter()
    with _tracer.start_as_current_span("fit", attributes={"vedette.task.rows.in": len(inputs)}):
        is_category = [name in CATEGORIES for name in used]
        estimator = HistGradientBoostingClassifier(categorical_features=is_category, **parameters)
        estimator.fit(inputs, outcomes)
    _duration.record(time.perf_counter() - started, {"vedette.model.name": models.NAME})
    return estimator


def _evaluate(
    estimator: HistGradientBoostingClassifier,
    inputs: NDArray[Any],
    outcomes: NDArray[Any],
    labels: dict[str, str],
) -> dict[str, float]:
    with _tracer.start_as_current_span(
        "evaluate", attributes={"vedette.task.rows.in": len(inputs)}
    ):
        probabilities = estimator.predict_proba(inputs)[:, 1]
        found = {
            "roc_auc": float(roc_auc_score(outcomes, probabilities)),
            "log_loss": float(log_loss(outcomes, probabilities)),
            "brier_score": float(brier_score_loss(outcomes, probabilities)),
            "accuracy": float(((probabilities >= 0.5) == outcomes).mean()),  # noqa: PLR2004 - one half
        }
        for name, value in found.items():
            _quality.set(
                value,
                {
                    **labels,
                    "vedette.dataset.name": "validation",
                    "vedette.evaluation.metric": name,
                },
            )
        summary = ", ".join(f"{name} {value:.3f}" for name, value in found.items())
        _log.info("validation: %s", summary, extra={**labels, **found})
        return found


def main(arguments: list[str]) -> None:
    """Run the job once."""
    parser = argparse.ArgumentParser(prog=SERVICE)
    parser.add_argument("--challenger", action="store_true", help="a larger model, not awaited")
    options = parser.parse_args(arguments)
    service.start(SERVICE, is_job=True)
    train(open_store(), challenger=options.challenger)
