"""The account's scope: the one place where a statement learns whose rows it may read.

Statements never name a fact table. They write ``@otel_logs``, and ``scoped`` puts in its place the
rows of one account, bound to the parameter ``ACCOUNT_PARAMETER``. A statement that names a fact
table outright, or binds that parameter itself, is a programming error and does not run.

A monitoring account reads what others share with it inside ``reading``: there ``@otel_logs`` stands for
the rows of the account and of those that share logs with it. A table of a kind that nobody shares stays
the account's own, so that what is not shared on purpose is not shared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

ACCOUNT_PARAMETER = "vedette_account"

TABLES = frozenset(
    {
        "alarm_history",
        "attribute_values",
        "audit_calls",
        "data_baselines",
        "data_profiles",
        "data_results",
        "data_samples",
        "kpi_values",
        "lineage_columns",
        "lineage_datasets",
        "lineage_edges",
        "lineage_events",
        "metric_rollup_1h",
        "metric_rollup_1m",
        "metric_rollup_5m",
        "metric_series",
        "otel_logs",
        "otel_metrics_exponential_histogram",
        "otel_metrics_gauge",
        "otel_metrics_histogram",
        "otel_metrics_sum",
        "otel_metrics_summary",
        "otel_traces",
        "otel_traces_trace_id_ts",
        "prediction_labels",
        "prediction_references",
        "predictions",
        "rejected",
        "resources",
        "run_metric_points",
        "slo_hours",
        "slo_minutes",
        "span_metrics_1m",
        "synthetic_runs",
    }
)
"""Every table of facts; each has an ``Account`` column."""

GUARDED = frozenset({"audit_calls"})
"""Tables that ask for more than a query's permission: nobody's own SQL reads them."""

HIDDEN_COLUMNS: Mapping[str, tuple[str, ...]] = {"otel_traces": ("SpanHash", "ParentHash")}
"""Materialized columns, which ``SELECT *`` leaves out and a statement may still use."""

SHARED_BY: Mapping[str, frozenset[str]] = {
    **{table: frozenset({"logs"}) for table in ("otel_logs",)},
    **{
        table: frozenset({"traces"})
        for table in ("otel_traces", "otel_traces_trace_id_ts", "span_metrics_1m")
    },
    **{
        table: frozenset({"metrics"})
        for table in (
            "metric_rollup_1h", "metric_rollup_1m", "metric_rollup_5m", "metric_series",
            "otel_metrics_exponential_histogram", "otel_metrics_gauge", "otel_metrics_histogram",
            "otel_metrics_sum", "otel_metrics_summary",
        )
    },
    "attribute_values": frozenset({"logs", "traces"}),
    "resources": frozenset({"logs", "traces", "metrics"}),
    "alarm_history": frozenset({"alarms"}),
}  # fmt: skip
"""The kinds that an account must share, all of them, for its rows of a table to be read by another."""

READING_PARAMETER = "vedette_reading_"
"""Begins the parameter that holds the accounts whose rows of a table are read."""
_reading: ContextVar[Mapping[str, frozenset[str]] | None] = ContextVar("reading", default=None)

_MARK = re.compile(r"'(?:[^'\\]|\\.)*'|@([a-z_0-9]+)")
_NAMES = "|".join(sorted(TABLES, key=len, reverse=True))
_RAW = re.compile(
    rf"(?<![@\w])(?:{_NAMES})(?!\w)|\b(?:FROM|JOIN|IN)\s+[`\"](?:{_NAMES})[`\"]", re.IGNORECASE
)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
_QUOTED_NAME = re.compile(r"(?<!FROM )(?<!JOIN )(?<!IN )(?:`[^`]*`|\"[^\"]*\")", re.IGNORECASE)


class UnscopedStatementError(AssertionError):
    """A statement of ours would read rows of every account; a bug, never a user's mistake."""


@contextmanager
def reading(shared: Mapping[str, frozenset[str]]) -> Iterator[None]:
    """Read in this context also what other accounts share: kinds by account.

    Whoever calls this has checked that they do.
    """
    token = _reading.set(shared)
    try:
        yield
    finally:
        _reading.reset(token)


def read_also(shared: Mapping[str, frozenset[str]]) -> None:
    """Do as ``reading`` for the rest of this context: that of a request."""
    _reading.set(shared)


def _readable(table: str) -> list[str]:
    """Return the other accounts whose rows of a table are read in this context."""
    needed, shared = SHARED_BY.get(table), _reading.get()
    if not shared or needed is None:
        return []
    return sorted(account for account, kinds in shared.items() if needed <= kinds)


def table_source(table: str) -> str:
    """Return the subquery that holds the rows of a table that this context may read."""
    if table not in TABLES:
        raise UnscopedStatementError(f"@{table} is not a fact table")
    columns = ", ".join(("*", *HIDDEN_COLUMNS.get(table, ())))
    if _readable(table):
        wanted = f"{{{READING_PARAMETER}{table}:Array(String)}}"
        return (
            f"(SELECT {columns} FROM {table} WHERE Account = {{{ACCOUNT_PARAMETER}:String}} "
            f"OR Account IN {wanted})"
        )
    return f"(SELECT {columns} FROM {table} WHERE Account = {{{ACCOUNT_PARAMETER}:String}})"


def scoped(sql: str) -> str:
    """Return the statement with every ``@table`` narrowed to one account's rows.

    Raises:
        UnscopedStatementError: the statement names a fact table without ``@``.

    """
    # A quoted name that no FROM, JOIN or IN precedes is an alias or a column.
    if match := _RAW.search(_QUOTED_NAME.sub("_", _QUOTED.sub("''", sql))):
        raise UnscopedStatementError(f"write @{match[0]}: a statement may not name {match[0]}")
    return _MARK.sub(lambda match: table_source(match[1]) if match[1] else match[0], sql)


def bound(account: str, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the parameters with the account added."""
    values = dict(params or {})
    if ACCOUNT_PARAMETER in values or any(name.startswith(READING_PARAMETER) for name in values):
        raise UnscopedStatementError(f"{ACCOUNT_PARAMETER} is bound by the scope alone")
    values[ACCOUNT_PARAMETER] = account
    for table in SHARED_BY if _reading.get() else ():
        if accounts := _readable(table):
            values[f"{READING_PARAMETER}{table}"] = accounts
    return values
