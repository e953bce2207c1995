"""Life cycle of a version: the stage it is in and its status there; and MLflow's names for stages."""

from __future__ import annotations

from enum import StrEnum

from vedette.core.errors import InvalidInputError


class Stage(StrEnum):
    """How far a version has come."""

    DEVELOPMENT = "Development"
    QA = "QA"
    PRE_PRODUCTION = "PreProduction"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"


class StageStatus(StrEnum):
    """What is going on with a version in its stage."""

    PENDING_APPROVAL = "PendingApproval"
    IN_PROGRESS = "InProgress"
    ON_HOLD = "OnHold"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    RETIRED = "Retired"


SETTABLE = (StageStatus.IN_PROGRESS, StageStatus.ON_HOLD, StageStatus.RETIRED)
"""Statuses that are set by hand; the others follow from approvals."""
_TO_MLFLOW = {
    Stage.DEVELOPMENT: "None",
    Stage.QA: "Staging",
    Stage.PRE_PRODUCTION: "Staging",
    Stage.PRODUCTION: "Production",
    Stage.ARCHIVED: "Archived",
}
_FROM_MLFLOW = {
    "none": Stage.DEVELOPMENT,
    "staging": Stage.PRE_PRODUCTION,
    "production": Stage.PRODUCTION,
    "archived": Stage.ARCHIVED,
}
MLFLOW_STAGES = ("None", "Staging", "Production", "Archived")


def to_mlflow(stage: str) -> str:
    """Return MLflow's name for a stage; it has one, Staging, for two of ours."""
    return _TO_MLFLOW[Stage(stage)]


def from_mlflow(name: str) -> Stage:
    """Return the stage that MLflow's name means, in any case."""
    stage = _FROM_MLFLOW.get(name.lower())
    if stage is None:
        raise InvalidInputError(
            f"Invalid Model Version stage: {name[:80]!r}. Value must be one of "
            f"{', '.join(MLFLOW_STAGES)}.",
            field="stage",
        )
    return stage


def parse_stage(name: str) -> Stage:
    """Return the stage of this name, ours or MLflow's."""
    for stage in Stage:
        if stage.lower() == name.lower():
            return stage
    if name.lower() in _FROM_MLFLOW:
        return _FROM_MLFLOW[name.lower()]
    raise InvalidInputError(
        f"{name[:80]!r} is not a stage", field="stage", remedy=f"use one of {', '.join(Stage)}"
    )
