"""What a source needs before it can be described: names of columns, moments that can be trusted."""

from __future__ import annotations

from vedette.data.profiling.databases import Range, moments_of_mysql
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.headers import with_columns
from vedette.data.profiling.sources import Source


def prepared(engine: Engine, source: Source, within: Range | None = None) -> Source:
    """Return a source that can be described and read, whose moments are in UTC.

    Args:
        engine: reads it.
        source: what ``source_of`` returned.
        within: the rows that will be read, where they are known.

    """
    return moments_of_mysql(engine, with_columns(engine, source), within)
