"""The providers of the data: they deliver files into the inbox, and not always good ones."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

from vedette.demo.workload.faults import Fault
from vedette.demo.workload.source import landing_file

INBOX = Path("inbox")
_NONSENSE = {"distance": "-1", "hour": "27", "carrier": "??", "arr_delay": "99999", "dest": ""}
_LEAST_CORRUPT, _MOST_CORRUPT = 0.15, 0.75


def deliver(feed: str, day: str, fault: Fault | None = None, seed: int = 0) -> Path:
    """Put one feed's file of ``day`` into the inbox, damaged if ``fault`` is about this feed."""
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
    else:
        shutil.copyfile(source, target)
    return target


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
