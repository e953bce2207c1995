"""Polars frames, of what Arrow has no type for, too; skipped where Polars is not installed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.sources import source_of

pl = pytest.importorskip("polars")


def test_a_frame(profiled: Any) -> None:
    frame = pl.DataFrame({
        "x": [1.0, math.inf, -math.inf, math.nan, None], "none": [None] * 5,
        "text": ["a", "", None, "a", "\u00fc"],
    }).with_columns(
        pl.Series("wide", [2**100] * 5, dtype=pl.Int128),
        pl.Series("kind", ["lo", "hi", "lo", None, "lo"], dtype=pl.Enum(["lo", "hi"])),
    )  # fmt: skip
    for data in (frame, frame.lazy()):
        found = profiled(data)
        assert (found["x"].missing, found["x"].infinite, found["x"].mean) == (2, 2, 1.0)
        assert found["none"].missing == 5
        assert found["wide"].minimum == float(2**100)
        assert found["text"].values.counts == {"a": 2, "": 1, "\u00fc": 1}
        assert found["kind"].values.counts == {"lo": 3, "hi": 1}
    assert {column.rows for column in profiled(frame.head(0)).values()} == {0}


def test_what_cannot_be_read_is_told() -> None:
    with pytest.raises(InvalidInputError, match="o holds Python objects"):
        source_of(pl.DataFrame({"o": [object()]}))
    with pytest.raises(InvalidInputError, match="more than 38 digits"):
        source_of(pl.DataFrame({"i": pl.Series([2**127 - 1], dtype=pl.Int128)}))
    with pytest.raises(InvalidInputError, match="Series is not data"):
        source_of(pl.Series([1]))
