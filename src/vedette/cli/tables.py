"""Columns that tables of several commands have."""

from __future__ import annotations

from rich.table import Column


def whole(title: str, *, width: int = 26) -> Column:
    """Return a column of ids, each shown whole however narrow the terminal is: the next command takes it.

    Args:
        title: of the column.
        width: characters of an id.

    """
    return Column(title, no_wrap=True, min_width=width)
