"""A CSV file that has a header and no row: its columns are known, their types are not."""

from __future__ import annotations

import csv
from dataclasses import replace

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.columns import quoted
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.sources import Source

_FORMATS = {"'CSVWithNames'": ",", "'TSVWithNames'": "\t"}


def with_columns(engine: Engine, source: Source) -> Source:
    """Return a source that can be described; of a header alone all columns are texts.

    The engine infers types from rows, so it cannot describe a file that has none.
    """
    format_ = next((one for one in _FORMATS if one in source.expression), None)
    if format_ is None:
        return source
    try:
        engine.rows(f"DESCRIBE TABLE {source.expression}", source.parameters)
    except InvalidInputError:
        lines = source.expression.replace(format_, "'LineAsString', 'line String'")
        found = engine.rows(f"SELECT line FROM {lines} LIMIT 2", source.parameters)
        if len(found) != 1 or not (header := found[0][0].strip("\ufeff\r\n")):
            raise
        (names,) = csv.reader([header], delimiter=_FORMATS[format_])
        structure = ", ".join(f"{quoted(name)} Nullable(String)" for name in names)
        return replace(
            source,
            expression=source.expression.replace(format_, f"{format_}, {{structure:String}}"),
            parameters={**source.parameters, "structure": structure},
        )
    return source
