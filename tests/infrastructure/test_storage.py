"""File systems, volumes, databases: how full they are, and when they are full."""

from __future__ import annotations

from datetime import timedelta

import pytest

from support.infrastructure import GIB, NOW, Past
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.infrastructure.measures import (
    DAYS,
    UTILIZATION,
    accounts_with_storage,
    storage_points,
)
from vedette.infrastructure.storage import Store, read_stores
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse


def disk(state: str, mount: str = "/data", **more: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    labels = {"system.filesystem.mountpoint": mount, "system.filesystem.state": state, **more}
    return "system.filesystem.usage", tuple(labels.items())


def growing(per_day: float, now: float = 60.0) -> dict[object, object]:
    """100 GiB that a user may use, of which ``now`` are used; 5 more are reserved."""
    return {
        disk("used"): lambda age: (now + per_day * age) * GIB,
        disk("free"): lambda age: (100 - now - per_day * age) * GIB,
        disk("reserved"): lambda age: 5.0 * GIB,
    }


def stores(runner: QueryRunner, past: Past, host: str = "", days: float = 14) -> list[Store]:
    past.send()
    return read_stores(runner, past.account, past.range(days), host=host)[1]


def test_a_disk_that_grows_is_full_when_the_line_says(past: Past, runner: QueryRunner) -> None:
    past.store({"host.name": "a"}, growing(2.0))
    # Another process of the host reports the same disk.
    past.store({"host.name": "a", "service.name": "api"}, growing(2.0))
    past.store({"host.name": "b"}, growing(0.0))
    past.store({"host.name": "c"}, growing(10.0, now=90.0), days=1)
    past.store({"host.name": "d"}, growing(2.0), until=3)
    a, b, c, d = stores(runner, past)
    assert [one.host for one in (a, b, c, d)] == ["a", "b", "c", "d"]
    assert (a.name, a.kind, a.unit, a.reporting) == ("/data", "filesystem", "By", True)
    assert a.capacity == pytest.approx(100 * GIB)
    assert a.used == pytest.approx(60 * GIB)
    assert a.outlook.per_day == pytest.approx(2 * GIB, rel=1e-3)
    assert a.outlook.days == pytest.approx(20, rel=0.01)
    assert a.full_at is not None
    assert abs(a.full_at - (NOW + timedelta(days=20))) < timedelta(hours=12)
    assert b.outlook.state == "not_growing"
    assert (c.outlook.state, c.full_at) == ("too_little_history", None)
    assert not d.reporting
    assert stores(runner, past, host="b") == [b]


def test_collectors_and_exporters_name_things_their_way(past: Past, runner: QueryRunner) -> None:
    collector = {
        ("system.filesystem.usage", (("mountpoint", "/"), ("device", "/dev/sda1"), ("type", "ext4"),
                                     ("state", state))): read
        for state, read in {
            "used": lambda age: 50.0 + age, "free": lambda age: 50.0 - age,
        }.items()
    }  # fmt: skip
    past.store({"host.name": "collector"}, collector)
    share = {("system.filesystem.utilization", (("mountpoint", "/"),)): lambda age: 0.5 + age / 100}
    past.store({"host.name": "share"}, share)
    labels = (("instance", "node:9100"), ("mountpoint", "/"), ("fstype", "xfs"))
    node = {
        ("node_filesystem_size_bytes", labels): lambda _: 100.0,
        ("node_filesystem_avail_bytes", labels): lambda age: 50.0 - age,
        ("node_filesystem_avail_bytes", (*labels[:2], ("fstype", "tmpfs"))): lambda _: 1.0,
    }
    past.store({"service.name": "node"}, node)
    volume = {
        ("k8s.volume.capacity", ()): lambda _: 100.0,
        ("k8s.volume.available", ()): lambda age: 50.0 - age,
    }
    past.store({"k8s.node.name": "n1", "k8s.pod.name": "db-0", "k8s.volume.name": "data"}, volume)
    database = {("postgresql.db_size", ()): lambda age: 1000.0 + age}
    past.store({"host.name": "pg", "postgresql.database.name": "shop"}, database)
    found = {(one.kind, one.host, one.name): one for one in stores(runner, past)}
    assert set(found) == {
        ("filesystem", "collector", "/"), ("filesystem", "share", "/"),
        ("filesystem", "node:9100", "/"), ("volume", "n1", "db-0/data"), ("database", "pg", "shop"),
    }  # fmt: skip
    for key, one in found.items():
        if one.kind == "database":
            assert (one.outlook.state, one.capacity) == ("no_limit", None)
            assert one.outlook.per_day == pytest.approx(1.0)
        else:
            assert one.outlook.days == pytest.approx(50, rel=0.01), key
            assert one.utilization == pytest.approx(0.5, rel=0.01), key
    assert found["filesystem", "share", "/"].unit == "1"


def test_windows_have_bounds_and_steps(past: Past, runner: QueryRunner) -> None:
    past.store({"host.name": "a"}, growing(2.0), days=0.25, every=0.25)
    past.send()
    steps, (one,) = read_stores(runner, past.account, past.range(0.25))
    assert (steps.rollup, steps.seconds) == ("metric_rollup_5m", 600)
    assert one.outlook.per_day == pytest.approx(2 * GIB, rel=0.01)
    for days in (0.01, 401):
        with pytest.raises(InvalidInputError):
            read_stores(runner, past.account, TimeRange(NOW - timedelta(days=days), NOW))


def test_points_for_alarms_recover_and_leave_out_what_is_silent(
    past: Past, runner: QueryRunner, warehouse: Warehouse
) -> None:
    past.store({"host.name": "grows"}, growing(2.0))
    past.store({"host.name": "rests"}, growing(0.0))
    past.store({"host.name": "silent"}, growing(2.0), until=3)
    past.send()
    assert past.account in accounts_with_storage(warehouse, NOW)
    points = storage_points(runner, past.account, past.range().end)
    days = {point.attributes["host"]: point.value for point in points if point.name == DAYS}
    assert days == {"grows": pytest.approx(20, rel=0.01), "rests": 3650.0}
    shares = {
        point.attributes["host"]: point.value for point in points if point.name == UTILIZATION
    }
    assert shares == {host: pytest.approx(0.6) for host in ("grows", "rests")}
