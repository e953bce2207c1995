"""A table of a database that is altered, or written to, while it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pytest

from support import postgresql
from support.ports import free_port
from vedette.core.errors import ConflictError
from vedette.data.profiling.engine import Rows
from vedette.data.profiling.exact import with_every_value
from vedette.data.profiling.look import LOOK_ROWS
from vedette.data.profiling.merging import summarise
from vedette.data.profiling.run import profile_source
from vedette.data.profiling.sources import Source, source_of


@pytest.fixture(scope="module")
def postgres() -> Iterator[postgresql.PostgreSQL]:
    with postgresql.running(postgresql.PostgreSQL, free_port()) as started:
        yield started


@pytest.fixture
def table(postgres: postgresql.PostgreSQL) -> Source:
    postgres.admin("DROP TABLE IF EXISTS t")
    postgres.admin(
        "CREATE TABLE t AS SELECT n AS a, n AS b, n AS c FROM generate_series(1, 2000) n"
    )
    word = quote(postgresql.PASSWORD, safe="")
    return source_of(f"postgresql://tester:{word}@127.0.0.1:{postgres.port}/postgres/t")


class Meddling:
    """An engine that has something happen to the table once its first rows were looked at."""

    def __init__(self, engine: Any, happens: Any) -> None:
        self._engine = engine
        self._happens = happens

    def rows(self, sql: str, parameters: Mapping[str, str], frame: Any = None) -> Rows:
        found: Rows = self._engine.rows(sql, parameters, frame)
        if f"LIMIT {LOOK_ROWS}" in sql:
            self._happens()
        return found


@pytest.mark.parametrize(
    "statement", ["ALTER TABLE t DROP COLUMN b", "INSERT INTO t VALUES (1, 1, 1)"]
)
def test_it_changes_between_two_statements(
    engine: Any, postgres: Any, table: Source, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.setattr("vedette.data.profiling.run.COLUMNS_A_STATEMENT", 2)
    with pytest.raises(ConflictError, match="changed while it was read"):
        profile_source(Meddling(engine, lambda: postgres.admin(statement)), table)


def test_it_changes_before_every_value_is_read(engine: Any, postgres: Any, table: Source) -> None:
    profiles = summarise(engine, profile_source(engine, table))
    assert sum(with_every_value(engine, table, profiles)[0].numbers.counts.values()) == 2000
    postgres.admin("INSERT INTO t VALUES (1, 1, 1)")
    with pytest.raises(ConflictError, match="changed while it was read"):
        with_every_value(engine, table, profiles)
