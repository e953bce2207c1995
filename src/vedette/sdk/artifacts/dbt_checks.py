"""dbt's tests and the freshness of its sources as results of checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vedette.sdk.artifacts.findings import MAX_TEXT

_STATUSES = {"pass": "passed", "warn": "violated", "fail": "violated"}
"""What could not be made, dbt's ``error`` and ``skipped``, is unknown."""
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_SHOWN = 300
Node = Mapping[str, Any]


def test_results(nodes: Mapping[str, Node], tests: Sequence[Node]) -> list[dict[str, Any]]:
    """Return results of the tests of one table.

    A test that warned is violated with severity ``warning``, whatever it may become at more rows.
    """
    return [_test(nodes[str(one["unique_id"])], one) for one in tests]


def _test(node: Node, one: Node) -> dict[str, Any]:
    status = str(one.get("status"))
    generic = node.get("test_metadata") or {}
    kwargs = {
        str(name): value
        for name, value in (generic.get("kwargs") or {}).items()
        if name not in {"model", "column_name"}
    }
    kind = str(generic.get("name") or node.get("resource_type") or "test")
    config = node.get("config") or {}
    severity = "warning" if status == "warn" or str(config.get("severity")).lower() == "warn" else "error"  # fmt: skip
    failures = one.get("failures")
    found: dict[str, Any] = {
        "check": {"check": kind, "test": str(node.get("name")), **kwargs},
        "title": str(node.get("name") or one["unique_id"]),
        "kind": kind,
        "column": str(node.get("column_name") or ""),
        "severity": severity,
        "status": _STATUSES.get(status, "unknown"),
        "description": _description(one, status)[:MAX_TEXT],
    }
    if isinstance(failures, int) and status in _STATUSES:
        found |= {"observed": float(failures), "failing": failures}
    return found


def _description(one: Node, status: str) -> str:
    message = str(one.get("message") or "")
    seconds = one.get("execution_time")
    took = f" in {seconds:.2f} s" if isinstance(seconds, int | float) else ""
    return message[:MAX_TEXT] if message else f"{status}{took}"


def freshness_results(one: Node) -> list[dict[str, Any]]:
    """Return the result of a source's freshness: how many seconds old its newest row was."""
    status = str(one.get("status"))
    criteria = one.get("criteria") or {}
    level = "warn_after" if status == "warn" else "error_after"
    limit = _seconds(criteria.get(level)) or _seconds(criteria.get("warn_after"))
    age = one.get("max_loaded_at_time_ago_in_s")
    known = isinstance(age, int | float) and status in {"pass", "warn", "error"}
    return [
        {
            "check": {"check": "freshness", **{k: v for k, v in criteria.items() if v}},
            "title": "freshness",
            "kind": "freshness",
            "column": "",
            "severity": "warning" if status == "warn" else "error",
            "status": "unknown" if not known else "passed" if status == "pass" else "violated",
            "observed": age if known else None,
            "expected": limit,
            "description": f"the newest row is of {one.get('max_loaded_at')}" if known
            else str(one.get("error") or status)[:_SHOWN],
        }
    ]  # fmt: skip


def _seconds(after: object) -> float | None:
    if not isinstance(after, Mapping) or not isinstance(after.get("count"), int):
        return None
    return float(after["count"] * _SECONDS.get(str(after.get("period")), 0)) or None
