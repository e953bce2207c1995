"""The migrations as a cluster gets them: their text, and that the engine's parser takes it."""

from __future__ import annotations

import re

import pytest

from vedette.store.warehouse import Warehouse
from vedette.store.warehouse.migrate import Migration, migrations

CREATE = re.compile(r"CREATE (TABLE|MATERIALIZED VIEW) IF NOT EXISTS (\w+) (.*)", re.DOTALL)
CHANGE = re.compile(
    r"ALTER TABLE \w+ ON CLUSTER 'c1' ADD COLUMN IF NOT EXISTS .*|DROP VIEW IF EXISTS \w+ ON CLUSTER 'c1'.*",
    re.DOTALL,
)
REPLICA = "('/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
WRITTEN = [statement for migration in migrations() for statement in migration.statements("c1")]
STATEMENTS = [statement for statement in WRITTEN if not CHANGE.fullmatch(statement)]
DISTRIBUTED = {
    match[1]
    for statement in STATEMENTS
    if (match := re.search(r"(\w+) ON CLUSTER 'c1' AS \w+ ENGINE = Distributed", statement))
}


def _created(statement: str) -> tuple[str, str, str]:
    match = CREATE.fullmatch(statement)
    assert match, statement[:200]
    return match[1], match[2], match[3]


@pytest.mark.parametrize("migration", migrations(), ids=lambda m: f"{m.version}_{m.name}")
def test_the_engine_parses_every_statement(warehouse: Warehouse, migration: Migration) -> None:
    statements = migration.statements("c1")
    assert statements
    for statement in statements:
        sql = "SELECT length(formatQuery({s:String})) AS n"
        assert warehouse.query(sql, {"s": statement}).scalar() > 0


def test_every_statement_runs_on_the_whole_cluster() -> None:
    for statement in STATEMENTS:
        _, _, rest = _created(statement)
        assert rest.startswith("ON CLUSTER 'c1'"), statement[:100]


def test_every_table_is_replicated_distributed_or_keeps_nothing() -> None:
    for statement in STATEMENTS:
        kind, name, rest = _created(statement)
        if kind == "TABLE":
            engine = re.search(r"ENGINE = (\w+)(.*)", rest, re.DOTALL)
            assert engine, name
            if engine[1].startswith("Replicated"):
                assert name.endswith("_local")
                assert engine[2].startswith(REPLICA), name
            else:
                assert engine[1] in {"Null", "Distributed"}, (name, engine[1])


def test_every_replicated_table_has_one_that_spans_the_shards() -> None:
    names = {_created(statement)[1] for statement in STATEMENTS}
    local = {name for name in names if name.endswith("_local")}
    assert {f"{name}_local" for name in DISTRIBUTED} == local
    assert {"otel_traces", "otel_logs", "otel_metrics_gauge", "rejected"} <= DISTRIBUTED
    for statement in STATEMENTS:
        _, name, rest = _created(statement)
        if name in DISTRIBUTED:
            expected = f"Distributed('c1', currentDatabase(), '{name}_local', "
            assert expected in rest


def test_views_read_and_write_the_tables_of_their_own_node() -> None:
    """A view over a distributed table would send each row around the cluster again."""
    seen = 0
    for statement in STATEMENTS:
        kind, name, rest = _created(statement)
        if kind == "MATERIALIZED VIEW":
            seen += 1
            used = set(re.findall(r"\b(?:TO|FROM|JOIN) (\w+)", rest))
            assert not used & DISTRIBUTED, (name, used & DISTRIBUTED)
    assert seen > 20


def test_a_single_node_has_none_of_it() -> None:
    for migration in migrations():
        for statement in migration.statements(None):
            assert "CLUSTER" not in statement
            assert "Replicated" not in statement
            assert "Distributed" not in statement
            assert "_local" not in statement
