"""Derived tables: each record once, also after what a crash leaves at any point of a window."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from support.otlp_bodies import logs_body, metrics_body, traces_body
from vedette.core.errors import StoreError
from vedette.ingest import Source
from vedette.ingest.derivations import DERIVATIONS, Derivation
from vedette.ingest.derive import CommitClock, Deriver, deriving_paused
from vedette.store.warehouse import Warehouse

RECORDS = 30
COUNTS = {
    "span_metrics_1m": "sum(Count)",
    "otel_traces_trace_id_ts": "count()",
    "metric_rollup_1m": "sum(Count)",
    "metric_rollup_5m": "sum(Count)",
    "metric_rollup_1h": "sum(Count)",
    "resources": "sum(Count)",
    "attribute_values": "sumIf(Count, Key = 'service')",
}
NAMES = [derivation.target for derivation in DERIVATIONS]


class CrashError(Exception):
    """Stands for the end of the process."""


class Crashing:
    """The store, until the statement whose text and number are given; then the process is gone."""

    def __init__(self, warehouse: Warehouse, dies: Callable[[str], bool]) -> None:
        self._warehouse = warehouse
        self._dies = dies
        self.cluster, self.shared = warehouse.cluster, warehouse.shared

    def query(self, *arguments: object, **options: object) -> object:
        return self._warehouse.query(*arguments, **options)  # type: ignore[arg-type]

    def execute(self, sql: str) -> None:
        if self._dies(sql):
            raise CrashError
        self._warehouse.execute(sql)


@pytest.fixture
def stored(
    submit: Callable[..., list[object]], warehouse: Warehouse, request: pytest.FixtureRequest
) -> str:
    """An account with spans, logs and points over two days, not derived yet."""
    account = f"derive-{abs(hash(request.node.name)) % 10**8}"
    with _nothing_derives():
        for source, body in (
            (Source.OTLP_TRACES, traces_body("b", RECORDS, days=2)),
            (Source.OTLP_LOGS, logs_body("b", RECORDS, days=2)),
            (Source.OTLP_METRICS, metrics_body("b", RECORDS, days=2)),
        ):
            submit(source, account, body)
    assert _derived(warehouse, account)["span_metrics_1m"] == 0
    return account


class _nothing_derives:  # noqa: N801 - used as a context manager
    """Makes each run of a deriver do nothing meanwhile."""

    def __enter__(self) -> None:
        self._run = Deriver.run
        Deriver.run = lambda _: 0  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        Deriver.run = self._run  # type: ignore[method-assign]


def _derived(warehouse: Warehouse, account: str) -> dict[str, int]:
    return {
        table: warehouse.query(
            f"SELECT toUInt32({count}) AS n FROM {table} WHERE Account = {{account:String}}",
            {"account": account},
        ).scalar()
        for table, count in COUNTS.items()
    }


def _expected(warehouse: Warehouse, account: str) -> dict[str, int]:
    def count(*tables: str) -> int:
        return sum(
            warehouse.query(
                f"SELECT toUInt32(count()) AS n FROM {table} WHERE Account = {{account:String}}",
                {"account": account},
            ).scalar()
            for table in tables
        )

    numbers = count("otel_metrics_gauge", "otel_metrics_sum")
    points = numbers + count("otel_metrics_histogram")
    spans, logs = count("otel_traces"), count("otel_logs")
    assert spans == logs == RECORDS
    assert numbers > 0
    return {
        "span_metrics_1m": spans,
        "otel_traces_trace_id_ts": spans,
        "metric_rollup_1m": numbers,
        "metric_rollup_5m": numbers,
        "metric_rollup_1h": numbers,
        "resources": spans + logs + points,
        "attribute_values": spans + logs,
    }


def test_each_record_is_derived_once(warehouse: Warehouse, stored: str) -> None:
    deriver = Deriver(warehouse, CommitClock())
    assert deriver.run() > 0
    assert _derived(warehouse, stored) == _expected(warehouse, stored)
    assert deriver.run() == 0
    assert _derived(warehouse, stored) == _expected(warehouse, stored)


@pytest.mark.parametrize("target", [*NAMES, "derivation"])
def test_a_crash_before_any_statement_loses_and_doubles_nothing(
    warehouse: Warehouse, stored: str, target: str
) -> None:
    crashing = Crashing(warehouse, lambda sql: sql.startswith(f"INSERT INTO {target} "))
    with pytest.raises(CrashError):
        Deriver(crashing, CommitClock()).run()  # type: ignore[arg-type]
    Deriver(warehouse, CommitClock()).run()
    assert _derived(warehouse, stored) == _expected(warehouse, stored)


@pytest.mark.parametrize("target", NAMES)
def test_a_crash_between_two_partitions_loses_and_doubles_nothing(
    warehouse: Warehouse, stored: str, target: str
) -> None:
    """Only the first of a table's partitions got its part of the window."""
    derivation = next(d for d in DERIVATIONS if d.target == target)

    def dies(sql: str) -> bool:
        if not sql.startswith(f"INSERT INTO {target} "):
            return False
        _insert_one_partition(warehouse, derivation, sql)
        return True

    with pytest.raises(CrashError):
        Deriver(Crashing(warehouse, dies), CommitClock()).run()  # type: ignore[arg-type]
    Deriver(warehouse, CommitClock()).run()
    assert _derived(warehouse, stored) == _expected(warehouse, stored)


