"""Monitors and ``vedette profile`` of real stores: PostgreSQL, MariaDB, and one that answers as S3.

The databases' servers have a time zone that is not UTC, and passwords that a URL cannot have as they are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conformance.conftest import Tenant
from support import mariadb, object_store, postgresql
from support.ports import free_port
from support.server import Server
from vedette.store.catalog import Scope

HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
ROWS = [
    (HOUR + timedelta(seconds=n), n, n % 97 + 0.25, "DE" if n % 2 else "FR") for n in range(900)
]
NAMES = ("at", "id", "amount", "country")


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may read the stores of this machine."""
    allowed = "s3://lake/, postgresql://127.0.0.1, mysql://127.0.0.1"
    with Server(tmp_path_factory.mktemp("stores") / "data", sources_allowed=allowed) as running:
        yield running


@pytest.fixture
def shop(reading: Server) -> Tenant:
    account = reading.new_account(f"stores-{free_port()}")
    return Tenant(reading, account, reading.new_key([Scope.ADMIN], account)[1])


@pytest.fixture(scope="module")
def postgres() -> Iterator[postgresql.PostgreSQL]:
    with postgresql.running(postgresql.PostgreSQL, free_port()) as started:
        yield started


@pytest.fixture(scope="module")
def maria() -> Iterator[mariadb.MariaDB]:
    with mariadb.running(free_port()) as started:
        yield started


def _values() -> str:
    rows = (f"('{at:%Y-%m-%d %H:%M:%S}+00', {n}, {x}, '{c}')" for at, n, x, c in ROWS)
    return ", ".join(rows)


def _monitor(shop: Tenant, url: str, secret: str, **source: Any) -> httpx.Response:
    spec = {
        "dataset": "orders", "schedule": "every 1h", "window": "1h", "late": "1d",
        "source": {"url": url, "secret": secret, "time_column": "at", "keep_rows": 3, **source},
        "checks": [{"check": "unique", "columns": ["id"]}, {"check": "volume", "min": 800}],
    }  # fmt: skip
    address = f"{shop.server.url}/api/v1/monitors/orders"
    put = httpx.put(address, json=spec, headers=shop.headers, timeout=60)
    assert put.status_code == 200, put.text
    assert secret not in put.text
    return httpx.post(f"{address}/run", json={}, headers=shop.headers, timeout=120)


def _assert_seen(shop: Tenant, ran: httpx.Response) -> None:
    """The window of the rows, by UTC, has all of them, and both checks passed."""
    assert ran.status_code == 200, ran.text
    address = f"{shop.server.url}/api/v1/monitors/orders"
    asked = {"start": (HOUR - timedelta(days=2)).isoformat(), "end": datetime.now(UTC).isoformat()}
    runs = httpx.get(f"{address}/runs", params=asked, headers=shop.headers).json()["runs"]
    starts = {datetime.fromisoformat(run["start"]): (run["rows"], run["status"]) for run in runs}
    assert starts.pop(HOUR) == (900, "Completed")
    assert all(rows == 0 for rows, _ in starts.values())


def _profile(source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vedette", "profile", source, "--json"],
        capture_output=True, text=True, check=False, env={**os.environ, **environment}, timeout=120,
    )  # fmt: skip


