"""A catalog on each back end. PostgreSQL is a cluster of its own, started once for the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest

from vedette.store.catalog import Actor, Catalog, Clock
from vedette.store.catalog.audit_record import GENESIS_HASH
from vedette.store.catalog.models import Base

ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "America/New_York"}
START_DEADLINE_S = 60
# What tells a catalog's schema from one that a test has altered.
SCHEMA = """
    SELECT (SELECT array_agg(tgname::text ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal),
           (SELECT array_agg(relname || '.' || attname ORDER BY relname, attname)
              FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
             WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped),
           (SELECT version_num FROM alembic_version)
"""


def find_postgresql() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        candidates.insert(0, Path(on_path).parent)
    complete = (found for found in candidates if (found / "postgres").exists())
    return next(complete, None)


@dataclass
class Cluster:
    """A running PostgreSQL that listens on a Unix socket only."""

    binaries: Path
    folder: Path
    user: str | None
    process: subprocess.Popen | None = None
    databases: count = field(default_factory=lambda: count(1))
    clean: list[str] = field(default_factory=list)
    schema: tuple | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return a command line that runs as the cluster's user: PostgreSQL refuses root."""
        line = [str(self.binaries / program), *arguments]
        if self.user is None:
            return line
        drop = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--"]
        return [*drop, *line]

    def start(self) -> None:
        data = str(self.folder / "data")
        made = subprocess.run(
            self.command("initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "-N"),
            env=ENVIRONMENT, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                self.command(
                    "postgres", "-D", data, "-k", str(self.folder), "-c", "listen_addresses=",
                    "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=100",
                ),
                env=ENVIRONMENT, cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_DEADLINE_S
        while True:
            try:
                self.admin("SELECT 1")
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        if self.process is not None:
            # An immediate shutdown: nobody needs the data any more.
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=START_DEADLINE_S)

    def admin(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(
            host=str(self.folder), user="tester", dbname=database, autocommit=True
        ) as connection:
            connection.execute(statement)

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
    binaries = find_postgresql()
    if binaries is None:
        pytest.skip("PostgreSQL's programs (initdb, postgres) are not installed")
    user = None
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL refuses to run as root and there is no user 'postgres'")
        user = "postgres"
    # Not pytest's own folder: that one is closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="vedette-pg-"))
    if user is not None:
        shutil.chown(folder, user, user)
    running = Cluster(binaries, folder, user)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


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
