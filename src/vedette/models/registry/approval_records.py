"""Approval requests as callers see them, and how they are read and removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, select

from vedette.models.registry.checks import CheckResult
from vedette.store.catalog.registry_models import (
    ApprovalCommentRow,
    ApprovalDecisionRow,
    ApprovalRequestRow,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

PENDING, APPROVED, REJECTED, EXPIRED, CANCELLED = (
    "pending",
    "approved",
    "rejected",
    "expired",
    "cancelled",
)
STATUSES = (PENDING, APPROVED, REJECTED, EXPIRED, CANCELLED)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided."""

    actor: str
    decision: str
    comment: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """What one person said without deciding."""

    actor: str
    comment: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """A request with its checks as they were last run, and the decisions so far."""

    id: str
    model: str
    version: int
    stage: str
    status: str
    comment: str
    requested_by: str
    needed: int
    reviewers: Sequence[str]
    checks: Sequence[CheckResult]
    decisions: Sequence[Decision]
    comments: Sequence[Comment]
    created: datetime
    expires: datetime
    closed: datetime | None


def remove_requests(session: Session, *of: ColumnElement[bool]) -> None:
    """Delete requests with what was decided and said of them, before their version goes."""
    requests = select(ApprovalRequestRow.id).where(*of)
    for table in (ApprovalDecisionRow, ApprovalCommentRow):
        session.execute(delete(table).where(table.request_id.in_(requests)))
    session.execute(delete(ApprovalRequestRow).where(*of))


def results_text(results: Sequence[CheckResult]) -> str:
    """Return what checks found as the row of a request keeps it."""
    items: list[dict[str, Any]] = [
        {"check": r.check, "passed": r.passed, "message": r.message} for r in results
    ]
    return orjson.dumps(items).decode()


def view_of(session: Session, row: ApprovalRequestRow, model: str) -> Approval:
    """Return a request with its decisions and comments."""
    decided = (
        select(ApprovalDecisionRow)
        .where(ApprovalDecisionRow.request_id == row.id)
        .order_by(ApprovalDecisionRow.created)
    )
    decisions = [
        Decision(item.actor_name, item.decision, item.comment, item.created)
        for item in session.scalars(decided)
    ]
    said = (
        select(ApprovalCommentRow)
        .where(ApprovalCommentRow.request_id == row.id)
        .order_by(ApprovalCommentRow.id)
    )
    comments = [
        Comment(item.actor_name, item.comment, item.created) for item in session.scalars(said)
    ]
    return Approval(
        row.id, model, row.version, row.stage, row.status, row.comment, row.requested_by_name,
        row.needed, orjson.loads(row.reviewers),
        [CheckResult(**item) for item in orjson.loads(row.checks)], decisions, comments,
        row.created, row.expires, row.closed,
    )  # fmt: skip
