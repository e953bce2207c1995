"""Tables of MySQL: their moments are read in UTC, and their zero dates are missing values.

Sessions show moments in the server's time zone; and the engine reads ``0000-00-00``, or a date whose
month or day is zero, as 1970-01-01.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.columns import quoted
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.sources import Source

_ARGUMENTS = "{user:String}, {password:String}"
_MOMENTS = f"""
SELECT COLUMN_NAME, DATA_TYPE
FROM mysql({{address:String}}, 'information_schema', 'COLUMNS', {_ARGUMENTS})
WHERE TABLE_SCHEMA = {{database:String}} AND TABLE_NAME = {{table:String}}
    AND DATA_TYPE IN ('date', 'datetime', 'timestamp')
ORDER BY ORDINAL_POSITION
"""
_QUERY = f"mysql({{address:String}}, {{database:String}}, query({{query:String}}), {_ARGUMENTS})"
"""What MySQL itself answers to a statement; all of it comes, so it is used where it must be."""
_VARIABLES = f"""
SELECT lower(VARIABLE_NAME), VARIABLE_VALUE
FROM mysql({{address:String}}, {{variables_of:String}}, {{variables:String}}, {_ARGUMENTS})
WHERE lower(VARIABLE_NAME) IN ('time_zone', 'system_time_zone')
"""
_PLACES = (
    {"variables_of": "information_schema", "variables": "GLOBAL_VARIABLES"},
    {"variables_of": "performance_schema", "variables": "global_variables"},
)
"""Where MariaDB and MySQL keep their variables."""
_OFFSET = re.compile(r"([+-])(\d{1,2}):(\d\d)")
_UTC = frozenset({"UTC", "GMT", "Etc/UTC", "+00:00", "-00:00"})


@dataclass(frozen=True, slots=True)
class Range:
    """The rows that will be read: those of a time, from ``start`` to ``end`` in Unix seconds."""

    column: str
    start: float
    end: float


def moments_of_mysql(engine: Engine, source: Source, within: Range | None = None) -> Source:
    """Return a table of MySQL whose moments can be trusted; any other source as it is.

    Args:
        engine: reads the table.
        source: any source.
        within: the rows that will be read, so that no others are looked through for zero dates.

    Raises:
        InvalidInputError: there are columns of TIMESTAMP, and the server's zone cannot be known.

    """
    if not source.expression.startswith("mysql("):
        return source
    moments = dict(engine.rows(_MOMENTS, source.parameters))
    source = _with_true_moments(engine, source, moments, within)
    zoned = [name for name, type_ in moments.items() if type_ == "timestamp"]
    zone = _zone(engine, source) if zoned else "UTC"
    if zone in _UTC:
        return source
    shown = ", ".join(f"{_moved(name, zone)} AS {quoted(name)}" for name in zoned)
    return replace(source, expression=f"(SELECT * REPLACE ({shown}) FROM {source.expression})")


def _with_true_moments(
    engine: Engine, source: Source, moments: Mapping[str, str], within: Range | None
) -> Source:
    """Return the table with zero dates as NULL: as it is where it has none, so that indexes serve.

    The engine takes moments of TIMESTAMP that the server shows before 1970 for its first second.
    """
    if not moments:
        return source
    table = f"{_of_mysql(source.parameters['database'])}.{_of_mysql(source.parameters['table'])}"
    place = f"{table}{_where(within) if within and within.column in moments else ''}"
    conditions = [c for name in moments for c in (_is_zero(name), _is_early(name, moments[name]))]
    counted = ", ".join(
        f"COUNT(CASE WHEN {condition} THEN 1 END) AS count_{index}"
        for index, condition in enumerate(conditions)
    )
    asked = {**source.parameters, "query": f"SELECT {counted} FROM {place}"}
    (row,) = engine.rows(f"SELECT * FROM {_QUERY}", asked)
    zeros = dict(zip(moments, map(int, row[::2]), strict=True))
    early = dict(zip(moments, map(int, row[1::2]), strict=True))
    if not any(zeros.values()) and not any(early.values()):
        return source
    every = engine.rows(f"DESCRIBE TABLE {source.expression}", source.parameters)
    shown = ", ".join(
        _right(name, moments[name]) if zeros.get(name) or early.get(name) else _of_mysql(name)
        for name, *_ in every
    )
    return replace(
        source,
        expression=_QUERY,
        parameters={**source.parameters, "query": f"SELECT {shown} FROM {place}"},
        notes=(*source.notes, *(_told(name, count) for name, count in zeros.items() if count)),
    )


def _where(within: Range) -> str:
    """Return the condition of a time, with a day more on either side: MySQL has it in its own zone."""
    day = timedelta(days=1)
    first = datetime.fromtimestamp(within.start, UTC) - day
    last = datetime.fromtimestamp(within.end, UTC) + day
    name, shown = _of_mysql(within.column), "%Y-%m-%d %H:%M:%S"
    return f" WHERE {name} >= '{first:{shown}}' AND {name} < '{last:{shown}}'"


def _right(name: str, type_: str) -> str:
    column = _of_mysql(name)
    moment = f"CAST({column} AS DATETIME(6))" if type_ == "timestamp" else column
    return f"CASE WHEN {_is_zero(name)} THEN NULL ELSE {moment} END AS {column}"


def _is_zero(name: str) -> str:
    column = _of_mysql(name)
    return f"MONTH({column}) = 0 OR DAYOFMONTH({column}) = 0"


def _is_early(name: str, type_: str) -> str:
    return f"{_of_mysql(name)} < '1970-01-02'" if type_ == "timestamp" else "FALSE"


def _of_mysql(name: str) -> str:
    """Return a name as an identifier of MySQL, which has no other escape in it."""
    return "`" + name.replace("`", "``") + "`"


def _told(name: str, count: int) -> str:
    dates = "date" if count == 1 else "dates"
    return (
        f"{name} has {count:,} {dates} whose month or day is zero, such as 0000-00-00: "
        "taken as missing"
    )


def _zone(engine: Engine, source: Source) -> str:
    found: dict[str, str] = {}
    for place in _PLACES:
        try:
            rows = engine.rows(_VARIABLES, {**source.parameters, **place})
        except InvalidInputError:
            continue
        found = dict(rows)
        break
    zone = found.get("time_zone", "")
    return found.get("system_time_zone", "") if zone == "SYSTEM" else zone


def _moved(name: str, zone: str) -> str:
    column = quoted(name)
    if offset := _OFFSET.fullmatch(zone):
        sign, hours, minutes = offset.groups()
        seconds = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "+" else 1)
        return f"addSeconds({column}, {seconds})"
    if zone in available_timezones():
        return f"toTimeZone(toDateTime64(toString({column}), 6, '{zone}'), 'UTC')"
    raise InvalidInputError(
        f"the server shows {name} in its time zone, {zone or 'which it does not tell'}",
        field="source",
        remedy="set the server's time_zone to an offset such as '+00:00', or to a zone's name",
    )
