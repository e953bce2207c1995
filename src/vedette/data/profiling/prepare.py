"""What a source needs before it can be described: names of columns, one time zone."""

from __future__ import annotations

from vedette.data.profiling.databases import in_utc
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.headers import with_columns
from vedette.data.profiling.sources import Source


def prepared(engine: Engine, source: Source) -> Source:
    """Return a source that can be described and read, whose moments are in UTC."""
    return in_utc(engine, with_columns(engine, source))
