"""Calls about issues that were found in traces."""

from __future__ import annotations

from typing import Any

from vedette.models.review.issues import MAX_PAGE, TraceIssue, TraceIssues
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.common import page_size, without_none
from vedette.receivers.mlflow.schema import (
    BOOL,
    INT64,
    STRING,
    Arguments,
    optional,
    repeated,
    required,
)


def create_issue(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST issues``."""
    made = TraceIssues(context.caller).create(
        given["experiment_id"],
        given["name"],
        given["description"],
        status=given["status"],
        severity=given["severity"],
        root_causes=given["root_causes"],
        categories=given["categories"],
        source_run_id=given["source_run_id"],
        created_by=given["created_by"],
    )
    return {"issue": _shown(made)}


def get_issue(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET issues/{id}``."""
    return {"issue": _shown(TraceIssues(context.caller).get(given["issue_id"]))}


def update_issue(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PATCH issues/{id}``."""
    changed = TraceIssues(context.caller).update(
        given["issue_id"],
        name=given["name"],
        description=given["description"],
        status=given["status"],
        severity=given["severity"],
    )
    return {"issue": _shown(changed)}


def search_issues(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST issues/search``."""
    found, token = TraceIssues(context.caller).search(
        given["experiment_id"],
        page_size(given["max_results"], 100, MAX_PAGE),
        filter_=given["filter_string"],
        page_token=given["page_token"],
        count_traces=given["include_trace_count"],
    )
    return without_none({"issues": [_shown(one) for one in found], "next_page_token": token})


def _shown(one: TraceIssue) -> dict[str, Any]:
    return without_none(
        {
            "issue_id": one.id,
            "experiment_id": one.experiment_id,
            "name": one.name,
            "description": one.description,
            "status": one.status,
            "severity": one.severity,
            "root_causes": list(one.root_causes),
            "categories": list(one.categories),
            "source_run_id": one.source_run_id,
            "created_by": one.created_by,
            "created_timestamp": one.created_ms,
            "last_updated_timestamp": one.updated_ms,
            "trace_count": one.traces,
        }
    )


_ID = {"issue_id": required(STRING)}
CALLS = (
    Call(
        "POST",
        "3.0/issues",
        {
            "experiment_id": required(STRING),
            "name": required(STRING),
            "description": required(STRING),
            "status": optional(STRING, "pending"),
            "severity": optional(STRING),
            "root_causes": optional(repeated(STRING)),
            "categories": optional(repeated(STRING)),
            "source_run_id": optional(STRING),
            "created_by": optional(STRING),
        },
        create_issue,
    ),
    reads(
        "POST",
        "3.0/issues/search",
        {
            "experiment_id": optional(STRING),
            "filter_string": optional(STRING),
            "max_results": optional(INT64),
            "page_token": optional(STRING),
            "include_trace_count": optional(BOOL, default=False),
        },
        search_issues,
    ),
    reads("GET", "3.0/issues/{issue_id}", _ID, get_issue),
    Call(
        "PATCH",
        "3.0/issues/{issue_id}",
        {
            **_ID,
            "name": optional(STRING),
            "description": optional(STRING),
            "status": optional(STRING),
            "severity": optional(STRING),
        },
        update_issue,
    ),
)
