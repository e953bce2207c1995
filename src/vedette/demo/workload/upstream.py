"""The providers of the data: they deliver files into the inbox, and not always good ones."""

from __future__ import annotations

import csv
import json
import logging
import os
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from vedette.demo.workload.faults import Fault
from vedette.demo.workload.source import landing_file

if TYPE_CHECKING:
    from collections.abc import Iterable

INBOX = Path("inbox")
PROVIDER = "departures"
"""The provider's service, as it calls itself in its own account."""
KEY_VARIABLE = "AIRPORTS_API_KEY"
_log = logging.getLogger(__name__)
_TIMEOUT_S = 3.0
_NONSENSE = {"distance": "-1", "hour": "27", "carrier": "??", "arr_delay": "99999", "dest": ""}
_CLOCK_FACE = 12
_LEAST_CORRUPT, _MOST_CORRUPT = 0.15, 0.75


def deliver(
    feed: str, day: str, fault: Fault | None = None, seed: int = 0, *, hours: int = 24
) -> Path:
    """Put one feed's file of ``day`` into the inbox, damaged if ``fault`` is about this feed.

    With ``hours=12`` the provider writes the hours of departure as on the face of a clock.
    """
    INBOX.mkdir(exist_ok=True)
    source, target = landing_file(feed, day), INBOX / f"{feed}-{day}.csv"
    if feed == "flights" and fault is Fault.CORRUPT_ROWS:
        _corrupt_rows(source, target, random.Random(f"{seed}/{day}"))  # noqa: S311 - test data
    elif feed == "flights" and fault is Fault.RENAMED_COLUMN:
        header, rows = _read(source)
        _write(target, ["arrival_delay" if n == "arr_delay" else n for n in header], rows)
    elif feed == "weather" and fault is Fault.WEATHER_WITHOUT_COLUMN:
        header, rows = _read(source)
        lost = header.index("visib")
        kept = [row[:lost] + row[lost + 1 :] for row in rows]
        _write(target, header[:lost] + header[lost + 1 :], kept)
    elif feed == "flights" and hours == _CLOCK_FACE:
        header, rows = _read(source)
        column = header.index("hour")
        for row in rows:
            row[column] = str(int(row[column]) % _CLOCK_FACE or _CLOCK_FACE)
        _write(target, header, rows)
    else:
        shutil.copyfile(source, target)
    return target


def tell_delivered(files: Iterable[Path]) -> None:
    """Have the provider write into its own account what it has delivered."""
    key = os.environ.get(KEY_VARIABLE)
    if not key:
        return
    lines = [
        json.dumps({
            "service": PROVIDER, "level": "info", "message": f"delivered {path.name}",
            "file.name": path.name, "file.size": path.stat().st_size,
        })
        for path in files
    ]  # fmt: skip
    try:
        httpx.post(
            f"{os.environ['VEDETTE_ENDPOINT']}/api/v1/logs",
            content="\n".join(lines),
            headers={
                "authorization": f"Bearer {key}", "content-type": "application/x-ndjson",
            },
            timeout=_TIMEOUT_S,
        ).raise_for_status()  # fmt: skip
    except httpx.HTTPError as error:
        _log.debug("the provider's log is away: %s", error)


def _corrupt_rows(source: Path, target: Path, dice: random.Random) -> None:
    header, rows = _read(source)
    share = dice.uniform(_LEAST_CORRUPT, _MOST_CORRUPT)
    names = sorted(_NONSENSE)
    for row in rows:
        if dice.random() < share:
            name = dice.choice(names)
            row[header.index(name)] = _NONSENSE[name]
    _write(target, header, rows)


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def _write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
