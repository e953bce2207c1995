"""The job ``trainer``: reads the labelled days, fits a model, writes it as the next version."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics, propagate, trace
from opentelemetry.trace import SpanKind
from sqlalchemy import func, select

from vedette.demo.workload import model as models
from vedette.demo.workload import service
from vedette.demo.workload.feature_store import CATEGORIES, FEATURES, features, open_store

models.limit_threads()

import numpy as np  # noqa: E402 - after the limit on its threads
from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: E402
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Engine

SERVICE = "trainer"
TRAINING_DAYS = 28
_VALIDATION_SHARE = 0.2
_PARAMETERS = {
    "max_iter": 60,
    "learning_rate": 0.08,
    "max_leaf_nodes": 15,
    "l2_regularization": 1.0,
    "random_state": 0,
}
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


def read_training_set(engine: Engine) -> tuple[list[dict[str, Any]], list[str]]:
    """Return labelled flights, oldest first, and the features that the newest day has values of."""
    newest = select(func.max(features.c.day_number)).scalar_subquery()
    with engine.connect() as connection:
        rows = (
            connection.execute(
                select(features)
                .where(features.c.delayed.is_not(None))
                .where(features.c.day_number >= newest - TRAINING_DAYS)
                .order_by(features.c.day_number, features.c.hour, features.c.flight)
            )
            .mappings()
            .all()
        )
        counts = connection.execute(
            select(*(func.count(features.c[name]).label(name) for name in FEATURES)).where(
                features.c.day_number == newest
            )
        ).one()
    return [dict(row) for row in rows], [name for name in FEATURES if getattr(counts, name)]


def train(engine: Engine) -> models.Model:
    """Fit, evaluate on the newest fifth, save; returns the new version."""
    known = models.versions()
    version = known[-1] + 1 if known else 1
    labels = {"vedette.model.name": models.NAME, "vedette.model.version": str(version)}
    # A job that another service started asynchronously: kind CONSUMER, as the tracing API says.
    with _tracer.start_as_current_span(
        f"train {models.NAME}",
        context=propagate.extract({"traceparent": os.environ.get("TRACEPARENT", "")}),
        kind=SpanKind.CONSUMER,
        attributes={**labels, **{f"vedette.model.param.{k}": v for k, v in _PARAMETERS.items()}},
    ) as span:
        with _tracer.start_as_current_span("read training set") as reading:
            rows, used = read_training_set(engine)
            reading.set_attribute("vedette.task.rows.out", len(rows))
        span.set_attribute("vedette.model.features", used)
        dropped = [name for name in FEATURES if name not in used]
        if dropped:
            _log.warning("no values of %s on the newest day: left out", ", ".join(dropped))
        _log.info(
            "training %s version %d on %d flights with %d features",
            models.NAME,
            version,
            len(rows),
            len(used),
            extra=labels,
        )
        categories = {
            name: {value: code for code, value in enumerate(sorted({row[name] for row in rows}))}
            for name in CATEGORIES
        }
        inputs = np.array([models.encode(row, used, categories) for row in rows])
        outcomes = np.array([row["delayed"] for row in rows])
        split = int(len(rows) * (1 - _VALIDATION_SHARE))
        estimator = _fit(inputs[:split], outcomes[:split], used, labels)
        metrics_of_model = _evaluate(estimator, inputs[split:], outcomes[split:], labels)
        model = models.Model(version, tuple(used), categories, estimator, metrics_of_model)
        with _tracer.start_as_current_span("save model") as saving:
            path = models.save(model)
            saving.set_attribute("file.path", str(path))
            saving.set_attribute("file.size", path.stat().st_size)
        span.set_attributes({f"vedette.model.metric.{k}": v for k, v in metrics_of_model.items()})
        return model


def _fit(
    inputs: NDArray[Any], outcomes: NDArray[Any], used: list[str], labels: dict[str, str]
) -> HistGradientBoostingClassifier:
    started = time.perf_counter()
    with _tracer.start_as_current_span("fit", attributes={"vedette.task.rows.in": len(inputs)}):
        is_category = [name in CATEGORIES for name in used]
        estimator = HistGradientBoostingClassifier(categorical_features=is_category, **_PARAMETERS)
        estimator.fit(inputs, outcomes)
    _duration.record(time.perf_counter() - started, {"vedette.model.name": models.NAME})
    _rows.set(len(inputs), labels)
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


def main(_arguments: list[str]) -> None:
    """Run the job once."""
    service.start(SERVICE)
    train(open_store())