def _insert_one_partition(warehouse: Warehouse, derivation: Derivation, sql: str) -> None:
    insert, settings = sql.split("SETTINGS")
    rows = insert.partition(f"INSERT INTO {derivation.target} ")[2]
    partition = f"toString({derivation.partition})"
    first = warehouse.query(f"SELECT min({partition}) AS p FROM ({rows})").scalar()
    warehouse.execute(f"{insert} WHERE {partition} = '{first}' SETTINGS {settings}")


def test_after_the_last_statement_a_window_is_not_derived_again(
    warehouse: Warehouse, stored: str
) -> None:
    states = []

    def dies(sql: str) -> bool:
        states.append(sql.startswith("INSERT INTO derivation"))
        return states.count(True) == 2

    with pytest.raises(CrashError):
        Deriver(Crashing(warehouse, dies), CommitClock()).run()  # type: ignore[arg-type]
    assert _derived(warehouse, stored) == _expected(warehouse, stored)
    Deriver(warehouse, CommitClock()).run()
    assert _derived(warehouse, stored) == _expected(warehouse, stored)


def test_a_large_backlog_is_derived_in_pieces(
    warehouse: Warehouse, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vedette.ingest.derive.MOST_RECORDS", 40)
    statements: list[str] = []
    watching = Crashing(warehouse, lambda sql: bool(statements.append(sql)))
    Deriver(watching, CommitClock()).run()  # type: ignore[arg-type]
    assert sum(sql.startswith("INSERT INTO resources") for sql in statements) >= 3
    assert _derived(warehouse, stored) == _expected(warehouse, stored)


def test_who_does_not_lead_derives_nothing(warehouse: Warehouse, stored: str) -> None:
    assert Deriver(warehouse, CommitClock(), lead=lambda: False).run() == 0
    answers = iter([True, True, False])
    with pytest.raises(StoreError, match="another process"):
        Deriver(warehouse, CommitClock(), lead=lambda: next(answers)).run()
    Deriver(warehouse, CommitClock()).run()
    assert _derived(warehouse, stored) == _expected(warehouse, stored)


def test_records_of_the_last_moments_wait_where_others_write_too(
    warehouse: Warehouse, stored: str
) -> None:
    assert Deriver(warehouse, CommitClock(), lag_seconds=3600).run() == 0
    Deriver(warehouse, CommitClock()).run()
    assert _derived(warehouse, stored) == _expected(warehouse, stored)


def test_nothing_is_derived_during_a_backup(warehouse: Warehouse, stored: str) -> None:
    run = threading.Thread(target=Deriver(warehouse, CommitClock()).run)
    with deriving_paused():
        run.start()
        run.join(0.2)
        assert run.is_alive()
        assert _derived(warehouse, stored)["span_metrics_1m"] == 0
    run.join(60)
    assert _derived(warehouse, stored) == _expected(warehouse, stored)


class TestCommitClock:
    """What is settled is before every commit that runs or will be stamped."""

    def test_a_running_commit_holds_the_time(self) -> None:
        clock = CommitClock()
        number, stamp = clock.begin()
        later, _ = clock.begin()
        assert clock.settled() == stamp // 1_000_000
        clock.end(later)
        assert clock.settled() == stamp // 1_000_000
        clock.end(number)
        assert clock.settled() >= stamp // 1_000_000

    def test_the_time_does_not_go_back_with_the_system_clock(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        times = iter([5_000_000_000, 4_000_000_000, 4_000_000_000, 6_000_000_000])
        monkeypatch.setattr("vedette.ingest.derive.now_ns", lambda: next(times))
        clock = CommitClock()
        assert clock.settled() == 5000
        number, stamp = clock.begin()
        assert stamp == 5_000_000_000
        clock.end(number)
        assert clock.settled() == 5000
        assert clock.settled() == 6000

    def test_the_store_may_be_ahead_of_the_clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("vedette.ingest.derive.now_ns", lambda: 1_000_000_000)
        clock = CommitClock()
        clock.not_before(3000)
        assert clock.begin()[1] == 3_000_000_000
