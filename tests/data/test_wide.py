"""Very many columns: those that are alike are computed as one, and come out as when they are alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vedette.core.errors import ConflictError
from vedette.data.profiling.compute import Windows
from vedette.data.profiling.engine import Engine, Rows
from vedette.data.profiling.run import profile_source
from vedette.data.profiling.sources import source_of
from vedette.data.profiling.summary import ColumnProfile

COPIES = 24
DAY = pd.Timestamp("2026-03-01", tz="UTC")


def mixed(rows: int = 1500) -> pd.DataFrame:
    """Twelve kinds of columns, so many times that they are folded, and a time and a shop."""
    draw = np.random.default_rng(5)
    found: dict[str, Any] = {"at": DAY + pd.to_timedelta(draw.integers(0, 3 * 86400, rows), "s"),
                             "shop": draw.choice(["a", "b"], rows)}  # fmt: skip
    for copy in range(COPIES):
        gaps = draw.random(rows)
        with_odd = draw.normal(size=rows)
        with_odd[:5] = [np.nan, np.inf, -np.inf, 0.0, -0.0]
        found |= {
            f"small {copy}": draw.integers(0, 7, rows),
            f"`wide'{copy}": draw.normal(copy, 1, rows),
            f"odd{copy}": with_odd,
            f"far{copy}": draw.normal(1e12, 1, rows),
            f"whole{copy}": pd.array(np.where(gaps < 0.1, None, 2**60 + copy), dtype="Int64"),
            f"text{copy}": np.where(gaps < 0.2, None, draw.choice(["x", "yy", "ü"], rows)),
            f"words{copy}": ["some words of a text"] * rows,
            f"key{copy}": [f"{copy}-{n}" for n in range(rows)],
            f"flag{copy}": gaps < 0.5,
            f"day{copy}": pd.to_datetime("2026-01-01") + pd.to_timedelta(gaps * 100, "D"),
            f"none{copy}": np.full(rows, np.nan),
            f"list{copy}": [[1.0, 2.0, float(copy)]] * rows,
        }
    return pd.DataFrame(found)


def same(one: ColumnProfile, other: ColumnProfile) -> None:
    for field in fields(ColumnProfile):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name == "position":
            continue
        if isinstance(left, np.ndarray | float):
            np.testing.assert_allclose(left, right, rtol=1e-9, err_msg=f"{one.name} {field.name}")
        else:
            assert left == right, (one.name, field.name)


def test_columns_are_as_when_they_are_alone(profiled: Any) -> None:
    frame = mixed()
    together = profiled(frame)
    assert list(together) == list(frame.columns)
    chosen = [name for name in frame.columns if name.endswith(("3", "at", "shop"))]
    alone = profiled(frame, columns=chosen)
    for name in chosen:
        same(together[name], alone[name])


def test_windows_and_segments(engine: Engine) -> None:
    frame = mixed()
    options: dict[str, Any] = {"segment_by": ["shop"], "windows": Windows("at", 86400.0)}
    chosen = ["small 7", "text3", "odd23", "list0"]
    together, alone = (
        profile_source(engine, source_of(frame), columns=columns, **options)
        for columns in (None, chosen)
    )
    kept = [state for state in together if state.column.name in chosen]
    order = [(one.segment["shop"], one.start, one.end, one.column.name) for one in kept]
    assert order == [(o.segment["shop"], o.start, o.end, o.column.name) for o in alone]
    assert len(order) == 2 * 3 * len(chosen)
    assert [one.members["rows"] for one in kept] == [one.members["rows"] for one in alone]
    assert [one.members["nulls"] for one in kept] == [one.members["nulls"] for one in alone]


def test_files(profiled: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame({f"c{n}": np.arange(50) % (n + 1) for n in range(1201)})
    frame.to_csv(tmp_path / "wide.csv", index=False)
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "wide.parquet")
    for name in ("wide.csv", "wide.parquet"):
        found = profiled(str(tmp_path / name))
        assert [column.sum for column in found.values()] == list(frame.sum())
    empty = profiled(frame.iloc[:0])
    assert len(empty) == 1201
    assert {column.rows for column in empty.values()} == {0}


class Counting:
    """An engine that counts the statements that read the source's columns."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.computed = engine, 0

    def rows(self, sql: str, parameters: Mapping[str, str], frame: Any = None) -> Rows:
        self.computed += "base64Encode" in sql
        return self._engine.rows(sql, parameters, frame)


def test_a_table_without_rows_is_read_once(engine: Engine, profiled: Any, tmp_path: Path) -> None:
    frame = mixed().iloc[:0].drop(columns=[f"none{copy}" for copy in range(COPIES)])
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, tmp_path / "none.parquet")
    for data in (table, str(tmp_path / "none.parquet")):
        counting = Counting(engine)
        found = profile_source(counting, source_of(data))
        assert counting.computed == 1
        assert [one.column.name for one in found] == list(frame.columns)
        together, alone = profiled(data), profiled(data, columns=["at", "text3", "whole3", "odd5"])
        assert list(together) == list(frame.columns)
        for name, column in alone.items():
            same(together[name], column)
    counting = Counting(engine)
    assert profile_source(counting, source_of(table), segment_by=["shop"]) == []
    assert profile_source(counting, source_of(table), windows=Windows("at", 60.0)) == []
    assert counting.computed == 0


class Growing:
    """An engine whose source has a row more at the second statement of states."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._computed = engine, 0

    def rows(self, sql: str, parameters: Mapping[str, str], frame: Any = None) -> Rows:
        if "vedette_key_0" in sql:
            self._computed += 1
            if self._computed == 2:
                frame = pd.concat([frame, frame.iloc[:1]])
        return self._engine.rows(sql, parameters, frame)


def test_a_source_that_changes_is_told(engine: Engine) -> None:
    frame = pd.DataFrame({f"c{n}": np.arange(20) for n in range(600)})
    with pytest.raises(ConflictError, match="changed while it was read"):
        profile_source(Growing(engine), source_of(frame))


def test_rows_that_come_to_an_empty_source_are_told(engine: Engine) -> None:
    frame = pd.DataFrame({f"c{n}": np.arange(20) for n in range(600)})

    class Late(Counting):
        def rows(self, sql: str, parameters: Mapping[str, str], frame: Any = None) -> Rows:
            return super().rows(sql, parameters, frame if "base64Encode" in sql else frame.iloc[:0])

    with pytest.raises(ConflictError, match="changed while it was read"):
        profile_source(Late(engine), source_of(frame))
