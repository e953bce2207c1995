"""The clean and join tasks: pandas in, pandas out."""

from __future__ import annotations

import logging

import pandas as pd

from vedette.demo.workload.feature_store import FEATURES, WEATHER
from vedette.demo.workload.source import package_folder

KEY = ["flight_date", "carrier", "flight", "origin"]
WEATHER_KEY = ["origin", "month", "day", "hour"]
MADE_OF = {
    **{
        name: [f"valid.flights.{name}"]
        for name in (*KEY, "dest", "weekday", "month", "hour", "distance")
    },
    **{name: [f"inbox.weather.{name}"] for name in WEATHER},
    "plane_age": ["valid.flights.year", "faa.planes.year"],
    "seats": ["faa.planes.seats"],
    "carrier_delay_rate": ["valid.flights.delayed"],
}
"""Each feature, and the columns it is made of."""
LATE_MINUTES = 15
"""A flight is late as the US Department of Transportation counts: 15 minutes or more."""
_WIDE = 1.5
_log = logging.getLogger(__name__)


def clean_flights(flights: pd.DataFrame) -> pd.DataFrame:
    """Return one row a flight with its date, weekday and label (None: never arrived)."""
    date = pd.to_datetime(flights[["year", "month", "day"]])
    cleaned = flights.assign(
        flight_date=date.dt.strftime("%Y-%m-%d"),
        weekday=date.dt.day_of_week,
        delayed=(flights["arr_delay"] >= LATE_MINUTES)
        .astype(float)
        .where(flights["arr_delay"].notna()),
    )
    unique = cleaned.drop_duplicates(KEY)
    if len(unique) < len(cleaned):
        _log.warning("%d duplicate flights dropped", len(cleaned) - len(unique))
    return unique


def clean_weather(weather: pd.DataFrame) -> pd.DataFrame:
    """Return one row an airport and hour; a measure that the feed lacks becomes empty."""
    hourly = weather.reindex(columns=[*WEATHER_KEY, *WEATHER]).drop_duplicates(WEATHER_KEY)
    # An hour without a report takes the one before, but a day never takes yesterday's weather.
    hours = hourly.groupby(["origin", "month", "day"])
    return hourly.assign(**{name: hours[name].ffill() for name in WEATHER})


def join_features(
    schedule: pd.DataFrame,
    weather: pd.DataFrame,
    carrier_delay_rate: dict[str, float],
    weather_key: list[str],
) -> pd.DataFrame:
    """Return the features of each scheduled flight.

    Args:
        schedule: flights as they are known before they leave.
        weather: measures by airport and hour, of this day and those before.
        carrier_delay_rate: share of late flights of each carrier in the last days.
        weather_key: columns that flights and weather are joined on.

    """
    planes = pd.read_csv(package_folder() / "planes.csv", usecols=["tailnum", "year", "seats"])
    planes = planes.rename(columns={"year": "built"})
    # The left side's month, day and hour win where the key does not hold them.
    joined = schedule.merge(weather, how="left", on=weather_key, suffixes=("", "_of_weather"))
    if len(joined) > _WIDE * len(schedule):
        memory = int(joined.memory_usage(deep=True).sum())
        _log.warning(
            "join of flights and weather made %d rows out of %d (%.0f MiB)",
            len(joined),
            len(schedule),
            memory / 2**20,
            extra={"vedette.join.rows": len(joined), "vedette.join.bytes": memory},
        )
    joined = joined.sort_values(KEY).drop_duplicates(KEY)
    joined = joined.merge(planes, how="left", on="tailnum")
    joined = joined.assign(
        plane_age=(joined["year"] - joined["built"]).clip(lower=0),
        carrier_delay_rate=joined["carrier"].map(carrier_delay_rate),
    )
    return joined[[*KEY, *(name for name in FEATURES if name not in KEY)]]
