"""Profiles and drift beside Evidently, NannyML and whylogs, on the same data in one run.

    python benchmarks/profiles.py [--rows 1000000] [--peers /tmp/venvs] [--parquet-rows 100000000]

Peers run in environments of their own (``PEERS/evidently/bin/python`` and so on); one that is not there
is left out. For each: ``python -m venv PEERS/evidently``, then its ``pip install evidently 'pandas<3' pyarrow``
(Evidently 0.7.23 does not import with pandas 3), ``nannyml statsmodels pyarrow``, or ``whylogs 'pandas<3'
'pyarrow<18' 'numpy<2'``. Each runs in a process of its own on the same Parquet files, which are read before its clock
starts; prints seconds, CPU seconds, peak memory and ratios
(on a busy machine, look at those of CPU seconds).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd

SOURCE = Path(__file__).parents[1] / "src"
MEASURE = """
import json, resource, sys, time, warnings
warnings.filterwarnings("ignore")
import pandas as pd
reference, current = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2])
{imports}
started, worked = time.perf_counter(), time.process_time()
{work}
seconds, cpu = time.perf_counter() - started, time.process_time() - worked
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print("RESULT" + json.dumps([seconds, peak, cpu]))
"""
VEDETTE = (
    "import vedette, vedette.sdk.data",
    "report = vedette.drift(reference, current)\nassert report.report.compared == 50",
)
_NANNYML = (
    "calc = nannyml.UnivariateDriftCalculator("
    "column_names=list(reference.columns), chunk_number={chunks}{more})\n"
    "calc.fit(reference)\ncalc.calculate(current).to_df()"
)
PEERS = {
    "evidently": (
        "from evidently import Dataset, Report\nfrom evidently.presets import DataDriftPreset",
        "Report([DataDriftPreset()]).run(Dataset.from_pandas(current), Dataset.from_pandas(reference)).dict()",
        10,
        "profile + drift against Evidently's DataDriftPreset",
    ),
    "nannyml": (
        "import nannyml",
        _NANNYML.format(chunks=10, more=""),
        5,
        "profile + drift against NannyML's univariate run, its one default measure, its 10 chunks",
    ),
    "nannyml one chunk": (
        "import nannyml",
        _NANNYML.format(chunks=1, more=""),
        5,
        "the same, one window against one, as here",
    ),
    "nannyml all": (
        "import nannyml",
        _NANNYML.format(
            chunks=10,
            more=", continuous_methods=['jensen_shannon', 'kolmogorov_smirnov', 'wasserstein', 'hellinger'], "
            "categorical_methods=['chi2', 'jensen_shannon', 'l_infinity', 'hellinger']",
        ),
        5,
        "the same with all its measures, which here are in every comparison",
    ),
    "whylogs": (
        "import whylogs",
        "whylogs.log(reference).view().to_pandas()\nwhylogs.log(current).view().to_pandas()",
        5,
        "profile + drift against whylogs' profiles alone",
    ),
}
PARQUET = """
import json, resource, sys, time
import vedette, vedette.sdk.data
started = time.perf_counter()
found = vedette.profile(sys.argv[1], memory_bytes=1 << 30)
seconds = time.perf_counter() - started
print("RESULT" + json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, found.rows]))
"""
MERGE = """
import json, sys, tempfile, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from vedette.core.settings import Settings
from vedette.core.time import TimeRange
from vedette.data.profiles import Profiles, Selection
from vedette.query import QueryRunner
from vedette.store.warehouse import open_warehouse
from vedette.data.profiling.columns import Column, Kind
from vedette.data.profiling.states import MEMBERS, STATE_TYPES, expressions
from vedette.data.profile_rows import NewProfile
from vedette.data.profiling.run import ColumnStates
windows = int(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    settings = Settings(data_dir=Path(folder), query_max_rows=1_000_000)
    warehouse = open_warehouse(settings)
    profiles = Profiles(warehouse, QueryRunner(warehouse, settings))
    column = Column("x", 0, "Float64", Kind.NUMERIC, values=False)
    found = expressions(column)
    states = f"tuple({', '.join(found.get(name, 'NULL') for name in MEMBERS)})"
    sql = f"SELECT intDiv(number, 1000) AS w, {states} AS s FROM (SELECT number, randNormal(0, 1) AS x FROM numbers({windows * 1000})) GROUP BY w"
    sql = sql.replace("(SELECT number", "(SELECT number")
    from vedette.store.warehouse import QueryLimits
    answer = warehouse.query(sql, limits=QueryLimits(rows=windows, seconds=300, memory_bytes=4 << 30))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = []
    for window, state in zip(answer["w"], answer["s"]):
        listed = list(state.values()) if isinstance(state, dict) else state
        begin = start + timedelta(minutes=window)
        rows.append(ColumnStates(column, dict(zip(MEMBERS, listed)), {}, begin, begin + timedelta(minutes=1)).as_dict())
    for part in range(0, len(rows), 2000):
        profiles.store("default", "bench", NewProfile(rows[part:part + 2000], start, start + timedelta(days=10), version="1"))
    selection = Selection("bench", TimeRange(start, start + timedelta(days=30)))
    profiles.read("default", selection)
    started = time.perf_counter()
    (merged,) = profiles.read("default", selection)
    seconds = time.perf_counter() - started
    assert merged.rows == windows * 1000
    print("RESULT" + json.dumps([seconds, 0]))
    warehouse.close()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--peers", type=Path, default=Path("/tmp/venvs"))
    parser.add_argument("--only", default="")
    parser.add_argument("--parquet-rows", type=int, default=0)
    parser.add_argument("--windows", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="profiles-") as folder:
        files = [
            _make(Path(folder), name, options.rows, seed) for seed, name in enumerate(("a", "b"))
        ]
        print(f"{options.rows:,} rows against {options.rows:,}, 50 columns; {os.cpu_count()} CPUs")
        own = _run(sys.executable, MEASURE.format(imports=VEDETTE[0], work=VEDETTE[1]), files)
        print(
            f"vedette            {own[0]:8.2f} s   CPU {own[2]:8.2f} s   peak {own[1]:8.0f} MiB",
            flush=True,
        )
        for name, (imports, work, target, title) in PEERS.items():
            python = options.peers / name.partition(" ")[0] / "bin" / "python"
            if not python.exists() or options.only not in {"", name}:
                print(f"{name:18s} not measured")
                continue
            peer = _run(str(python), MEASURE.format(imports=imports, work=work), files)
            print(
                f"{name:18s} {peer[0]:8.2f} s   CPU {peer[2]:8.2f} s   peak {peer[1]:8.0f} MiB   {title}: "
                f"{peer[0] / own[0]:.1f} times, {peer[2] / own[2]:.1f} times the CPU (wanted {target})",
                flush=True,
            )
        if options.windows:
            seconds = _run(sys.executable, MERGE, [str(options.windows)])[0]
            print(
                f"merging {options.windows:,} stored windows of a column: {seconds:.2f} s (wanted below 1)"
            )
        if options.parquet_rows:
            _parquet(Path(folder), options.parquet_rows)


def _parquet(folder: Path, rows: int) -> None:
    """Profile more and more row groups of 10 columns: the rate and the memory stay as they are."""
    part = folder / "parts"
    part.mkdir()
    one = _make(part, "0", min(rows, 5_000_000), 0, columns=10)
    size = min(rows, 5_000_000)
    for count in dict.fromkeys((1, max(1, rows // size // 4), max(1, rows // size))):
        for number in range(1, count):
            link = part / f"{number}.parquet"
            if not link.exists():
                link.symlink_to(one)
        seconds, peak, counted = _run(sys.executable, PARQUET, [str(part / "*.parquet")])
        print(
            f"{counted:>12,.0f} rows of Parquet, 10 columns: {seconds:7.1f} s, {counted / seconds:>12,.0f} rows/s, "
            f"peak {peak:,.0f} MiB"
        )


def _run(python: str, code: str, arguments: list[str]) -> list[float]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE) if python == sys.executable else "",
        # NannyML would wait for a report of its use to be sent.
        "NML_DISABLE_USAGE_LOGGING": "1",
    }
    done = subprocess.run(
        [python, "-c", textwrap.dedent(code), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=3600,
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT"):
            return list(json.loads(line.removeprefix("RESULT")))
    raise SystemExit(f"{python} failed:\n{done.stderr[-3000:]}")


def _make(folder: Path, name: str, rows: int, seed: int, columns: int = 50) -> str:
    draw = np.random.default_rng(seed)
    texts, whole = columns // 5, columns // 5
    data: dict[str, object] = {}
    for index in range(columns - texts - whole):
        data[f"n{index}"] = draw.normal(index + seed * 0.05, index + 1, rows)
    for index in range(whole):
        data[f"i{index}"] = draw.integers(0, 10 ** (index % 6 + 1), rows)
    for index in range(texts):
        names = np.array([f"value {number}" for number in range(5 * (index + 1))], dtype=object)
        data[f"c{index}"] = names[draw.integers(0, len(names), rows)]
    path = folder / f"{name}.parquet"
    pd.DataFrame(data).to_parquet(path, row_group_size=250_000)
    return str(path)


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"in {time.perf_counter() - started:.0f} s")
