"""The account's scope: the one place where a statement learns whose rows it may read.

Statements never name a fact table. They write ``@otel_logs``, and ``scoped`` puts in its place the
rows of one account, bound to the parameter ``ACCOUNT_PARAMETER``. A statement that names a fact
table outright, or binds that parameter itself, is a programming error and does not run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ACCOUNT_PARAMETER = "vedette_account"

TABLES = frozenset(
    {
        "attribute_values",
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
        "rejected",
        "resources",
        "span_metrics_1m",
    }
)
"""Every table of facts; each has an ``Account`` column."""

HIDDEN_COLUMNS: Mapping[str, tuple[str, ...]] = {"otel_traces": ("SpanHash", "ParentHash")}
"""Materialized columns, which ``SELECT *`` leaves out and a statement may still use."""

_MARK = re.compile(r"'(?:[^'\\]|\\.)*'|@([a-z_0-9]+)")
_NAMES = "|".join(sorted(TABLES, key=len, reverse=True))
_RAW = re.compile(
    rf"(?<![@\w])(?:{_NAMES})(?!\w)|\b(?:FROM|JOIN|IN)\s+[`\"](?:{_NAMES})[`\"]", re.IGNORECASE
)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
_QUOTED_NAME = re.compile(r"(?<!FROM )(?<!JOIN )(?<!IN )(?:`[^`]*`|\"[^\"]*\")", re.IGNORECASE)


class UnscopedStatementError(AssertionError):
    """A statement of ours would read rows of every account; a bug, never a user's mistake."""


def table_source(table: str) -> str:
    """Return the subquery that holds one account's rows of a table."""
    if table not in TABLES:
        raise UnscopedStatementError(f"@{table} is not a fact table")
    columns = ", ".join(("*", *HIDDEN_COLUMNS.get(table, ())))
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
    if ACCOUNT_PARAMETER in values:
        raise UnscopedStatementError(f"{ACCOUNT_PARAMETER} is bound by the scope alone")
    values[ACCOUNT_PARAMETER] = account
    return values
