"""Monitors that profile a source themselves: files here, in the process that the server would start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vedette.core.encryption import SecretBox
from vedette.core.errors import ForbiddenError, InvalidInputError
from vedette.core.time import TimeRange
from vedette.data.datasets import Datasets
from vedette.data.samples import Samples
from vedette.manifests import Document
from vedette.monitors.allowed import AllowedSources
from vedette.monitors.definition import MonitorSpec
from vedette.monitors.evaluator import Evaluator
from vedette.monitors.manifests import MonitorKind
from vedette.monitors.service import KIND, SOURCE_KIND, Monitors
from vedette.monitors.sources import SourceProfiler
from vedette.store.catalog import Actor

ACTOR = Actor.system("tests")
HOUR = timedelta(hours=1)


@pytest.fixture
def box() -> SecretBox:
    return SecretBox(b"a key of tests")


@pytest.fixture
def world(watched: Any, warehouse: Any, runner: Any, box: SecretBox, tmp_path: Path) -> Any:
    """The account, with an evaluator that may read the test's folder."""
    allowed = AllowedSources(str(tmp_path))
    watched.sources = SourceProfiler(
        watched.profiles, Samples(warehouse, runner), Datasets(watched.catalog), box, allowed,
        timeout=120, memory_bytes=1 << 30,
    )  # fmt: skip
    watched.evaluator = Evaluator(
        watched.catalog, watched.profiles, watched.results,
        lambda _account, points, _name: watched.emitted.extend(points), watched.sources,
    )  # fmt: skip
    watched.monitors = Monitors(watched.catalog, box, allowed)
    return watched


def put(world: Any, url: str, name: str = "of a source", **more: Any) -> Any:
    source = {"url": url, **more.pop("source", {})}
    spec = {"dataset": "orders", "schedule": "every 1h", "window": "1h", "late": "1d"} | more
    return world.monitors.put(
        ACTOR, world.account, name, MonitorSpec.model_validate({**spec, "source": source})
    )


def write(path: Path, rows: list[tuple[datetime, int, float, str]]) -> None:
    columns = dict(zip(("at", "id", "amount", "country"), zip(*rows, strict=True), strict=True))
    pq.write_table(pa.table({name: list(values) for name, values in columns.items()}), path)


def orders(start: datetime, count: int, *, first: int = 0, shift: float = 0.0) -> Any:
    return [
        (start + timedelta(seconds=n), first + n, shift + n % 97, "DE" if n % 2 else "FR")
        for n in range(count)
    ]


def test_rows_with_times_go_to_their_windows(world: Any, hour: datetime, tmp_path: Path) -> None:
    rows = [*orders(hour - 2 * HOUR, 500), *orders(hour - HOUR, 600, first=1000, shift=50)]
    write(tmp_path / "orders.parquet", [*rows, *orders(hour, 10, first=5000)])
    one = put(
        world, str(tmp_path / "*.parquet"), source={"time_column": "at", "keep_rows": 5},
        baseline={"over": "1d"}, drift={}, segments=[{"country": "DE"}],
        checks=[{"check": "unique", "columns": ["id"]}, {"check": "volume", "min": 550}],
    )  # fmt: skip
    first, second = world.evaluator.run(one, now=hour)
    assert (first.window.start, second.window.start) == (hour - 2 * HOUR, hour - HOUR)
    told = {(r.measure, tuple(r.segment)): r for r in second.results if r.family != "drift"}
    assert told["rows", ()].value == 600
    assert told["rows", ("country",)].value == 300
    assert (told["unique", ()].status, told["volume", ()].status) == ("passed", "passed")
    drifted = {r.column for r in second.results if r.status == "drift" and not r.segment}
    assert "amount" in drifted
    assert "country" not in drifted
    assert world.evaluator.run(one, now=hour) == []  # nothing came
    write(tmp_path / "orders.parquet", [*rows, (hour - HOUR, 1000, 1.0, "DE")])
    (late,) = world.evaluator.run(one, now=hour)
    assert late.window.start == hour - HOUR
    assert {r.measure: r.status for r in late.results}["unique"] == "violated"
    (run, _) = world.results.runs(world.account, one.id, TimeRange(hour - 2 * HOUR, hour + HOUR))
    assert (run["rows"], run["status"], run["error"]) == (601, "CompletedWithViolations", "")
    assert len(world.evaluator.again(one, TimeRange(hour - HOUR, hour), now=hour)) == 1


