"""The job ``profiler``: tells what the table of features is like, and whether its checks hold.

Rows stay here: what is sent are aggregates, and some rows drawn at random to look at.
"""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import select

import vedette
from vedette.demo.workload import service
from vedette.demo.workload.feature_store import DATASET, FEATURES, features, open_store
from vedette.demo.workload.source import ARCHIVE_DAYS

if TYPE_CHECKING:
    from sqlalchemy import Engine

SERVICE = "profiler"
CHECKS = [
    {"check": "unique", "columns": ["flight_date", "carrier", "flight", "origin"]},
    {"check": "values", "column": "origin", "in": ["EWR", "JFK", "LGA"], "severity": "critical"},
    {"check": "range", "column": "hour", "min": 0, "max": 23, "severity": "critical"},
    {"check": "range", "column": "distance", "min": 50, "max": 6000},
    {"check": "completeness", "column": "temp", "at_least": 0.98},
    # Not all aircraft are in the register: this one does not hold, and has not for long.
    {"check": "completeness", "column": "plane_age", "at_least": 0.95, "severity": "warning"},
]
_KEY = ("flight_date", "carrier", "flight", "origin")
_KEPT_ROWS = 100
_SAMPLE = 2000
_log = logging.getLogger(__name__)


def live_table(engine: Engine) -> pd.DataFrame:
    """Return the features of the live days, as they are now."""
    columns = [features.c[name] for name in dict.fromkeys((*_KEY, *FEATURES))]
    with engine.connect() as connection:
        found = connection.execute(select(*columns).where(features.c.day_number >= ARCHIVE_DAYS))
        return pd.DataFrame(found.mappings().all())


def profile(frame: pd.DataFrame, start: datetime, end: datetime, *, keep_rows: int = 0) -> None:
    """Send the profile of what the table was like from ``start`` to ``end``."""
    vedette.profile(
        frame[list(FEATURES)],
        DATASET,
        start=start,
        end=end,
        keep_rows=keep_rows,
        profile_id=f"{DATASET}/{start.isoformat()}",
        api_key=os.environ["MLFLOW_TRACKING_TOKEN"],
    )


def tell_past(engine: Engine, days: int) -> None:
    """Send profiles of the past days: samples of the same table, as it was always alike."""
    frame, today = live_table(engine), datetime.now(UTC)
    parts = [
        frame[list(FEATURES)].sample(_SAMPLE, random_state=day).assign(at=today - timedelta(day))
        for day in range(1, days + 1)
    ]
    vedette.profile(
        pd.concat(parts),
        DATASET,
        columns=list(FEATURES),
        time_column="at",
        profile_id=f"{DATASET}/history",
        api_key=os.environ["MLFLOW_TRACKING_TOKEN"],
    )


def main(_arguments: list[str]) -> None:
    """Run the job once."""
    service.start(SERVICE, is_job=True)
    with service.job(f"profile {DATASET}", **{"vedette.dataset.name": DATASET}):
        frame, now = live_table(open_store()), datetime.now(UTC)
        profile(frame, now - timedelta(minutes=1), now, keep_rows=_KEPT_ROWS)
        report = vedette.check(
            frame,
            CHECKS,
            raise_on=None,
            dataset=DATASET,
            keep_rows=True,
            api_key=os.environ["MLFLOW_TRACKING_TOKEN"],
        )
        for result in report.violations():
            _log.warning("%s: %s", DATASET, result.description)
