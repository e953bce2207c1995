"""An Iceberg table on disk, written by PyIceberg, is profiled as it is now: columns renamed, rows deleted."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table
from pyiceberg.types import DoubleType

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
MOMENT = pa.timestamp("us", "UTC")


@pytest.fixture
def orders(tmp_path: Path) -> Table:
    """Three rows, two of them twice."""
    catalog = SqlCatalog(
        "tests", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}"
    )
    catalog.create_namespace("shop")
    rows = pa.table({
        "id": pa.array([1, 2, 3], pa.int64()),
        "at": pa.array([MIDNIGHT + timedelta(hours=n) for n in range(3)], MOMENT),
        "country": ["DE", "FR", None],
    })  # fmt: skip
    table = catalog.create_table("shop.orders", schema=rows.schema)
    table.append(rows)
    table.append(rows.slice(0, 2))
    return table


def profiled(source: str, here: Path) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "vedette", "profile", source, "--json"],
        capture_output=True, text=True, check=False, cwd=here, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {column["name"]: column for column in json.loads(done.stdout)["columns"]}


def test_a_table_is_profiled_wherever_the_process_stands(orders: Table, tmp_path: Path) -> None:
    folder = orders.location().removeprefix("file://")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    # By its folder alone, too: what is in it says that it is Iceberg's.
    for source, here in ((f"iceberg:{folder}", elsewhere), (folder, Path(folder).parent)):
        found = profiled(source, here)
        assert {name: one["rows"] for name, one in found.items()} == {
            "id": 5, "at": 5, "country": 5,
        }  # fmt: skip
        assert (found["id"]["sum"], found["id"]["distinct"]) == (9, 3)
        assert found["at"]["maximum"] == (MIDNIGHT + timedelta(hours=2)).timestamp()
        assert found["country"]["missing"] == 1


def test_changes_of_schema_and_rows_are_seen(orders: Table, tmp_path: Path) -> None:
    with orders.update_schema() as changes:
        changes.add_column("amount", DoubleType())
        changes.rename_column("country", "land")
    late = {"id": [7], "at": pa.array([None], MOMENT), "land": ["IT"], "amount": [2.5]}
    orders.append(pa.table(late))
    orders.delete("id = 2")
    found = profiled(f"iceberg:{orders.location().removeprefix('file://')}", tmp_path)
    assert {name: (one["rows"], one["missing"]) for name, one in found.items()} == {
        "id": (4, 0), "at": (4, 1), "land": (4, 1), "amount": (4, 3),
    }  # fmt: skip
    assert found["id"]["sum"] == 1 + 1 + 3 + 7
    assert {one["value"]: one["count"] for one in found["land"]["top_values"]} == {"DE": 2, "IT": 1}
