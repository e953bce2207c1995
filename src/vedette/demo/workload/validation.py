"""The validate task: a file's columns, then each row against rules; bad rows are set aside."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from opentelemetry import metrics

from vedette.core.errors import InvalidInputError
from vedette.demo.workload.feature_store import WEATHER
from vedette.demo.workload.source import package_folder

if TYPE_CHECKING:
    from collections.abc import Callable

QUARANTINE = Path("quarantine")
_KEPT_FILES = 20
_MOST_REJECTED = 0.5
_log = logging.getLogger(__name__)
_rejected = metrics.get_meter("vedette.demo.validation").create_counter(
    "vedette.validation.rejected", "{row}", "Rows that broke a rule"
)

FLIGHT_COLUMNS = (
    "year",
    "month",
    "day",
    "hour",
    "carrier",
    "flight",
    "tailnum",
    "origin",
    "dest",
    "distance",
    "arr_delay",
)
WEATHER_COLUMNS = ("origin", "year", "month", "day", "hour")
ORIGINS = ("EWR", "JFK", "LGA")


class SchemaError(InvalidInputError):
    """A file lacks columns that the pipeline needs."""

    code = "schema"


class BatchRejectedError(InvalidInputError):
    """So many rows are bad that the rest cannot be trusted."""

    code = "batch_rejected"


def _between(column: str, least: float, most: float) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda frame: frame[column].between(least, most)


_FLIGHT_RULES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "hour_in_range": _between("hour", 0, 23),
    # The shortest of 2013 is EWR to LGA, 17 miles: a typing error that was cancelled.
    "distance_in_range": _between("distance", 50, 6000),
    "origin_known": lambda frame: frame["origin"].isin(ORIGINS),
    "dest_is_code": lambda frame: frame["dest"].fillna("").str.fullmatch("[A-Z]{3}"),
    "carrier_known": lambda frame: frame["carrier"].isin(_carriers()),
    # Empty is right: the flight was cancelled or diverted.
    "delay_in_range": lambda frame: (
        frame["arr_delay"].isna() | frame["arr_delay"].between(-120, 1500)
    ),
}


def _carriers() -> pd.Series:
    return pd.read_csv(package_folder() / "airlines.csv")["carrier"]


def check_weather(weather: pd.DataFrame, file: Path) -> None:
    """Raise ``SchemaError`` where key columns are missing; warn where a measure is."""
    _check_columns(weather, WEATHER_COLUMNS, file)
    missing = [name for name in WEATHER if name not in weather.columns]
    if missing:
        _log.warning(
            "%s has no column %s: left empty",
            file.name,
            ", ".join(missing),
            extra={"vedette.dataset.name": "weather"},
        )


def _check_columns(frame: pd.DataFrame, needed: tuple[str, ...], file: Path) -> None:
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        unknown = [name for name in frame.columns if name not in needed]
        raise SchemaError(
            f"{file.name} has no column {', '.join(missing)}; it has {', '.join(unknown)}",
            field=missing[0],
            remedy="ask the provider whether the column was renamed",
        )


def good_flights(flights: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Return the rows that keep every rule; the others go to the quarantine folder.

    Raises:
        SchemaError: columns are missing.
        BatchRejectedError: more than half of the rows break a rule.

    """
    _check_columns(flights, FLIGHT_COLUMNS, file)
    good = pd.Series(data=True, index=flights.index)
    broken: dict[str, int] = {}
    for rule, holds in _FLIGHT_RULES.items():
        bad = ~holds(flights).astype(bool)
        if count := int(bad.sum()):
            broken[rule] = count
            _rejected.add(count, {"vedette.dataset.name": "flights", "vedette.rule.name": rule})
        good &= ~bad
    rejected = flights[~good]
    if rejected.empty:
        return flights
    share = len(rejected) / len(flights)
    _log.warning(
        "%d of %d rows of %s rejected: %s",
        len(rejected),
        len(flights),
        file.name,
        ", ".join(f"{rule} {count}" for rule, count in broken.items()),
        extra={"vedette.dataset.name": "flights", "vedette.validation.rejected.ratio": share},
    )
    _quarantine(rejected, file)
    if share > _MOST_REJECTED:
        raise BatchRejectedError(
            f"{share:.0%} of the rows of {file.name} break a rule",
            field="flights",
            remedy=f"see the rejected rows in {QUARANTINE / file.name}",
        )
    return flights[good]


def _quarantine(rows: pd.DataFrame, file: Path) -> None:
    QUARANTINE.mkdir(exist_ok=True)
    rows.to_csv(QUARANTINE / file.name, index=False)
    for old in sorted(QUARANTINE.iterdir(), key=lambda path: path.stat().st_mtime)[:-_KEPT_FILES]:
        old.unlink()
