"""Some rows of a source, for people to look at: kept only where the one who profiles asks for it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.columns import Column, Kind, quoted
from vedette.data.profiling.compute import Windows
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.run import describe
from vedette.data.profiling.sources import Source

MAX_KEPT = 1000
"""Rows that one profile may keep, over all its windows."""
MAX_COLUMNS = 500
_VALUE = 500
_EXACT = 2**53


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row as people see it; ``start`` and ``end`` of its window, None where there is one window."""

    row: Mapping[str, Any]
    start: datetime | None = None
    end: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API takes it."""
        found: dict[str, Any] = {"row": dict(self.row)}
        if self.start and self.end:
            found |= {"start": self.start.isoformat(), "end": self.end.isoformat()}
        return found


def keep_rows(
    engine: Engine,
    source: Source,
    count: int,
    *,
    columns: Sequence[str] | None = None,
    windows: Windows | None = None,
) -> list[KeptRow]:
    """Return rows drawn at random: up to ``count`` of each window, 1,000 in all.

    Only the first 500 columns are kept, and 500 characters of a value. It reads the source once.

    Raises:
        InvalidInputError: more rows are asked for, or windows are made by count.

    """
    if not 0 < count <= MAX_KEPT:
        raise InvalidInputError(
            f"{count} rows are not what can be kept",
            field="keep_rows",
            remedy=f"keep 1 to {MAX_KEPT}",
        )
    if windows and windows.rows:
        raise InvalidInputError(
            "rows of windows by count are not kept",
            field="keep_rows",
            remedy="use windows of time, or keep no rows",
        )
    chosen = describe(engine, source, columns)[:MAX_COLUMNS]
    texts = ", ".join(map(_text, chosen))
    start = "0."
    if windows:
        time = f"toUnixTimestamp64Micro(toDateTime64({quoted(windows.column)}, 6, 'UTC')) / 1e6"
        start = f"floor({time} / {windows.seconds}) * {windows.seconds}"
    where = f" WHERE isNotNull({quoted(windows.column)})" if windows else ""
    rows = engine.rows(
        f"SELECT {start} AS vedette_start, [{texts}] FROM {source.expression}{where} "
        f"ORDER BY rand() LIMIT {count} BY vedette_start LIMIT {MAX_KEPT}",
        source.parameters,
        source.frame,
    )
    return [_kept(chosen, row, windows) for row in rows]


def _text(column: Column) -> str:
    text = f"leftUTF8(toValidUTF8(toString({column.quoted})), {_VALUE})"
    return f"CAST({text}, 'Nullable(String)')"


def _kept(columns: Sequence[Column], row: Sequence[Any], windows: Windows | None) -> KeptRow:
    values = {
        column.name: _value(column, text) for column, text in zip(columns, row[1], strict=True)
    }
    if windows is None:
        return KeptRow(values)
    start = datetime.fromtimestamp(row[0], UTC)
    return KeptRow(values, start, datetime.fromtimestamp(row[0] + windows.seconds, UTC))


def _value(column: Column, text: str | None) -> str | int | float | bool | None:
    """Return a value of JSON; an infinity or NaN, which JSON lacks, stays text."""
    if text is None:
        return None
    if column.kind is Kind.BOOLEAN:
        return text == "true"
    if column.kind is Kind.NUMERIC:
        number = float(text)
        if not math.isfinite(number):
            return text
        return int(text) if column.integer_bits and abs(number) < _EXACT else number
    return text
