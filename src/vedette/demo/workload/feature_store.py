"""The feature store: one SQLite file, through SQLAlchemy, instrumented by OpenTelemetry.

Writers take turns (SQLite has one write lock); who waits longer than ``LOCK_TIMEOUT_S`` gets
``OperationalError: database is locked``. Readers never wait (WAL).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
)

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

NAME = "feature-store"
DATASET = "flights.features"
"""What lineage, profiles and training runs call the table of features."""
LOCK_TIMEOUT_S = 2.0

CATEGORIES = ("carrier", "origin", "dest")
WEATHER = ("temp", "wind_speed", "precip", "pressure", "visib")
NUMBERS = (
    "weekday",
    "month",
    "hour",
    "distance",
    *WEATHER,
    "plane_age",
    "seats",
    "carrier_delay_rate",
)
FEATURES = (*CATEGORIES, *NUMBERS)
"""What a model is given, in this order."""

metadata = MetaData()

features = Table(
    "features",
    metadata,
    Column("flight_date", String(10), primary_key=True),
    Column("carrier", String(2), primary_key=True),
    Column("flight", Integer, primary_key=True),
    Column("origin", String(3), primary_key=True),
    Column("dest", String(3), nullable=False),
    Column("day_number", Integer, nullable=False, index=True),
    *(Column(name, Float) for name in NUMBERS),
    Column("delayed", Integer),
    Column("arrived_at", Float),
)
"""One row a scheduled flight; ``delayed``, the label, comes a day later (NULL if cancelled)."""

predictions = Table(
    "predictions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("flight_date", String(10), nullable=False),
    Column("carrier", String(2), nullable=False),
    Column("flight", Integer, nullable=False),
    Column("origin", String(3), nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("probability", Float, nullable=False),
    Column("made_at", Float, nullable=False),
    Column("prediction_id", String(32), nullable=False),
    Column("reported", Integer, nullable=False, default=0),
    Index("ix_predictions_flight", "flight_date", "carrier", "flight", "origin"),
)
"""Answers of the model; ``reported`` once the outcome is told."""

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("destination", String(64), nullable=False, index=True),
    Column("headers", JSON, nullable=False),
    Column("body", JSON, nullable=False),
)


def open_store() -> Engine:
    """Open the store of the workload's folder, making its tables on first use."""
    # A relative path, since OpenTelemetry names the database by it; no data in error messages.
    engine = create_engine(
        f"sqlite:///{NAME}", connect_args={"timeout": LOCK_TIMEOUT_S}, hide_parameters=True
    )
    # The instrumentation's declared range of versions lags behind SQLAlchemy's releases.
    SQLAlchemyInstrumentor().instrument(engine=engine, skip_dep_check=True)
    event.listen(engine, "connect", _set_pragmas)
    with suppress_instrumentation():
        metadata.create_all(engine)
    return engine


def _set_pragmas(connection: DBAPIConnection, _record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()
