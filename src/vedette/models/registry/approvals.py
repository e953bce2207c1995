"""Approval requests: somebody asks that a version enters a stage, others decide.

The last approval that is needed brings the version in, in the same transaction. Nobody decides what
they asked for themselves, also not what they asked for with an API key of theirs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import func, select

from vedette.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.models.context import Caller
from vedette.models.limits import check_length
from vedette.models.registry.approval_records import (
    APPROVED,
    CANCELLED,
    EXPIRED,
    PENDING,
    REJECTED,
    STATUSES,
    Approval,
    results_text,
    view_of,
)
from vedette.models.registry.checks import Finding, Subject, Watch, run_checks
from vedette.models.registry.events import announce
from vedette.models.registry.gates import findings_for, rule_for
from vedette.models.registry.records import find_version
from vedette.models.registry.stages import Stage, StageStatus
from vedette.models.registry.versions import enter_stage
from vedette.store.catalog import Actor, Page
from vedette.store.catalog.models import ApiKeyRow
from vedette.store.catalog.registry_models import (
    ApprovalCommentRow,
    ApprovalDecisionRow,
    ApprovalRequestRow,
    ModelVersionRow,
    RegisteredModelRow,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from vedette.store.catalog import Catalog

MAX_COMMENT = 5000
MAX_COMMENTS = 200
_EXPIRED_AT_ONCE = 100


class Approvals:
    """Requests of one account."""

    def __init__(self, caller: Caller, watch: Watch | None = None) -> None:
        self._caller = caller
        self._watch = watch

    def request(self, name: str, version: int, stage: Stage, *, comment: str = "") -> Approval:
        """Ask that a version enters a stage; where no approval is needed it does at once.

        Raises:
            ConflictError: the same is asked for already, or the version is in the stage.
            InvalidInputError: no rule guards the stage, so nobody needs to be asked.

        """
        check_length(comment, MAX_COMMENT, field="comment")
        # What lapsed a moment ago no longer keeps anybody from asking again.
        expire_requests(self._caller.catalog, ApprovalRequestRow.account == self._caller.account)
        now = self._caller.catalog.clock.now()
        findings = findings_for(self._caller, self._watch, name, version, stage)
        request = {"stage": stage, "comment": comment}
        with self._caller.change(
            "RequestApproval", request, [self._resource(name, version)]
        ) as change:
            session = change.session
            model, row = find_version(session, self._caller.account, name, version)
            rule = rule_for(session, self._caller.account, name, stage)
            if rule is None:
                raise InvalidInputError(
                    f"no rule guards {stage} for {name!r}",
                    field="stage",
                    remedy="bring the version into the stage; or have an admin make a rule",
                )
            self._require_new(session, row, stage)
            subject = Subject(session, model, row, findings, now)
            results = run_checks(subject, orjson.loads(rule.checks))
            made = ApprovalRequestRow(
                id=new_id(),
                account=self._caller.account,
                model_id=row.model_id,
                version=row.version,
                stage=stage,
                status=PENDING,
                comment=comment,
                requested_by=self._caller.actor.id,
                requested_by_name=self._caller.actor.name,
                checks=results_text(results),
                needed=rule.approvals,
                reviewers=rule.reviewers,
                created=now,
                expires=now + timedelta(hours=rule.expires_hours),
            )
            session.add(made)
            row.stage_status = StageStatus.PENDING_APPROVAL
            session.flush()
            change.respond(id=made.id)
            event = {"id": made.id, "name": name, "version": str(version), "stage": stage}
            announce(session, self._caller.account, "APPROVAL", "CREATED", event)
            if made.needed == 0 and all(result.passed for result in results):
                _close(session, model, row, made, APPROVED, now)
            return view_of(session, made, name)

    def get(self, request_id: str) -> Approval:
        """Return a request; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            row, model, _ = self._find(session, request_id)
            return view_of(session, row, model.name)

    def list(
        self,
        *,
        status: str | None = None,
        model: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[Approval]:
        """Return requests, newest first."""
        if status is not None and status not in STATUSES:
            raise InvalidInputError(
                f"{status[:40]!r} is not a status of a request",
                field="status",
                remedy=f"use one of {', '.join(STATUSES)}",
            )
        chosen = (
            select(ApprovalRequestRow, RegisteredModelRow.name)
            .join(RegisteredModelRow, RegisteredModelRow.id == ApprovalRequestRow.model_id)
            .where(ApprovalRequestRow.account == self._caller.account)
            .order_by(ApprovalRequestRow.id.desc())
            .limit(limit + 1)
        )
        if status:
            chosen = chosen.where(ApprovalRequestRow.status == status)
        if model:
            chosen = chosen.where(RegisteredModelRow.name == model)
        if after:
            chosen = chosen.where(ApprovalRequestRow.id < after)
        with self._caller.read() as session:
            rows = session.execute(chosen).all()
            items = [view_of(session, row, name) for row, name in rows[:limit]]
        return Page(items, items[-1].id if len(rows) > limit else None)

    def decide(self, request_id: str, *, approve: bool, comment: str = "") -> Approval:
        """Approve or reject a request.

        One rejection ends it. The approval that makes enough runs the checks again, and is refused
        while one of them fails.

        Raises:
            ForbiddenError: the caller asked for it, is not one of its reviewers, or a check fails.
            ConflictError: it is decided, or the caller has decided already.
            InvalidInputError: a rejection does not say why.

        """
        check_length(comment, MAX_COMMENT, field="comment")
        if not approve and not comment.strip():
            raise InvalidInputError(
                "a rejection needs a comment", field="comment", remedy="say why, for who asked"
            )
        now, actor = self._caller.catalog.clock.now(), self._caller.actor
        name = "ApproveRequest" if approve else "RejectRequest"
        findings = self._findings_for(request_id) if approve else ()
        with self._caller.change(name, {"id": request_id, "comment": comment}) as change:
            session = change.session
            row, model, version = self._find(session, request_id)
            change.concern(self._resource(model.name, version.version))
            self._require_open(row, now)
            self._require_other_eyes(session, row)
            if session.get(ApprovalDecisionRow, (row.id, actor.id)) is not None:
                raise ConflictError("you have decided about this request already", field="id")
            session.add(
                ApprovalDecisionRow(
                    request_id=row.id,
                    actor_id=actor.id,
                    actor_name=actor.name,
                    decision=APPROVED if approve else REJECTED,
                    comment=comment,
                    created=now,
                )
            )
            session.flush()
            event = {
                "id": row.id,
                "name": model.name,
                "version": str(version.version),
                "stage": row.stage,
                "decision": APPROVED if approve else REJECTED,
                "by": actor.name,
            }
            announce(session, self._caller.account, "APPROVAL", "DECIDED", event)
            if not approve:
                _close(session, model, version, row, REJECTED, now)
            elif _approvals(session, row) >= row.needed:
                self._recheck(Subject(session, model, version, findings, now), row)
                _close(session, model, version, row, APPROVED, now)
            return view_of(session, row, model.name)

    def comment(self, request_id: str, text: str) -> Approval:
        """Say something of a request, also of one that is decided; up to 200 times."""
        if not text.strip():
            raise InvalidInputError("the comment is empty", field="comment")
        check_length(text, MAX_COMMENT, field="comment")
        now, actor = self._caller.catalog.clock.now(), self._caller.actor
        request = {"id": request_id, "comment": text}
        with self._caller.change("CommentOnApprovalRequest", request) as change:
            session = change.session
            row, model, version = self._find(session, request_id)
            change.concern(self._resource(model.name, version.version))
            said = select(func.count()).where(ApprovalCommentRow.request_id == row.id)
            if (session.scalar(said) or 0) >= MAX_COMMENTS:
                raise InvalidInputError(
                    f"a request has up to {MAX_COMMENTS} comments", field="comment"
                )
            session.add(
                ApprovalCommentRow(
                    id=new_id(),
                    request_id=row.id,
                    actor_id=actor.id,
                    actor_name=actor.name,
                    comment=text,
                    created=now,
                )
            )
            session.flush()
            event = {
                "id": row.id,
                "name": model.name,
                "version": str(version.version),
                "stage": row.stage,
                "comment": text,
                "by": actor.name,
            }
            announce(session, self._caller.account, "APPROVAL", "UPDATED", event)
            return view_of(session, row, model.name)

    def cancel(self, request_id: str) -> Approval:
        """Take a request back; the one who asked may, and nobody else."""
        now = self._caller.catalog.clock.now()
        with self._caller.change("CancelApprovalRequest", {"id": request_id}) as change:
            row, model, version = self._find(change.session, request_id)
            change.concern(self._resource(model.name, version.version))
            self._require_open(row, now)
            if row.requested_by != self._caller.actor.id:
                raise ForbiddenError("only who asked for it may take a request back", field="id")
            _close(change.session, model, version, row, CANCELLED, now)
            return view_of(change.session, row, model.name)

    def _resource(self, name: str, version: int) -> ResourceId:
        return ResourceId(self._caller.account, "model", name or "-", str(version))

    def _find(
        self, session: Session, request_id: str
    ) -> tuple[ApprovalRequestRow, RegisteredModelRow, ModelVersionRow]:
        row = session.get(ApprovalRequestRow, request_id)
        if row is None or row.account != self._caller.account:
            raise NotFoundError("there is no such approval request", field="id")
        model = session.get_one(RegisteredModelRow, row.model_id)
        return row, model, session.get_one(ModelVersionRow, (row.model_id, row.version))

    def _require_new(self, session: Session, row: ModelVersionRow, stage: Stage) -> None:
        if row.stage == stage and row.stage_status == StageStatus.APPROVED:
            raise ConflictError(f"version {row.version} is in {stage} already", field="stage")
        pending = select(ApprovalRequestRow.id).where(
            ApprovalRequestRow.model_id == row.model_id,
            ApprovalRequestRow.version == row.version,
            ApprovalRequestRow.status == PENDING,
        )
        if (other := session.scalar(pending)) is not None:
            raise ConflictError(
                f"request {other} for version {row.version} waits already",
                field="version",
                remedy="have it decided, or take it back, first",
            )

    def _require_open(self, row: ApprovalRequestRow, now: datetime) -> None:
        status = EXPIRED if row.status == PENDING and row.expires <= now else row.status
        if status != PENDING:
            raise ConflictError(f"the request is {status}", field="id", remedy="make a new request")

    def _require_other_eyes(self, session: Session, row: ApprovalRequestRow) -> None:
        actor = self._caller.actor
        asked = {row.requested_by, _owner(session, row.requested_by)}
        if actor.id in asked or _owner(session, actor.id) in asked - {None}:
            raise ForbiddenError(
                "nobody may decide a request of their own",
                field="id",
                remedy="ask somebody else who may approve",
            )
        reviewers = orjson.loads(row.reviewers)
        if reviewers and actor.name not in reviewers:
            raise ForbiddenError(
                f"{actor.name!r} is not one of the reviewers",
                field="id",
                remedy=f"ask {', '.join(reviewers)}",
            )

    def _findings_for(self, request_id: str) -> Sequence[Finding]:
        with self._caller.read() as session:
            row, model, version = self._find(session, request_id)
            name, number, stage = model.name, version.version, row.stage
        return findings_for(self._caller, self._watch, name, number, stage)

    def _recheck(self, subject: Subject, row: ApprovalRequestRow) -> None:
        rule = rule_for(subject.session, self._caller.account, subject.model.name, row.stage)
        specs = orjson.loads(rule.checks) if rule else []
        results = run_checks(subject, specs)
        row.checks = results_text(results)
        failed = [result for result in results if not result.passed]
        if failed:
            raise ForbiddenError(
                f"a check fails: {failed[0].message}",
                field="checks",
                remedy="reject the request, or approve once the check passes",
            )


def expire_requests(catalog: Catalog, *of: ColumnElement[bool]) -> int:
    """Close requests, of all or of some, that nobody decided in time; returns how many."""
    now = catalog.clock.now()
    due = (
        select(ApprovalRequestRow.id, ApprovalRequestRow.account)
        .where(ApprovalRequestRow.status == PENDING, ApprovalRequestRow.expires <= now, *of)
        .limit(_EXPIRED_AT_ONCE)
    )
    with catalog.read() as session:
        found = session.execute(due).all()
    for request_id, account in found:
        caller = Caller(catalog, account, Actor.system("approvals", account))
        with caller.change("ExpireApprovalRequest", {"id": request_id}) as change:
            row = change.session.get(ApprovalRequestRow, request_id)
            if row is None or row.status != PENDING:
                change.cancel()
                continue
            model = change.session.get_one(RegisteredModelRow, row.model_id)
            version = change.session.get_one(ModelVersionRow, (row.model_id, row.version))
            change.concern(ResourceId(account, "model", model.name, str(version.version)))
            _close(change.session, model, version, row, EXPIRED, now)
    return len(found)


_AFTER = {
    REJECTED: StageStatus.REJECTED,
    EXPIRED: StageStatus.IN_PROGRESS,
    CANCELLED: StageStatus.IN_PROGRESS,
}


def _close(
    session: Session,
    model: RegisteredModelRow,
    version: ModelVersionRow,
    row: ApprovalRequestRow,
    status: str,
    now: datetime,
) -> None:
    row.status, row.closed = status, now
    if status == APPROVED:
        enter_stage(session, model, version, Stage(row.stage), StageStatus.APPROVED)
    else:
        version.stage_status = _AFTER[status]
        event = {
            "id": row.id,
            "name": model.name,
            "version": str(version.version),
            "stage": row.stage,
            "status": status,
        }
        announce(session, row.account, "APPROVAL", "UPDATED", event)
    session.flush()


def _approvals(session: Session, row: ApprovalRequestRow) -> int:
    decided = select(ApprovalDecisionRow.decision).where(ApprovalDecisionRow.request_id == row.id)
    return sum(decision == APPROVED for decision in session.scalars(decided))


def _owner(session: Session, actor_id: str) -> str | None:
    """Return the id of who made an API key, or None where the actor is not one."""
    key = session.get(ApiKeyRow, actor_id)
    return key.created_by.partition(":")[2] if key else None
