"""Gates: whether a version may enter a stage or be pointed to by an alias.

The one place that decides it, whoever asks: MLflow's transition and alias calls, the API, the CLI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import select

from vedette.core.errors import ForbiddenError
from vedette.models.registry.checks import WATCHED
from vedette.models.registry.stages import Stage, StageStatus
from vedette.store.catalog.registry_models import (
    ApprovalRuleRow,
    ModelVersionRow,
    RegisteredModelRow,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from vedette.models.context import Caller
    from vedette.models.registry.checks import Finding, Watch

EVERY_MODEL = "*"


def rule_for(session: Session, account: str, model: str, stage: str) -> ApprovalRuleRow | None:
    """Return what a model's versions need to enter a stage: its own rule, else that of every model."""
    rules = session.scalars(
        select(ApprovalRuleRow).where(
            ApprovalRuleRow.account == account,
            ApprovalRuleRow.stage == stage,
            ApprovalRuleRow.model.in_([model, EVERY_MODEL]),
        )
    ).all()
    return min(rules, key=lambda rule: rule.model == EVERY_MODEL, default=None)


def findings_for(
    caller: Caller, watch: Watch | None, model: str, version: int, stage: str
) -> Sequence[Finding]:
    """Return what monitors found, if the stage's rule asks for it.

    Ask before the change that needs it: a change is to be short, and this reads the warehouse.
    """
    if watch is None:
        return ()
    with caller.read() as session:
        rule = rule_for(session, caller.account, model, stage)
        specs = orjson.loads(rule.checks) if rule else []
    asked = [spec for spec in specs if spec["check"] in WATCHED]
    named = [spec["monitor"] for spec in asked if spec.get("monitor")]
    return watch(model, version, named) if asked else ()


def require_approved(
    session: Session,
    account: str,
    model: RegisteredModelRow,
    version: ModelVersionRow,
    stage: Stage,
) -> None:
    """Raise ``ForbiddenError`` where a rule guards the stage: its approval brings the version in."""
    rule = rule_for(session, account, model.name, stage)
    if rule is not None:
        raise _needs(rule, f"may not enter {stage}", model, version)


def require_approved_alias(
    session: Session,
    account: str,
    model: RegisteredModelRow,
    version: ModelVersionRow,
    alias: str,
) -> None:
    """Raise ``ForbiddenError`` where a rule guards the alias and its stage did not take the version."""
    for stage in Stage:
        rule = rule_for(session, account, model.name, stage)
        if rule is None or alias not in orjson.loads(rule.aliases):
            continue
        if (version.stage, version.stage_status) != (stage, StageStatus.APPROVED):
            raise _needs(rule, f"may not be {alias!r}, which is guarded as {stage}", model, version)


def _needs(
    rule: ApprovalRuleRow, what: str, model: RegisteredModelRow, version: ModelVersionRow
) -> ForbiddenError:
    times = "an approval" if rule.approvals == 1 else f"{rule.approvals} approvals"
    return ForbiddenError(
        f"version {version.version} of {model.name!r} {what}: it needs {times} first",
        field="stage",
        remedy=f"ask for it: vedette approvals request {model.name!r} {version.version} {rule.stage}",
    )
