"""Rules: what a model's versions need before they enter a stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.core.time import utc_now
from vedette.models.context import Caller
from vedette.models.limits import MAX_MODEL_NAME, check_alias, check_name
from vedette.models.registry.checks import check_specs
from vedette.models.registry.gates import EVERY_MODEL
from vedette.models.registry.stages import Stage
from vedette.store.catalog.registry_models import ApprovalRuleRow

MAX_APPROVALS = 10
MAX_REVIEWERS = 50
MAX_HOURS = 24 * 90


@dataclass(frozen=True, slots=True)
class Rule:
    """What versions need before they enter a stage.

    Attributes:
        model: a model's name, or ``*`` for every model that has no rule of its own.
        stage: the stage that is guarded.
        approvals: how many people must approve.
        reviewers: logins of those who may; empty for everyone with the permission.
        aliases: aliases that are guarded as the stage is.
        checks: checks that must pass, with their settings.
        expires_hours: how long a request waits before it lapses.

    """

    id: str
    model: str
    stage: str
    approvals: int
    reviewers: Sequence[str]
    aliases: Sequence[str]
    checks: Sequence[dict[str, Any]]
    expires_hours: int


class Rules:
    """Rules of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def put(
        self,
        model: str,
        stage: Stage,
        *,
        approvals: int = 1,
        reviewers: Sequence[str] = (),
        aliases: Sequence[str] = (),
        checks: Sequence[dict[str, Any]] = (),
        expires_hours: int = 168,
    ) -> Rule:
        """Set the rule of a model and stage, replacing the one that is there."""
        check_name(model, field="model", most=MAX_MODEL_NAME)
        _check_bounds(approvals, reviewers, expires_hours)
        values = {
            "approvals": approvals,
            "reviewers": _json(sorted(set(reviewers))),
            "aliases": _json([check_alias(alias) for alias in aliases]),
            "checks": _json(check_specs(checks)),
            "expires_hours": expires_hours,
        }
        request = {**values, "model": model, "stage": stage}
        with self._caller.change("PutApprovalRule", request, [self._resource(model)]) as change:
            row = change.session.scalar(
                select(ApprovalRuleRow).where(
                    ApprovalRuleRow.account == self._caller.account,
                    ApprovalRuleRow.model == model,
                    ApprovalRuleRow.stage == stage,
                )
            )
            if row is None:
                row = ApprovalRuleRow(
                    id=new_id(),
                    account=self._caller.account,
                    model=model,
                    stage=stage,
                    created=utc_now(),
                )
                change.session.add(row)
            for name, value in values.items():
                setattr(row, name, value)
            change.session.flush()
            return view(row)

    def list(self) -> list[Rule]:
        """Return all rules, by model and stage."""
        chosen = select(ApprovalRuleRow).where(ApprovalRuleRow.account == self._caller.account)
        ordered = chosen.order_by(ApprovalRuleRow.model, ApprovalRuleRow.stage)
        with self._caller.read() as session:
            return [view(row) for row in session.scalars(ordered)]

    def delete(self, rule_id: str) -> None:
        """Delete a rule; ``NotFoundError`` where there is none."""
        with self._caller.change("DeleteApprovalRule", {"id": rule_id}) as change:
            row = change.session.get(ApprovalRuleRow, rule_id)
            if row is None or row.account != self._caller.account:
                raise NotFoundError("there is no such rule", field="id")
            change.concern(self._resource(row.model))
            change.session.delete(row)

    def _resource(self, model: str) -> ResourceId:
        name = "every" if model == EVERY_MODEL else model
        return ResourceId(self._caller.account, "approval_rule", name)


def view(row: ApprovalRuleRow) -> Rule:
    """Return a row as a rule."""
    return Rule(
        row.id,
        row.model,
        row.stage,
        row.approvals,
        orjson.loads(row.reviewers),
        orjson.loads(row.aliases),
        orjson.loads(row.checks),
        row.expires_hours,
    )


def _check_bounds(approvals: int, reviewers: Sequence[str], expires_hours: int) -> None:
    if not 0 <= approvals <= MAX_APPROVALS:
        raise InvalidInputError(
            f"a rule asks for 0 to {MAX_APPROVALS} approvals", field="approvals"
        )
    if len(reviewers) > MAX_REVIEWERS or (reviewers and len(set(reviewers)) < approvals):
        raise InvalidInputError(
            "there are too many reviewers, or fewer than approvals that are needed",
            field="reviewers",
            remedy=f"name {approvals} to {MAX_REVIEWERS} people, or none for everyone who may",
        )
    if not 1 <= expires_hours <= MAX_HOURS:
        raise InvalidInputError(
            f"a request waits for 1 to {MAX_HOURS} hours", field="expires_hours"
        )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
