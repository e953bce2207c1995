"""Everything a run's page shows at once: the run, its metrics' summaries, and what it led to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.models.context import Caller
from vedette.models.rows import chunks
from vedette.models.tracking.experiments import find
from vedette.models.tracking.read_runs import ReadRuns
from vedette.models.tracking.runs import Input, Run, RunInfo
from vedette.models.training.run_table import shown_number
from vedette.store.catalog.registry_models import ModelVersionRow, RegisteredModelRow
from vedette.store.catalog.tracking_models import LoggedModelRow, RunRow, RunTagRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MAX_RUNS = 100
PARENT_TAG = "mlflow.parentRunId"
_MAX_LINKED = 100


@dataclass(frozen=True, slots=True)
class CurrentMetric:
    """A metric's current point; a text where JSON has no number for the value."""

    key: str
    value: float | str
    step: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class LinkedModel:
    """A logged model that a run read or made."""

    id: str
    name: str
    model_type: str | None
    status: str
    direction: str
    step: int


@dataclass(frozen=True, slots=True)
class LinkedVersion:
    """A version that was registered from a run."""

    model: str
    version: int
    stage: str
    stage_status: str


@dataclass(frozen=True, slots=True)
class LinkedRun:
    """A run within this one."""

    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run with what belongs to it."""

    info: RunInfo
    experiment: str
    metrics: Sequence[CurrentMetric]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    inputs: Sequence[Input]
    models: Sequence[LinkedModel]
    versions: Sequence[LinkedVersion]
    parent_id: str | None
    children: Sequence[LinkedRun]


def read_run(caller: Caller, run_id: str) -> RunPage:
    """Return a run, a deleted one too; ``NotFoundError`` where there is none."""
    run = ReadRuns(caller).get(run_id)
    with caller.read() as session:
        experiment = find(session, caller.account, run.info.experiment_id).name
        models = _models(session, caller.account, run)
        versions = _versions(session, caller.account, run)
        inside = (
            select(RunRow.id, RunRow.name, RunRow.status)
            .join(RunTagRow, RunTagRow.run_id == RunRow.id)
            .where(
                RunRow.account == caller.account,
                RunRow.experiment_id == run.info.experiment_id,
                RunTagRow.key == PARENT_TAG,
                RunTagRow.value == run_id,
            )
            .order_by(RunRow.start_ms)
            .limit(_MAX_LINKED)
        )
        children = [LinkedRun(*row) for row in session.execute(inside)]
    return RunPage(
        run.info,
        experiment,
        current_metrics(run),
        run.params,
        run.tags,
        run.inputs,
        models,
        versions,
        run.tags.get(PARENT_TAG),
        children,
    )


def read_runs(caller: Caller, run_ids: Sequence[str]) -> list[Run]:
    """Return up to 100 whole runs in the order asked for.

    Raises:
        InvalidInputError: none, or too many.
        NotFoundError: one is not there.

    """
    ids = list(dict.fromkeys(run_ids))
    if not 1 <= len(ids) <= MAX_RUNS:
        raise InvalidInputError(f"give 1 to {MAX_RUNS} runs, not {len(ids)}", field="id")
    found = {run.info.id: run for run in ReadRuns(caller).get_many(ids)}
    missing = next((identity for identity in ids if identity not in found), None)
    if missing is not None:
        raise NotFoundError(f"Run with id={missing[:256]} not found", field="id")
    return [found[identity] for identity in ids]


def current_metrics(run: Run) -> list[CurrentMetric]:
    """Return a run's metrics as JSON has them."""
    return [
        CurrentMetric(item.key, shown_number(item.value), item.step, item.time_ms)
        for item in run.metrics
    ]


def _models(session: Session, account: str, run: Run) -> list[LinkedModel]:
    linked = [(model, "output", step) for model, step in run.model_outputs]
    linked += [(model, "input", 0) for model in run.model_inputs]
    known = {identity for identity, _, _ in linked}
    made = select(LoggedModelRow.id).where(
        LoggedModelRow.account == account,
        LoggedModelRow.experiment_id == run.info.experiment_id,
        LoggedModelRow.source_run_id == run.info.id,
    )
    linked += [
        (identity, "output", 0)
        for identity in session.scalars(made.limit(_MAX_LINKED))
        if identity not in known
    ]
    rows: dict[str, LoggedModelRow] = {}
    for part in chunks([identity for identity, _, _ in linked]):
        chosen = select(LoggedModelRow).where(LoggedModelRow.id.in_(part))
        rows |= {row.id: row for row in session.scalars(chosen)}
    return [
        LinkedModel(
            identity,
            rows[identity].name,
            rows[identity].model_type,
            rows[identity].status,
            way,
            step,
        )
        for identity, way, step in linked
        if identity in rows
    ]


def _versions(session: Session, account: str, run: Run) -> list[LinkedVersion]:
    chosen = (
        select(
            RegisteredModelRow.name,
            ModelVersionRow.version,
            ModelVersionRow.stage,
            ModelVersionRow.stage_status,
        )
        .join(RegisteredModelRow, RegisteredModelRow.id == ModelVersionRow.model_id)
        .where(ModelVersionRow.account == account, ModelVersionRow.run_id == run.info.id)
        .order_by(RegisteredModelRow.name, ModelVersionRow.version.desc())
        .limit(_MAX_LINKED)
    )
    return [LinkedVersion(*row) for row in session.execute(chosen)]