def _columns(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return {column["name"]: column for column in json.loads(done.stdout)["columns"]}


def test_a_table_of_postgresql(shop: Tenant, postgres: postgresql.PostgreSQL) -> None:
    postgres.admin("CREATE SCHEMA sales")
    postgres.admin(
        "CREATE TABLE sales.orders (at timestamptz, id bigint, amount numeric(9, 2), country text)"
    )
    postgres.admin(f"INSERT INTO sales.orders VALUES {_values()}")
    place = f"@127.0.0.1:{postgres.port}/postgres"
    whole = f"postgresql://tester:{quote(postgresql.PASSWORD, safe='')}{place}"

    _assert_seen(
        shop, _monitor(shop, f"postgresql://tester{place}/sales.orders", postgresql.PASSWORD)
    )
    found = _columns(_profile(f"{whole}/sales.orders", TZ="Asia/Tokyo"))
    assert found["at"]["minimum"] == HOUR.timestamp()
    assert (found["amount"]["minimum"], found["amount"]["maximum"]) == (0.25, 96.25)

    wrong = _monitor(shop, f"postgresql://tester{place}/sales.orders", "another")
    assert "the database refuses the user or the password" in wrong.text
    missing = _monitor(shop, f"postgresql://tester{place}/sales.none", postgresql.PASSWORD)
    assert "does not exist" in missing.text
    told = _profile(f"postgresql://tester:another{place}/sales.orders")
    assert told.returncode != 0
    assert "refuses the user or the password" in " ".join(told.stderr.split())
    assert "cannot be reached" in _profile(f"postgresql://t:w@127.0.0.1:{free_port()}/d/t").stderr


def test_a_table_of_mysql(shop: Tenant, maria: mariadb.MariaDB) -> None:
    maria.run(
        "SET time_zone = '+00:00'; USE shop;"
        "CREATE TABLE orders (at timestamp(3) NULL, id bigint, amount decimal(9, 2), country varchar(8));"
        f"INSERT INTO orders VALUES {_values().replace('+00', '')}; SET GLOBAL time_zone = '-05:30';"
    )
    place = f"@127.0.0.1:{maria.port}/shop"
    whole = f"mysql://reader:{quote(mariadb.PASSWORD, safe='')}{place}"

    _assert_seen(shop, _monitor(shop, f"mysql://reader{place}/orders", mariadb.PASSWORD))
    assert _columns(_profile(f"{whole}/orders"))["at"]["minimum"] == HOUR.timestamp()
    maria.run("SET GLOBAL time_zone = 'SYSTEM'")

    wrong = _monitor(shop, f"mysql://reader{place}/orders", "another")
    assert "the database refuses the user or the password" in wrong.text
    missing = _monitor(shop, f"mysql://reader{place}/none", mariadb.PASSWORD)
    assert "doesn't exist" in missing.text


def test_zero_dates_of_mysql_are_missing(shop: Tenant, maria: mariadb.MariaDB) -> None:
    moments = ", ".join(f"('{at:%Y-%m-%d %H:%M:%S}', {n}, '{c}')" for at, n, _, c in ROWS)
    maria.run(
        "SET time_zone = '+00:00', sql_mode = ''; USE shop; CREATE TABLE zeros (at datetime(3), id bigint,"
        " `shipped ``on``` date NOT NULL, seen timestamp NULL, born date, country varchar(8));"
        f"INSERT INTO zeros (at, id, country) VALUES {moments};"
        "UPDATE zeros SET `shipped ``on``` = IF(id < 40, '0000-00-00', '1970-01-01'),"
        " seen = IF(id < 30, 0, '1970-01-01 00:00:01'), born = IF(id < 20, '2024-02-00', '2024-02-01');"
        "INSERT INTO zeros VALUES (0, 900, '0000-00-00', NULL, NULL, 'DE');"
        "SET GLOBAL time_zone = '-05:30';"
    )
    place = f"@127.0.0.1:{maria.port}/shop/zeros"
    done = _profile(f"mysql://reader:{quote(mariadb.PASSWORD, safe='')}{place}")
    found = _columns(done)
    missing = {name: column["missing"] for name, column in found.items()}
    assert missing == {
        "at": 1, "id": 0, "shipped `on`": 41, "seen": 31, "born": 21, "country": 0,
    }  # fmt: skip
    assert found["shipped `on`"]["minimum"] == found["shipped `on`"]["maximum"] == 0
    assert found["seen"]["minimum"] == 1
    assert found["at"]["minimum"] == HOUR.timestamp()
    assert "shipped `on` has 41 dates whose month or day is zero" in done.stderr
    assert "at has 1 date whose month" in json.loads(done.stdout)["notes"][0]

    _assert_seen(shop, _monitor(shop, f"mysql://reader{place}", mariadb.PASSWORD))
    runs = httpx.get(
        f"{shop.server.url}/api/v1/monitors/orders/runs",
        params={"start": "-1d"}, headers=shop.headers, timeout=60,
    ).json()["runs"]  # fmt: skip
    (notes,) = (run["notes"] for run in runs if datetime.fromisoformat(run["start"]) == HOUR)
    assert any("born has 20 dates whose month or day is zero" in note for note in notes)
    seen = httpx.get(
        f"{shop.server.url}/api/v1/datasets/orders/profile",
        params={"start": "-1d"}, headers=shop.headers, timeout=60,
    ).json()  # fmt: skip
    missing = {column["name"]: column["missing"] for column in seen["columns"]}
    assert (missing["at"], missing["shipped `on`"], missing["born"]) == (0, 40, 20)
    maria.run("SET GLOBAL time_zone = 'SYSTEM'")


def test_objects_of_s3(shop: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "orders.parquet")
    body = (tmp_path / "orders.parquet").read_bytes()
    with object_store.running() as store:
        store.objects = {"lake/sales/a b+c.parquet": body, "lake/other/x.parquet": body}
        keys = {
            "AWS_ENDPOINT_URL": store.url, "AWS_ACCESS_KEY_ID": object_store.KEY,
            "AWS_SECRET_ACCESS_KEY": object_store.SECRET,
        }  # fmt: skip
        for name in ("sales/a b+c.parquet", "sales/*.parquet", "{sales,none}/a*.parquet"):
            assert (
                _columns(_profile(f"s3://lake/{name}", **keys))["at"]["minimum"] == HOUR.timestamp()
            )
        refused = _profile("s3://lake/sales/*.parquet", **{**keys, "AWS_ACCESS_KEY_ID": "other"})
        assert "refuses to be read with these keys" in " ".join(refused.stderr.split())
        for name in ("none.parquet", "none/*.parquet"):
            gone = _profile(f"s3://lake/{name}", **keys)
            assert "nothing at that address" in " ".join(gone.stderr.split())
        store.objects["lake/broken.parquet"] = body[: len(body) // 2]
        assert _profile("s3://lake/broken.parquet", **keys).returncode != 0


def test_a_monitor_of_s3(tmp_path: Path) -> None:
    columns = dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "orders.parquet")
    with object_store.running() as store, pytest.MonkeyPatch.context() as patched:
        store.objects = {"lake/orders.parquet": (tmp_path / "orders.parquet").read_bytes()}
        patched.setenv("AWS_ENDPOINT_URL", store.url)
        with Server(tmp_path / "data", sources_allowed="s3://lake") as server:
            account = server.new_account("lake")
            shop = Tenant(server, account, server.new_key([Scope.ADMIN], account)[1])
            secret = f"{object_store.KEY}:{object_store.SECRET}"
            _assert_seen(shop, _monitor(shop, "s3://lake/*.parquet", secret))
            wrong = _monitor(shop, "s3://lake/*.parquet", "OTHER:secret")
            assert "refuses to be read with these keys" in wrong.text
