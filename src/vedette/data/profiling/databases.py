"""Tables of MySQL, whose sessions show moments in the server's time zone: read in UTC."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import available_timezones

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.columns import quoted
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.sources import Source

_ARGUMENTS = "{user:String}, {password:String}"
_ZONED = f"""
SELECT COLUMN_NAME FROM mysql({{address:String}}, 'information_schema', 'COLUMNS', {_ARGUMENTS})
WHERE TABLE_SCHEMA = {{database:String}} AND TABLE_NAME = {{table:String}} AND DATA_TYPE = 'timestamp'
"""
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


def in_utc(engine: Engine, source: Source) -> Source:
    """Return a table of MySQL with its columns of TIMESTAMP in UTC; any other source as it is.

    The engine reads the text that the server's session shows, which is in the server's time zone.

    Raises:
        InvalidInputError: there are such columns, and what the server's zone is cannot be known.

    """
    if not source.expression.startswith("mysql("):
        return source
    columns = [row[0] for row in engine.rows(_ZONED, source.parameters)]
    zone = _zone(engine, source) if columns else "UTC"
    if zone in _UTC:
        return source
    shown = ", ".join(f"{_moved(name, zone)} AS {quoted(name)}" for name in columns)
    return replace(source, expression=f"(SELECT * REPLACE ({shown}) FROM {source.expression})")


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
