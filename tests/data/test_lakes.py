"""A Delta table is read wherever the process stands, by a process of its own that stands in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.data.profiling.lakes import LakeReader, reads_lake
from vedette.data.profiling.sources import source_of

SCHEMA = {
    "type": "struct",
    "fields": [{"name": "x", "type": "long", "nullable": True, "metadata": {}}],
}


def delta(folder: Path, *values: list[int | None]) -> Path:
    """Write a table of one column, a file for each list of values."""
    log = folder / "_delta_log"
    log.mkdir(parents=True)
    actions: list[dict[str, Any]] = [
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {"metaData": {
            "id": "a", "format": {"provider": "parquet", "options": {}}, "configuration": {},
            "schemaString": json.dumps(SCHEMA), "partitionColumns": [], "createdTime": 0,
        }},
    ]  # fmt: skip
    for number, part in enumerate(values):
        file = folder / f"{number}.parquet"
        pq.write_table(pa.table({"x": pa.array(part, pa.int64())}), file)
        actions.append({"add": {
            "path": file.name, "partitionValues": {}, "size": file.stat().st_size,
            "modificationTime": 0, "dataChange": True,
        }})  # fmt: skip
    (log / f"{0:020}.json").write_text("\n".join(map(json.dumps, actions)))
    return folder


def test_a_table_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(str(delta(tmp_path / "a b" / "t", [1, 2], [3, None])))
    sql = f"SELECT count(), sum(x) FROM {source.expression}"
    assert reads_lake(sql, source.parameters)
    before = Path.cwd()
    reader = LakeReader(source.parameters["source"], 1 << 30)
    try:
        assert reader.rows(sql, source.parameters) == [[4, 6]]
        with pytest.raises(InvalidInputError, match=r"y.*") as told:
            reader.rows(f"SELECT y FROM {source.expression}", source.parameters)
        assert told.value.field == "source"
        reader._process.kill()
        with pytest.raises(UnavailableError, match="ended"):
            reader.rows(sql, source.parameters)
    finally:
        reader.close()
    assert Path.cwd() == before
    monkeypatch.chdir(tmp_path / "a b" / "t")
    assert not reads_lake(sql, source.parameters)


def test_a_table_is_profiled(tmp_path: Path) -> None:
    folder = delta(tmp_path / "t", [1, 2], [3, None])
    for source in (f"delta:{folder}", str(folder)):
        done = subprocess.run(
            [sys.executable, "-m", "vedette", "profile", source, "--json"],
            capture_output=True, text=True, check=False, cwd="/", timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (column,) = json.loads(done.stdout)["columns"]
        assert (column["rows"], column["missing"], column["sum"]) == (4, 1, 6)


def test_what_is_no_lake(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="there is no folder") as told:
        source_of(f"iceberg:{tmp_path}/none")
    assert "folder of the table" in (told.value.remedy or "")
    assert not reads_lake("SELECT 1 FROM file({source:String})", {"source": "/a.parquet"})
    assert source_of(f"iceberg:{tmp_path}").expression == "icebergLocal({source:String})"
    assert source_of("delta:s3://lake/t").parameters["source"].endswith("lake.s3.amazonaws.com/t")
