"""Points that Vedette makes itself, stored through ingest and read as metrics."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import timedelta

import pytest

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.settings import Settings
from vedette.core.time import utc_now
from vedette.ingest import Ingest
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse
from vedette.telemetry.emit import BODY_POINTS, MAX_POINTS, Emitted, MetricEmitter, MetricPoint

POINTS = (
    "SELECT MetricName AS name, Value AS value, MetricUnit AS unit, Attributes AS attributes,"
    " ServiceName AS service, ScopeName AS scope, toUnixTimestamp64Micro(toDateTime64(TimeUnix, 6))"
    " AS time FROM @otel_metrics_gauge ORDER BY name, value"
)


@pytest.fixture
def emit(warehouse: Warehouse, settings: Settings) -> Callable[..., list[Emitted]]:
    """Emit lists of points one after the other: ``emit(account, (points, options), ...)``."""

    def run(account: str, *calls: tuple[list[MetricPoint], dict[str, object]]) -> list[Emitted]:
        async def main() -> list[Emitted]:
            ingest = Ingest(warehouse, settings)
            await ingest.start()
            emitter = MetricEmitter(ingest, asyncio.get_running_loop())
            try:
                done = []
                for points, options in calls:
                    if options.pop("blocking", False):
                        work = asyncio.to_thread(emitter.emit_blocking, account, points, **options)
                        done.append(await work)
                    else:
                        done.append(await emitter.emit(account, points, **options))
                return done
            finally:
                await ingest.stop()

        return asyncio.run(main())

    return run


def test_points_are_metrics(emit: Callable[..., list[Emitted]], runner: QueryRunner) -> None:
    at = utc_now().replace(microsecond=123_456)
    points = [
        MetricPoint("drift", 0.25, attributes={"column": "age", "share": 0.5, "n": 3}, time=at),
        MetricPoint("rows", 7.0, "{row}", time=at),
        MetricPoint("drift", math.nan, time=at),
        MetricPoint("drift", math.inf, time=at),
    ]
    (done,) = emit("emit-points", (points, {"scope": "vedette.monitors"}))
    assert done == Emitted(2, 2, {})
    drift, rows = runner.run("emit-points", POINTS).records()
    assert (drift["name"], drift["value"], drift["unit"]) == ("drift", 0.25, "1")
    assert drift["attributes"] == {"column": "age", "share": "0.5", "n": "3"}
    assert (drift["service"], drift["scope"]) == ("vedette", "vedette.monitors")
    assert drift["time"] == int(at.timestamp()) * 1_000_000 + 123_456
    assert (rows["value"], rows["unit"]) == (7.0, "{row}")


def test_a_named_batch_is_stored_once_from_threads_too(
    emit: Callable[..., list[Emitted]], runner: QueryRunner
) -> None:
    points = [MetricPoint("a", float(index)) for index in range(BODY_POINTS + 1)]
    again = {"batch": "run 1", "attempt": 2, "blocking": True}
    emit("emit-batch", (points, {"batch": "run 1", "blocking": True}))
    # Another process, which remembers nothing.
    emit("emit-batch", (points, again))
    count = "SELECT count() AS n FROM @otel_metrics_gauge"
    assert runner.run("emit-batch", count).scalar() == BODY_POINTS + 1


def test_what_ingest_refuses_is_told(emit: Callable[..., list[Emitted]]) -> None:
    old = [MetricPoint("old", 1.0, time=utc_now() - timedelta(days=1000)), MetricPoint("new", 1.0)]
    (done,) = emit("emit-old", (old, {}))
    assert (done.stored, sum(done.rejected.values())) == (1, 1)


def test_none_and_too_many(emit: Callable[..., list[Emitted]]) -> None:
    (done,) = emit("emit-none", ([], {}))
    assert done == Emitted(0)
    with pytest.raises(InvalidInputError, match="too many"):
        emit("emit-none", ([MetricPoint("a", 1.0)] * (MAX_POINTS + 1), {}))


def test_points_of_many_accounts_share_a_commit_and_failures_are_told(
    warehouse: Warehouse, settings: Settings, runner: QueryRunner
) -> None:
    points = {f"emit-each-{n}": [MetricPoint("each", float(n))] for n in range(5)}
    points["emit-each-many"] = [MetricPoint("a", 1.0)] * (MAX_POINTS + 1)

    async def main() -> tuple[dict[str, VedetteError], int]:
        ingest = Ingest(warehouse, settings)
        await ingest.start()
        emitter = MetricEmitter(ingest, asyncio.get_running_loop())
        try:
            failed = await asyncio.to_thread(
                emitter.emit_each_blocking, points, scope="tests", batch="each"
            )
            return failed, ingest.stats.groups
        finally:
            await ingest.stop()

    failed, commits = asyncio.run(main())
    assert set(failed) == {"emit-each-many"}
    assert commits < len(points) - 1
    for n in range(5):
        (row,) = runner.run(f"emit-each-{n}", POINTS).records()
        assert (row["value"], row["scope"]) == (n, "tests")
