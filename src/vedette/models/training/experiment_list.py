"""Experiments as a list shows them: with how many runs they have and when the last one began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from vedette.models.context import Caller
from vedette.models.tracking.experiments import ACTIVE, Experiment, Experiments, View
from vedette.store.catalog.tracking_models import LoggedModelRow, RunRow


@dataclass(frozen=True, slots=True)
class ExperimentSummary:
    """An experiment; moments in milliseconds since the epoch.

    Attributes:
        runs: active ones.
        running: of these.
        last_run_ms: when the newest run began.
        models: logged models.

    """

    id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    created_ms: int
    updated_ms: int
    tags: dict[str, str]
    runs: int
    running: int
    last_run_ms: int | None
    models: int


def list_experiments(
    caller: Caller,
    *,
    view: View = View.ACTIVE_ONLY,
    filter_: str | None = None,
    order_by: Sequence[str] = (),
    limit: int = 100,
    cursor: str | None = None,
) -> tuple[list[ExperimentSummary], str | None]:
    """Return a page of experiments, those changed last first, and the token of the next page."""
    found, token = Experiments(caller).search(
        view=view, filter_=filter_, order_by=order_by, max_results=limit, page_token=cursor
    )
    return summaries(caller, found), token


def summaries(caller: Caller, experiments: Sequence[Experiment]) -> list[ExperimentSummary]:
    """Return experiments with what is counted of them."""
    ids = [item.id for item in experiments]
    runs = (
        select(
            RunRow.experiment_id,
            func.count(),
            func.count().filter(RunRow.status == "RUNNING"),
            func.max(RunRow.start_ms),
        )
        .where(
            RunRow.account == caller.account,
            RunRow.experiment_id.in_(ids),
            RunRow.lifecycle_stage == ACTIVE,
        )
        .group_by(RunRow.experiment_id)
    )
    models = (
        select(LoggedModelRow.experiment_id, func.count())
        .where(
            LoggedModelRow.account == caller.account,
            LoggedModelRow.experiment_id.in_(ids),
            LoggedModelRow.lifecycle_stage == ACTIVE,
        )
        .group_by(LoggedModelRow.experiment_id)
    )
    with caller.read() as session:
        counted = {row[0]: row[1:] for row in session.execute(runs)}
        logged = {row[0]: row[1] for row in session.execute(models)}
    return [
        ExperimentSummary(
            item.id,
            item.name,
            item.artifact_location,
            item.lifecycle_stage,
            item.created_ms,
            item.updated_ms,
            dict(item.tags),
            *counted.get(item.id, (0, 0, None)),
            logged.get(item.id, 0),
        )
        for item in experiments
    ]
