"""Runs as clients read them: whole, one or many at a time, with a fixed number of statements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import select

from vedette.models.context import Caller
from vedette.models.filters import Field, Fields, Keyed, Kind, Order, Searchable, parse_filter
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.rows import chunks, keyed_values, table_of
from vedette.models.tracking.experiments import View
from vedette.models.tracking.run_filters import DATASETS
from vedette.models.tracking.runs import Input, Metric, Run, RunInfo, find_run, view
from vedette.store.catalog.tracking_models import (
    DatasetRow,
    RunInputRow,
    RunMetricRow,
    RunModelRow,
    RunParamRow,
    RunRow,
    RunTagRow,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MAX_PAGE = 50_000
_INFO = tuple(getattr(RunRow, name) for name in RunInfo.__slots__)
_ATTRIBUTES = Fields(
    {
        "run_id": Field(RunRow.id),
        "run_name": Field(RunRow.name),
        "run name": Field(RunRow.name),
        "status": Field(RunRow.status),
        "user_id": Field(RunRow.user_id),
        "artifact_uri": Field(RunRow.artifact_uri),
        "lifecycle_stage": Field(RunRow.lifecycle_stage),
        "experiment_id": Field(RunRow.experiment_id),
        "start_time": Field(RunRow.start_ms, Kind.NUMBER),
        "created": Field(RunRow.start_ms, Kind.NUMBER),
        "end_time": Field(RunRow.end_ms, Kind.NUMBER),
    }
)
_METRICS = Keyed(table_of(RunMetricRow), [("run_id", RunRow.id)], Kind.NUMBER, absence=False)
_PARAMS = Keyed(table_of(RunParamRow), [("run_id", RunRow.id)])
_TAGS = Keyed(table_of(RunTagRow), [("run_id", RunRow.id)])
SEARCHABLE = Searchable(
    {
        "": _ATTRIBUTES,
        **dict.fromkeys(("attribute", "attributes", "attr", "run"), _ATTRIBUTES),
        **dict.fromkeys(("metric", "metrics"), _METRICS),
        **dict.fromkeys(("param", "params", "parameter", "parameters"), _PARAMS),
        **dict.fromkeys(("tag", "tags"), _TAGS),
        **dict.fromkeys(("dataset", "datasets"), DATASETS),
    },
    [RunRow.start_ms.desc(), RunRow.id],
)


class ReadRuns:
    """Reads runs of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get(self, run_id: str) -> Run:
        """Return a run, a deleted one too; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            info = view(find_run(session, self._caller.account, run_id))
            return self._whole(session, [info])[0]

    def get_many(self, run_ids: Sequence[str]) -> list[Run]:
        """Return those of these runs that are there."""
        with self._caller.read() as session:
            infos = [
                RunInfo(*row)
                for part in chunks(run_ids)
                for row in session.execute(
                    select(*_INFO).where(
                        RunRow.account == self._caller.account, RunRow.id.in_(part)
                    )
                )
            ]
            return self._whole(session, infos)

    def search(
        self,
        experiment_ids: Sequence[str],
        *,
        view: View = View.ACTIVE_ONLY,
        filter_: str | None = None,
        order_by: Sequence[str] = (),
        max_results: int = 1000,
        page_token: str | None = None,
    ) -> tuple[list[Run], str | None]:
        """Return a page of runs in these experiments, newest first unless ordered otherwise.

        The second value is the token of the next page, None on the last.
        """
        query = query_hash(experiment_ids, view.name, filter_, order_by)
        offset = decode_token(page_token, query)
        clauses = parse_filter(filter_)
        orders = [Order.parse(text) for text in order_by]
        chosen = select(*_INFO).where(
            RunRow.account == self._caller.account,
            RunRow.experiment_id.in_(list(experiment_ids)),
            RunRow.lifecycle_stage.in_(view.value),
        )
        chosen = SEARCHABLE.apply(chosen, clauses, orders, self._caller.dialect)
        with self._caller.read() as session:
            rows = session.execute(chosen.offset(offset).limit(max_results + 1)).all()
            runs = self._whole(session, [RunInfo(*row) for row in rows[:max_results]])
        more = token_after(len(rows), offset, max_results, query)
        return runs, more

    def _whole(self, session: Session, infos: Sequence[RunInfo]) -> list[Run]:
        ids = [info.id for info in infos]
        metrics = _metrics(session, ids)
        params = keyed_values(session, RunParamRow, "run_id", ids)
        tags = keyed_values(session, RunTagRow, "run_id", ids)
        inputs = _inputs(session, ids)
        models = _models(session, ids)
        return [
            Run(
                info,
                metrics.get(info.id, ()),
                params.get(info.id, {}),
                tags.get(info.id, {}),
                inputs.get(info.id, ()),
                [model for model, way, _ in models.get(info.id, ()) if way == "input"],
                [(model, step) for model, way, step in models.get(info.id, ()) if way == "output"],
            )
            for info in infos
        ]


def _metrics(session: Session, ids: Sequence[str]) -> dict[str, list[Metric]]:
    found: dict[str, list[Metric]] = {}
    for part in chunks(ids):
        chosen = (
            select(
                RunMetricRow.run_id,
                RunMetricRow.key,
                RunMetricRow.value,
                RunMetricRow.time_ms,
                RunMetricRow.step,
            )
            .where(RunMetricRow.run_id.in_(part))
            .order_by(RunMetricRow.run_id, RunMetricRow.key)
        )
        for run_id, key, value, time_ms, step in session.execute(chosen):
            metric = Metric(key, math.nan if value is None else value, time_ms, step)
            found.setdefault(run_id, []).append(metric)
    return found


def _inputs(session: Session, ids: Sequence[str]) -> dict[str, list[Input]]:
    found: dict[str, list[Input]] = {}
    for part in chunks(ids):
        chosen = (
            select(
                RunInputRow.run_id,
                RunInputRow.tags,
                DatasetRow.name,
                DatasetRow.digest,
                DatasetRow.source_type,
                DatasetRow.source,
                DatasetRow.schema,
                DatasetRow.profile,
            )
            .join(DatasetRow, DatasetRow.id == RunInputRow.dataset_id)
            .where(RunInputRow.run_id.in_(part))
            .order_by(RunInputRow.run_id, DatasetRow.id)
        )
        for run_id, tags, name, digest, kind, source, schema, profile in session.execute(chosen):
            pairs = [(key, value) for key, value in orjson.loads(tags)]
            dataset = Input(name, digest, kind, source, schema, profile, pairs)
            found.setdefault(run_id, []).append(dataset)
    return found


def _models(session: Session, ids: Sequence[str]) -> dict[str, list[tuple[str, str, int]]]:
    found: dict[str, list[tuple[str, str, int]]] = {}
    for part in chunks(ids):
        chosen = (
            select(
                RunModelRow.run_id, RunModelRow.model_id, RunModelRow.direction, RunModelRow.step
            )
            .where(RunModelRow.run_id.in_(part))
            .order_by(RunModelRow.run_id, RunModelRow.step, RunModelRow.model_id)
        )
        for run_id, model_id, direction, step in session.execute(chosen):
            found.setdefault(run_id, []).append((model_id, direction, step))
    return found
