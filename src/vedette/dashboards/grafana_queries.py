"""Queries of Grafana's panels: PromQL as metric queries, ClickHouse's SQL as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from vedette.alarms.promql import map_queries
from vedette.core.errors import VedetteError
from vedette.dashboards.definition import MAX_QUERIES
from vedette.dashboards.grafana_looks import as_dict, as_list, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEM = re.compile(r"\$\{?__(?:rate_interval|interval|range|auto_interval\w*)\}?")
_IN_RANGE = re.compile(r"\[\s*\$\{?\w+\}?\s*(:[^\]]*)?\]")
_OLD = re.compile(r"\[\[(\w+)(?::\w+)?\]\]")
_FORMATTED = re.compile(r"\$\{(\w+):\w+\}")
_LETTER = re.compile(r"[^a-z0-9_]")
SERIES = 100
"""Most series of a query; Grafana has no limit."""


class Untranslatable(Exception):  # noqa: N818 - becomes a note
    """A panel has no equal; the text says why."""


def with_our_variables(text: str) -> str:
    """Return a text with variables as we write them: ``$name`` and ``${name}``."""
    return _FORMATTED.sub(r"${\1}", _OLD.sub(r"${\1}", text))


def query_of(panel: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a panel's query, and what of it is not as it was.

    Raises:
        Untranslatable: none of its targets has an equal.

    """
    targets = [as_dict(one) for one in as_list(panel.get("targets"))]
    if not targets:
        raise Untranslatable("it has no query")
    statements = [text_of(one.get("rawSql")) for one in targets if one.get("rawSql")]
    if statements:
        return _sql(panel, targets, statements)
    queries: list[dict[str, Any]] = []
    notes: list[str] = []
    reasons: list[str] = []
    for number, target in enumerate(targets):
        name = text_of(target.get("refId")) or chr(65 + number)
        try:
            queries += _target(panel, target, name, notes)
        except VedetteError as error:
            reasons.append(f"query {name}: {error.message}")
        except Untranslatable as error:
            reasons.append(f"query {name}: {error}")
    if not any(not one.get("hidden") for one in queries):
        raise Untranslatable("; ".join(reasons) or "all of its queries are hidden")
    if len(queries) > MAX_QUERIES:
        raise Untranslatable(f"it has more than {MAX_QUERIES} queries")
    return {"type": "metric", "queries": queries}, [*notes, *reasons]


def _target(
    panel: Mapping[str, Any], target: Mapping[str, Any], name: str, notes: list[str]
) -> list[dict[str, Any]]:
    source = as_dict(target.get("datasource") or panel.get("datasource"))
    kind = text_of(source.get("type"))
    expression = text_of(target.get("expr"))
    if kind and "prometheus" not in kind and not kind.startswith("$"):
        raise Untranslatable(f"the data source {kind} has no equal")
    if not expression:
        raise Untranslatable("it is no PromQL")
    prepared = _SYSTEM.sub("5m", with_our_variables(expression))
    mapped = map_queries(_IN_RANGE.sub("[5m]", prepared))
    notes += [f"query {name}: {note}" for note in mapped.notes]
    prefix = _prefix(name)
    ids = {one["id"] for one in mapped.queries}
    label = with_our_variables(text_of(target.get("legendFormat")))[:1024]
    label = "" if label == "__auto" else label
    found = []
    for one in mapped.queries:
        own = {**one, "id": prefix + one["id"]}
        if "expression" in one:
            own["expression"] = _renamed(one["expression"], ids, prefix)
        elif "top" not in one:
            own["top"] = {"count": SERIES}
        if one["id"] == mapped.shown:
            own["label"] = label
            own["hidden"] = bool(target.get("hide"))
        found.append(own)
    return found


def _prefix(name: str) -> str:
    letters = _LETTER.sub("_", name.lower())[:40]
    return f"{letters if letters[:1].isalpha() else 'q' + letters}_"


def _renamed(expression: str, ids: set[str], prefix: str) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda m: prefix + m[0] if m[0] in ids else m[0], expression)


def _sql(
    panel: Mapping[str, Any], targets: list[Mapping[str, Any]], statements: list[str]
) -> tuple[dict[str, Any], list[str]]:
    source = as_dict(targets[0].get("datasource") or panel.get("datasource"))
    kind = text_of(source.get("type"))
    if "clickhouse" not in kind:
        raise Untranslatable(f"SQL of the data source {kind or 'unknown'} has no equal")
    notes = ["its SQL came over as it is: it must read the tables of the collector's exporter"]
    if len(targets) > 1:
        notes.append("only its first query came over")
    return {"type": "sql", "sql": with_our_variables(statements[0])[:32_768]}, notes