def test_a_snapshot_is_of_the_open_window(world: Any, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    (tmp_path / "people.csv").write_text("name,age\n")
    one = put(world, str(tmp_path / "people.csv"), window="1d")
    (done,) = world.evaluator.run(one, now=now)
    assert [(r.family, r.status, r.value) for r in done.results] == [("window", "no data", 0.0)]
    (tmp_path / "people.csv").write_text("name,age\nada,36\nbob,41\n")
    (done,) = world.evaluator.run(one, now=now)
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    assert done.window == TimeRange(start, start + timedelta(days=1))
    assert done.results[0].value == 2.0  # the second one stands for the first
    (tmp_path / "people.csv").unlink()
    with pytest.raises(InvalidInputError, match="there is no file"):
        world.evaluator.run(one, now=now)
    (run,) = world.results.runs(world.account, one.id, done.window)
    assert run["status"] == "Failed"
    assert "there is no file" in run["error"]
    assert world.values("vedette.monitor.failed") == [0.0, 0.0, 1.0]


def test_notes_on_how_it_was_read_are_the_runs(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, note = datetime.now(UTC), "born has 2 dates whose month or day is zero: taken as missing"
    (tmp_path / "people.csv").write_text("name,age\nada,36\nbob,41\n")
    one = put(world, str(tmp_path / "people.csv"), window="1d", segments=[{"name": "ada"}])
    really = world.sources._run
    monkeypatch.setattr(
        world.sources, "_run",
        lambda job, monitor: [{**found, "notes": [note]} for found in really(job, monitor)],
    )  # fmt: skip
    (done,) = world.evaluator.run(one, now=now)
    assert [r.description for r in done.results if r.measure == "note"] == [note]
    (run,) = world.results.runs(world.account, one.id, done.window)
    assert (run["notes"], run["status"], run["rows"]) == ([note], "Completed", 2)
    assert world.values("vedette.data.rows") == [2.0, 1.0]
    monkeypatch.undo()
    world.evaluator.run(one, now=now)
    (run,) = world.results.runs(world.account, one.id, done.window)
    assert run["notes"] == []


def test_a_secret_goes_in_and_to_no_other_server(watched: Any, box: SecretBox) -> None:
    watched.monitors = Monitors(watched.catalog, box, AllowedSources("*"))
    url = "postgresql://reader@db.internal/shop/orders"
    one = put(watched, url, source={"secret": "s3cr3t/word"})
    assert box.open_text(one.sealed) == "s3cr3t/word"
    assert one.spec.source.secret is None
    assert "s3cr3t" not in repr(one) + one.spec.model_dump_json()
    profiler = SourceProfiler(None, None, None, box, AllowedSources("*"), timeout=1, memory_bytes=1)  # type: ignore[arg-type]
    assert profiler._url(one) == "postgresql://reader:s3cr3t%2Fword@db.internal/shop/orders"
    assert put(watched, url.replace("orders", "people")).has_secret  # as it was
    assert not put(watched, url.replace("internal", "example")).has_secret
    with pytest.raises(InvalidInputError, match="holds a password"):
        put(watched, "postgresql://reader:word@db.internal/shop/orders")
    with pytest.raises(InvalidInputError, match="on a schedule"):
        put(watched, url, schedule="arrival")
    kinds = {KIND: 0, SOURCE_KIND: 0}
    for item in watched.catalog.scheduled_work.list(account=watched.account):
        kinds[item.kind] += 1
    assert kinds == {KIND: 0, SOURCE_KIND: 1}


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("/srv/data/a.parquet", True), ("/srv/data/**/*.csv", True), ("delta:/srv/data/x", True),
        ("/srv/database/a.parquet", False), ("/srv/data/../secret", False), ("/etc/passwd", False),
        ("file:///etc/passwd", False), ("/srv/data/{a,../../etc/passwd}", False),
        ("s3://lake/sales/a.parquet", True), ("s3://lake/salary/a.parquet", False),
        ("iceberg:s3://lake/sales/t", True), ("s3://other/sales/a", False),
        ("postgresql://u@db:5432/shop/t", True), ("postgres://u@db/shop/t", True),
        ("postgresql://db|evil/shop/t", False), ("postgresql://db:5433/shop/t", False),
        ("https://a.example.org/x.csv", True), ("https://evil.org/a.example.org", False),
        ("mysql://db/shop/t", False), ("http://169.254.169.254/latest", False),
    ],
)  # fmt: skip
def test_only_what_the_operator_allowed_is_read(url: str, taken: bool) -> None:
    allowed = AllowedSources(
        "/srv/data, s3://lake/sales, postgresql://db:5432/shop, https://*.example.org"
    )
    if taken:
        allowed.check(url)
    else:
        with pytest.raises(ForbiddenError):
            allowed.check(url)
    with pytest.raises(ForbiddenError):
        AllowedSources().check(url)


@pytest.mark.parametrize("url", ["/srv/\0", "http://[x/y", "delta:/\0"])
def test_what_is_no_place_is_an_error_of_ours(url: str) -> None:
    with pytest.raises(InvalidInputError, match=r"no path|no URL"):
        AllowedSources("/srv").check(url)


def test_as_code_a_secret_is_told_by_its_fingerprint(world, tmp_path, box):
    kind = MonitorKind(world.monitors)
    spec: dict[str, Any] = {
        "dataset": "orders",
        "schedule": "every 1h",
        "source": {"url": f"{tmp_path}/*.csv", "secret": "hunter2"},
    }
    shown = kind.normal(world.account, "as code", {}, spec)
    assert shown["source"]["secret"] == box.fingerprint("hunter2")
    kind.put(ACTOR, world.account, Document("Monitor", "as code", {}, spec, "f.yaml:1"), "shop")
    (kept,) = [one for one in kind.existing(world.account) if one.name == "as code"]
    assert (kept.spec, kept.owner) == (shown, "shop")
    # Without one the secret that is there stays; another one is a difference.
    del spec["source"]["secret"]
    assert kind.normal(world.account, "as code", {}, spec) == shown
    spec["source"]["secret"] = "another"
    assert kind.normal(world.account, "as code", {}, spec) != shown
