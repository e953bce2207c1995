"""What the pipeline reads from and writes to the feature store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.utils import suppress_instrumentation
from sqlalchemy import bindparam, case, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from vedette.demo.workload.feature_store import NUMBERS, features, predictions

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

RATE_DAYS = 7
PREDICTIONS_KEPT_S = 3600.0
REPLAYED_S = 240.0
"""Predictions older than this may be of an earlier time that the same day was played."""
_ROUND_TRIP_S = 0.006
"""What a statement costs on a database across a network, which a row-by-row load pays a row."""

_INSERT = insert(features)
_UPSERT = _INSERT.on_conflict_do_update(
    index_elements=list(features.primary_key.columns),
    # A day that is played again keeps the outcome that is known of it.
    set_={name: _INSERT.excluded[name] for name in ("dest", "day_number", *NUMBERS)},
)
_LABEL = (
    update(features)
    .where(
        features.c.flight_date == bindparam("on_date"),
        features.c.carrier == bindparam("by_carrier"),
        features.c.flight == bindparam("of_flight"),
        features.c.origin == bindparam("from_origin"),
    )
    .values(delayed=bindparam("label"), arrived_at=bindparam("at"))
)

_SAME_FLIGHT = (
    (predictions.c.flight_date == features.c.flight_date)
    & (predictions.c.carrier == features.c.carrier)
    & (predictions.c.flight == features.c.flight)
    & (predictions.c.origin == features.c.origin)
)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as the database takes them: no NumPy types, None for what is empty."""
    plain = frame.astype(object).where(frame.notna(), None)
    rows: list[dict[str, Any]] = plain.to_dict("records")
    return rows


def newest_day(engine: Engine) -> int | None:
    """Return the number of the newest day in the store, None when it is empty."""
    # Asked before a run has begun: its spans would belong to no trace.
    with suppress_instrumentation(), engine.connect() as connection:
        day: int | None = connection.scalar(select(func.max(features.c.day_number)))
    return day


def carrier_delay_rates(engine: Engine, before_day: int) -> dict[str, float]:
    """Return the share of late flights by carrier over the ``RATE_DAYS`` before a day."""
    statement = (
        select(features.c.carrier, func.avg(features.c.delayed))
        .where(
            features.c.day_number.between(before_day - RATE_DAYS, before_day - 1),
            features.c.delayed.is_not(None),
        )
        .group_by(features.c.carrier)
    )
    with engine.connect() as connection:
        return {carrier: float(rate) for carrier, rate in connection.execute(statement)}


def load(
    engine: Engine,
    new_features: list[dict[str, Any]],
    labels: list[dict[str, Any]],
    *,
    row_by_row: bool,
) -> None:
    """Write features and labels and drop old predictions, all in one transaction."""
    with engine.begin() as connection:
        oldest = time.time() - PREDICTIONS_KEPT_S
        connection.execute(delete(predictions).where(predictions.c.made_at < oldest))
        if row_by_row:
            for row in new_features:
                connection.execute(_UPSERT, row)
                time.sleep(_ROUND_TRIP_S)
        elif new_features:
            connection.execute(_UPSERT, new_features)
        if labels:
            connection.execute(_LABEL, labels)


def label_parameters(flights: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the parameters of the label statement for flights that arrived."""
    arrived = flights[flights["delayed"].notna()]
    columns = ["flight_date", "carrier", "flight", "origin", "delayed"]
    names = ["on_date", "by_carrier", "of_flight", "from_origin", "label"]
    labels = arrived[columns].set_axis(names, axis="columns")
    return records(labels.astype({"label": int}).assign(at=time.time()))


def live_quality(engine: Engine, flight_date: str) -> list[dict[str, Any]]:
    """Compare the predictions for a day with what came of its flights, by model version.

    Returns:
        Rows of ``model_version``, ``count``, ``brier_score`` (mean squared error of the
        probability; Brier 1950) and ``accuracy`` at a threshold of one half.

    """
    outcome, probability = features.c.delayed, predictions.c.probability
    hit = case(((probability >= 0.5) == (outcome == 1), 1.0), else_=0.0)  # noqa: PLR2004 - one half
    statement = (
        select(
            predictions.c.model_version,
            func.count().label("count"),
            func.avg((probability - outcome) * (probability - outcome)).label("brier_score"),
            func.avg(hit).label("accuracy"),
        )
        .join_from(predictions, features, _SAME_FLIGHT)
        .where(
            predictions.c.flight_date == flight_date,
            predictions.c.made_at > time.time() - REPLAYED_S,
            features.c.arrived_at > predictions.c.made_at,
        )
        .group_by(predictions.c.model_version)
    )
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def take_outcomes(engine: Engine, *, older_than: float) -> list[dict[str, Any]]:
    """Return predictions whose flights have arrived and that were not returned before.

    Args:
        engine: the feature store.
        older_than: seconds from a prediction until its outcome is told.

    Returns:
        Rows of ``prediction_id``, ``made_at`` (Unix seconds), ``probability`` and ``delayed``.

    """
    now = time.time()
    due = (
        select(
            predictions.c.id,
            predictions.c.prediction_id,
            predictions.c.made_at,
            predictions.c.probability,
            features.c.delayed,
        )
        .join_from(predictions, features, _SAME_FLIGHT)
        .where(
            predictions.c.reported == 0,
            predictions.c.made_at.between(now - REPLAYED_S, now - older_than),
            features.c.arrived_at > predictions.c.made_at,
        )
    )
    with engine.begin() as connection:
        found = [dict(row) for row in connection.execute(due).mappings()]
        told = [{"row": row.pop("id")} for row in found]
        if told:
            statement = update(predictions).where(predictions.c.id == bindparam("row"))
            connection.execute(statement.values(reported=1), told)
    return found
