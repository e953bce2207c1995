"""Issues: problems that were found in an experiment's traces.

A trace that has one says so by an assessment of kind ``issue`` under the issue's id.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import ColumnElement, case, func, null, select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.models.context import Caller, now_ms
from vedette.models.filters import Field, Fields, Searchable, parse_filter
from vedette.models.limits import MAX_DESCRIPTION, MAX_KEY, check_length, check_name
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.tracking.experiments import find, find_active
from vedette.store.catalog.review_models import TraceIssueRow
from vedette.store.catalog.tracking_models import AssessmentRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

STATUSES = ("pending", "rejected", "resolved")
SEVERITIES = ("not_an_issue", "low", "medium", "high")
"""From least to most."""
MAX_PAGE = 1000
MAX_LIST = 100
_FIELDS = Fields(
    {"status": Field(TraceIssueRow.status), "source_run_id": Field(TraceIssueRow.source_run_id)}
)
_SEARCHABLE = Searchable(
    {"": _FIELDS, **dict.fromkeys(("attribute", "attributes", "attr"), _FIELDS)},
    [TraceIssueRow.created_ms.desc(), TraceIssueRow.id.desc()],
)
_SEVERITY = case(
    {name: rank for rank, name in enumerate(SEVERITIES)}, value=TraceIssueRow.severity, else_=-1
)
_TRACES: ColumnElement[Any] = (
    select(func.count(AssessmentRow.trace_id.distinct()))
    .where(
        AssessmentRow.account == TraceIssueRow.account,
        AssessmentRow.kind == "issue",
        AssessmentRow.name == TraceIssueRow.id,
    )
    .correlate(TraceIssueRow)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class TraceIssue:
    """An issue; ``traces`` is how many traces have it, None where nobody asked."""

    id: str
    experiment_id: str
    name: str
    description: str
    status: str
    severity: str | None
    root_causes: Sequence[str]
    categories: Sequence[str]
    source_run_id: str | None
    created_by: str | None
    created_ms: int
    updated_ms: int
    traces: int | None = None


class TraceIssues:
    """Issues of one account's experiments."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(
        self,
        experiment_id: str,
        name: str,
        description: str,
        *,
        status: str = "pending",
        severity: str | None = None,
        root_causes: Sequence[str] = (),
        categories: Sequence[str] = (),
        source_run_id: str | None = None,
        created_by: str | None = None,
    ) -> TraceIssue:
        """Add an issue to an active experiment."""
        _check(name, description, status, severity)
        lists = [_as_json(root_causes, "root_causes"), _as_json(categories, "categories")]
        check_length(source_run_id or "", MAX_KEY, field="source_run_id")
        check_length(created_by or "", MAX_KEY, field="created_by")
        now = now_ms()
        with self._caller.change(
            "CreateTraceIssue", {"name": name}, [self._caller.experiment(experiment_id)]
        ) as change:
            find_active(change.session, self._caller.account, experiment_id)
            row = TraceIssueRow(
                id=f"iss-{uuid.uuid4().hex}", account=self._caller.account, name=name,
                experiment_id=experiment_id, description=description, status=status,
                severity=severity, root_causes=lists[0], categories=lists[1],
                source_run_id=source_run_id, created_by=created_by, created_ms=now, updated_ms=now,
            )  # fmt: skip
            change.session.add(row)
            return _view(row)

    def get(self, issue_id: str) -> TraceIssue:
        """Return an issue; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            return _view(self._find(session, issue_id))

    def update(
        self,
        issue_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        status: str | None = None,
        severity: str | None = None,
    ) -> TraceIssue:
        """Change what is given."""
        given = {"name": name, "description": description, "status": status, "severity": severity}
        changes = {key: value for key, value in given.items() if value is not None}
        _check(name, description, status, severity)
        with self._caller.change("UpdateTraceIssue", {**changes, "issue_id": issue_id}) as change:
            row = self._find(change.session, issue_id)
            change.concern(self._caller.experiment(row.experiment_id))
            for key, value in changes.items():
                setattr(row, key, value)
            row.updated_ms = now_ms()
            return _view(row)

    def search(
        self,
        experiment_id: str | None,
        max_results: int,
        *,
        filter_: str | None = None,
        page_token: str | None = None,
        count_traces: bool = False,
    ) -> tuple[list[TraceIssue], str | None]:
        """Return a page of issues, the most severe and newest first, and the next page's token.

        A filter compares ``status`` and ``source_run_id``.
        """
        query = query_hash("issues", experiment_id, filter_, count_traces)
        offset = decode_token(page_token, query)
        account = self._caller.account
        traces: ColumnElement[Any] = _TRACES if count_traces else null()
        chosen = select(TraceIssueRow, traces).where(TraceIssueRow.account == account)
        chosen = chosen.order_by(_SEVERITY.desc())
        if count_traces:
            chosen = chosen.order_by(_TRACES.desc())
        if experiment_id is not None:
            chosen = chosen.where(TraceIssueRow.experiment_id == experiment_id)
        chosen = _SEARCHABLE.apply(chosen, parse_filter(filter_), [], self._caller.dialect)
        with self._caller.read() as session:
            if experiment_id is not None:
                find(session, account, experiment_id)
            found = session.execute(chosen.offset(offset).limit(max_results + 1)).all()
        more = token_after(len(found), offset, max_results, query)
        return [_view(row, count) for row, count in found[:max_results]], more

    def _find(self, session: Session, issue_id: str) -> TraceIssueRow:
        row = session.get(TraceIssueRow, issue_id)
        if row is None or row.account != self._caller.account:
            raise NotFoundError(f"Issue with ID '{issue_id[:100]}' not found", field="issue_id")
        return row


def _check(
    name: str | None, description: str | None, status: str | None, severity: str | None
) -> None:
    if name is not None:
        check_name(name, field="name", most=MAX_KEY)
    check_length(description or "", MAX_DESCRIPTION, field="description")
    for value, known, field in ((status, STATUSES, "status"), (severity, SEVERITIES, "severity")):
        if value is not None and value not in known:
            raise InvalidInputError(
                f"Invalid value {value[:40]!r} for parameter '{field}' supplied.",
                field=field,
                remedy=f"use one of {', '.join(known)}",
            )


def _as_json(texts: Sequence[str], field: str) -> str:
    if len(texts) > MAX_LIST:
        raise InvalidInputError(f"more than {MAX_LIST} {field}", field=field)
    for text in texts:
        check_length(text, MAX_DESCRIPTION, field=field)
    return orjson.dumps(list(texts)).decode()


def _view(row: TraceIssueRow, traces: int | None = None) -> TraceIssue:
    return TraceIssue(
        row.id, row.experiment_id, row.name, row.description, row.status, row.severity,
        orjson.loads(row.root_causes), orjson.loads(row.categories), row.source_run_id,
        row.created_by, row.created_ms, row.updated_ms, traces,
    )  # fmt: skip
