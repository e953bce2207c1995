"""What is past its time is deleted, account by account, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from vedette.core.settings import Settings
from vedette.core.time import utc_now
from vedette.ingest import Source
from vedette.store.catalog import Signal
from vedette.store.warehouse import Warehouse
from vedette.telemetry.retention import RetentionService

AGES = [0, 2, 5, 20]
"""Of the records of each account, in days."""


@pytest.fixture
def retention(warehouse: Warehouse, settings: Settings) -> RetentionService:
    """Keeps for ever what an account has not set: other tests' records are in the same store."""
    for_ever = {f"retention_{signal}_days": 36_500 for signal in Signal}
    return RetentionService(warehouse, settings.model_copy(update=for_ever))


@pytest.fixture
def stored(submit: Callable[..., list[object]]) -> Callable[[str], str]:
    def store(account: str) -> str:
        logs = ExportLogsServiceRequest()
        records = logs.resource_logs.add().scope_logs.add().log_records
        for age in AGES:
            moment = utc_now() - timedelta(days=age)
            records.add(
                time_unix_nano=round(moment.timestamp() * 1e9)
            ).body.string_value = f"{age} days"
        submit(Source.OTLP_LOGS, account, logs.SerializeToString())
        return account

    return store


def ages(warehouse: Warehouse, account: str) -> list[int]:
    sql = "SELECT Body FROM otel_logs WHERE Account = {account:String}"
    bodies = warehouse.query(sql, {"account": account})["Body"]
    return sorted(int(body.split()[0]) for body in bodies)


def test_each_account_loses_what_is_past_its_own_days(retention, warehouse, stored):
    week, days, also_days, ever = (
        stored(f"retention-{name}") for name in ("week", "days", "also-days", "ever")
    )
    set_ = {week: 7.0, days: 3.0, also_days: 3.0}
    statements = retention.enforce({name: {Signal.LOGS: kept} for name, kept in set_.items()})
    assert ages(warehouse, week) == [0, 2, 5]
    assert ages(warehouse, days) == ages(warehouse, also_days) == [0, 2]
    assert ages(warehouse, ever) == AGES
    assert statements == 2  # one for each number of days, not for each account
    [logs] = [one for one in retention.held(week, {Signal.LOGS: 7.0}) if one.signal is Signal.LOGS]
    assert (logs.days, logs.records) == (7.0, 3)
    assert retention.enforce({week: {Signal.LOGS: 7.0}}) == 0


def test_another_signals_days_do_not_touch_logs(retention, warehouse, stored):
    account = stored("retention-other")
    retention.enforce({account: {Signal.TRACES: 1.0, Signal.METRICS: 1.0}})
    assert ages(warehouse, account) == AGES


def test_days_that_nobody_keeps_are_dropped_whole(retention, warehouse, stored):
    account = stored("retention-dropped")
    sql = "SELECT uniqExact(partition) FROM system.parts WHERE active AND table = 'otel_logs'"
    before = warehouse.query(sql).scalar()
    oldest = warehouse.query("SELECT toString(min(TimestampTime)) FROM otel_logs").scalar()
    later = utc_now() + timedelta(days=36_500 - 19)
    assert retention.enforce({}, now=later) > 0
    assert warehouse.query(sql).scalar() < before
    assert 20 not in ages(warehouse, account)
    assert oldest < warehouse.query("SELECT toString(min(TimestampTime)) FROM otel_logs").scalar()
