"""Numbered migrations: ``sql/NNNN_name.sql.j2``, applied once each, in order.

A file is a Jinja template, so that one text serves one process, one server and a cluster:
``on_cluster``, ``local`` and ``engine(...)`` make tables replicated, ``distributed(...)`` adds the
table that spans the shards; ``is_stored(number, time)`` tells what an earlier attempt of the batch
stored already (``Body.stored``). Statements are idempotent, so a migration
that was cut off runs again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vedette.core.errors import StoreError
from vedette.store.warehouse import severity
from vedette.store.warehouse.base import Warehouse
from vedette.store.warehouse.otlp import any_value

SKIPPED = "-"
"""The ``Reason`` of a row that is neither stored nor rejected, in the landing tables."""
METRIC_KINDS = ("gauge", "sum", "histogram", "exponential_histogram", "summary")

_FOLDER = resources.files("vedette.store.warehouse")
_FILE = re.compile(r"(\d{4})_(\w+)\.sql\.j2")
_HISTORY = """
CREATE TABLE IF NOT EXISTS schema_migrations {on_cluster}
(
    Version UInt32,
    Name    String,
    Applied DateTime DEFAULT now()
)
ENGINE = {engine}
ORDER BY Version
"""
ROLLUP_TIERS: tuple[dict[str, Any], ...] = (
    {"name": "1m", "seconds": 60, "partition": "toDate"},
    {"name": "5m", "seconds": 300, "partition": "toMonday"},
    {"name": "1h", "seconds": 3600, "partition": "toStartOfMonth"},
)
_PAIRS = "arrayZip(mapKeys({0}), mapValues({0}))"
_RESOURCE_PAIRS = (
    "arrayZip(arrayMap(k -> concat('resource.', k), mapKeys(ResourceAttributes)), "
    "mapValues(ResourceAttributes))"
)
_ATTRIBUTE_SOURCES = (
    (
        "logs",
        "otel_logs",
        (
            "[('level', toString(SeverityText)), ('service', toString(ServiceName))]",
            _PAIRS.format("LogAttributes"),
            _RESOURCE_PAIRS,
        ),
    ),
    (
        "traces",
        "otel_traces",
        (
            "[('service', toString(ServiceName)), ('name', toString(SpanName)), "
            "('kind', toString(SpanKind)), ('status', toString(StatusCode))]",
            _PAIRS.format("SpanAttributes"),
            _RESOURCE_PAIRS,
        ),
    ),
)
_RESOURCE_SOURCES = (
    ("logs", "otel_logs", "TimestampTime"),
    ("traces", "otel_traces", "toDateTime(Timestamp)"),
    *(("metrics", f"otel_metrics_{kind}", "toDateTime(TimeUnix)") for kind in METRIC_KINDS),
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    version: int
    name: str

    def statements(self, cluster: str | None, table_settings: Sequence[str] = ()) -> list[str]:
        """Return its statements, rendered for one node or for a cluster.

        ``table_settings`` are added to every table of the MergeTree family.
        """
        template = f"sql/{self.version:04d}_{self.name}.sql.j2"
        text = _environment().get_template(template).render(_context(cluster, table_settings))
        text = re.sub(r"^--.*$", "", text, flags=re.MULTILINE)
        return [
            part.strip() for part in re.split(r";\s*$", text, flags=re.MULTILINE) if part.strip()
        ]


def migrations() -> list[Migration]:
    """Return all migrations in order."""
    found = [_FILE.fullmatch(entry.name) for entry in (_FOLDER / "sql").iterdir()]
    return sorted(
        (Migration(int(match[1]), match[2]) for match in found if match),
        key=lambda migration: migration.version,
    )


def format_schema(name: str) -> str:
    """Return the protobuf schema text ``otlp/<name>.proto.j2`` for the engine."""
    return _environment().get_template(f"otlp/{name}.proto.j2").render(any_value=any_value)


def derivation(name: str, **values: Any) -> str:  # noqa: ANN401 - what the template asks for
    """Return the SELECT ``derive/<name>.sql.j2`` that fills a derived table from its facts."""
    template = _environment().get_template(f"derive/{name}.sql.j2")
    return template.render(_context(None, ()), **values).strip()


def migrate(warehouse: Warehouse) -> list[Migration]:
    """Apply what is missing and return it.

    Raises:
        StoreError: the store was written by a newer version.

    """
    context = _context(warehouse.cluster, warehouse.table_settings)
    warehouse.execute(
        _HISTORY.format(on_cluster=context["on_cluster"], engine=context["engine"]("MergeTree"))
    )
    known = migrations()
    applied = set(warehouse.query("SELECT DISTINCT Version FROM schema_migrations")["Version"])
    newer = applied - {migration.version for migration in known}
    if newer:
        raise StoreError(
            f"the warehouse was written by a newer version of Vedette (migration {max(newer)})",
            remedy="upgrade Vedette, or restore the backup made before the upgrade",
        )
    missing = [migration for migration in known if migration.version not in applied]
    for migration in missing:
        for statement in migration.statements(warehouse.cluster, warehouse.table_settings):
            warehouse.execute(statement)
        warehouse.execute(
            "INSERT INTO schema_migrations (Version, Name) "
            f"VALUES ({migration.version}, '{migration.name}')"
        )
    return missing


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader([str(_FOLDER), str(_FOLDER / "otlp")]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - renders SQL from our own files, no HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _context(cluster: str | None, table_settings: Sequence[str]) -> dict[str, Any]:
    on_cluster = f"ON CLUSTER '{cluster}'" if cluster else ""
    local = "_local" if cluster else ""

    def engine(family: str, arguments: str = "") -> str:
        if not cluster:
            return f"{family}({arguments})" if arguments else family
        replica = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
        return f"Replicated{family}({', '.join(filter(None, (replica, arguments)))})"

    def distributed(table: str, key: str) -> str:
        if not cluster:
            return ""
        return (
            f"CREATE TABLE IF NOT EXISTS {table} {on_cluster} AS {table}_local "
            f"ENGINE = Distributed('{cluster}', currentDatabase(), '{table}_local', {key});"
        )

    def settings(*given: str) -> str:
        listed = ", ".join((*given, *table_settings))
        return f"SETTINGS {listed}" if listed else ""

    def is_stored(number: int | str, time: str) -> str:
        table = number << 32 if isinstance(number, int) else f"bitShiftLeft(toUInt64({number}), 32)"
        return f"has(stored, {table} + toUInt64(toDate({time})))"

    def derived_up_to(kind: str) -> str:
        # A derived table tells by this column which window its rows came from.
        return (
            f"DerivedUpTo {kind} CODEC(Delta(8), ZSTD(1)),\n"
            "    INDEX idx_derived DerivedUpTo TYPE minmax GRANULARITY 1"
        )

    return {
        "SKIPPED": SKIPPED,
        "any_value": any_value,
        "attribute_sources": _ATTRIBUTE_SOURCES,
        "derived_up_to": derived_up_to,
        "distributed": distributed,
        "engine": engine,
        "local": local,
        "member": any_value.member,
        "metric_kinds": METRIC_KINDS,
        "is_stored": is_stored,
        "on_cluster": on_cluster,
        "resource_sources": _RESOURCE_SOURCES,
        "rollup_tiers": ROLLUP_TIERS,
        "settings": settings,
        "severity_number": severity.number_sql,
        "severity_text": severity.text_sql,
    }
