"""A catalog on each back end. PostgreSQL is a cluster of its own, started once for the tests."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import psycopg
import pytest

from support.postgresql import PostgreSQL, running
from vedette.store.catalog import Actor, Catalog, Clock
from vedette.store.catalog.audit_record import GENESIS_HASH
from vedette.store.catalog.models import Base

# What tells a catalog's schema from one that a test has altered.
SCHEMA = """
    SELECT (SELECT array_agg(tgname::text ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal),
           (SELECT array_agg(relname || '.' || attname ORDER BY relname, attname)
              FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
             WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped),
           (SELECT version_num FROM alembic_version)
"""


@dataclass
class Cluster(PostgreSQL):
    """A cluster that lends databases to tests; it listens on a Unix socket only."""

    databases: count = field(default_factory=lambda: count(1))
    clean: list[str] = field(default_factory=list)
    schema: tuple | None = None

    def url(self, database: str) -> str:
        return f"postgresql://tester@/{database}?host={self.folder}"

    def new_database(self) -> str:
        name = f"catalog_{next(self.databases)}"
        self.admin(f"CREATE DATABASE {name}")
        return name

    def lend(self) -> str:
        """Return a migrated, empty catalog's database; making one takes longer than a test."""
        if self.clean:
            return self.clean.pop()
        name = self.new_database()
        Catalog.open(self.url(name)).close()
        if self.schema is None:
            with psycopg.connect(self.url(name)) as connection:
                self.schema = connection.execute(SCHEMA).fetchone()
        return name

    def take_back(self, name: str) -> None:
        """Empty a lent database for the next test, unless the test changed its schema."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            if connection.execute(SCHEMA).fetchone() != self.schema:
                return
            # As a replica: neither foreign keys nor the append-only trigger are in the way.
            connection.execute("SET session_replication_role = replica")
            for table in Base.metadata.tables:
                connection.execute(f"DELETE FROM {table}")
            connection.execute("INSERT INTO audit_head VALUES (1, 0, %s)", [GENESIS_HASH])
        self.clean.append(name)


@pytest.fixture(scope="session")
def cluster():
    with running(Cluster) as started:
        yield started


@dataclass
class FakeClock:
    """Clocks that tests move: ``clock.advance(5)`` is five seconds later."""

    moment: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ticks: float = 1000.0

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.ticks += seconds

    def clock(self) -> Clock:
        return Clock(now=lambda: self.moment, monotonic=lambda: self.ticks)


@pytest.fixture
def fake_clock():
    return FakeClock()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    """A migrated, empty catalog to copy: faster than migrating for every test."""
    path = tmp_path_factory.mktemp("template") / "catalog.sqlite"
    Catalog.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.sqlite'}"
    cluster = request.getfixturevalue("cluster")
    return cluster.url(cluster.new_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog_url(request, tmp_path):
    """URL of a migrated catalog that nobody else uses."""
    if request.param == "sqlite":
        path = tmp_path / "catalog.sqlite"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    cluster = request.getfixturevalue("cluster")
    name = cluster.lend()
    yield cluster.url(name)
    cluster.take_back(name)


@pytest.fixture
def catalog(catalog_url, fake_clock):
    """An open catalog with the account ``acme``."""
    with Catalog.open(catalog_url, clock=fake_clock.clock()) as opened:
        opened.accounts.create(Actor.system("test"), "acme")
        yield opened


@pytest.fixture
def actor():
    return Actor.system("test", account="acme")


@pytest.fixture
def raw(catalog_url):
    """Run a statement past the catalog, as someone with the database's password would."""

    def run(statement: str, *values: object) -> list[tuple]:
        if catalog_url.startswith("sqlite"):
            import sqlite3

            with sqlite3.connect(
                catalog_url.removeprefix("sqlite:///"), isolation_level=None
            ) as connection:
                return connection.execute(statement, values).fetchall()
        with psycopg.connect(catalog_url, autocommit=True) as connection:
            cursor = connection.execute(statement.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def tamper(raw, catalog_url):
    """Like ``raw``, with the triggers that keep the audit table append-only removed."""
    if catalog_url.startswith("sqlite"):
        raw("DROP TRIGGER audit_no_update")
        raw("DROP TRIGGER audit_no_delete")
    else:
        raw("DROP TRIGGER audit_append_only ON audit")
        raw("DROP TRIGGER audit_prune_only ON audit")
    return raw
