"""Evaluation datasets with their records, and scorers: what MLflow's clients store."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import Query, Request, Response

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, CatalogReader, Cursor
from vedette.api.errors import error_responses
from vedette.api.evaluation_views import (
    EvaluationDatasetPageView,
    EvaluationDatasetView,
    EvaluationRecordPageView,
    ScorerPageView,
    ScorerVersionsView,
)
from vedette.api.registered_models import caller_of
from vedette.api.routing import Router
from vedette.models.context import Caller
from vedette.models.evaluation.datasets import EvaluationDataset, EvaluationDatasets
from vedette.models.evaluation.records import EvaluationRecords
from vedette.models.evaluation.scorer_text import read_scorer
from vedette.models.evaluation.scorers import Scorers
from vedette.models.tracking.experiments import names_of

router = Router(tags=["evaluation"], responses=error_responses(404))
MAX_PAGE_CHARACTERS = 2_000_000
_PARTS = ("inputs", "outputs", "expectations")
_Experiments = Annotated[
    list[str], Query(alias="experiment_id", max_length=100, description="all where none")
]


@router.get("/evaluation-datasets", response_model=EvaluationDatasetPageView)
async def list_evaluation_datasets(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    experiments: _Experiments = [],  # noqa: B006 - FastAPI copies it
    filter_: Annotated[
        str | None,
        Query(alias="filter", max_length=20_000, description="as MLflow's: name LIKE 'q%'"),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> Response:
    """List the datasets that models are evaluated on, newest first."""
    of = caller_of(request, services, caller)

    def work() -> dict[str, Any]:
        found, token = EvaluationDatasets(of).search(
            experiments, filter_=filter_, max_results=limit, page_token=cursor
        )
        names = _names(of, {one for dataset in found for one in dataset.experiment_ids})
        return {"datasets": [_dataset(one, names) for one in found], "cursor": token}

    return answer(await asyncio.to_thread(work))


@router.get("/evaluation-datasets/{dataset_id}", response_model=EvaluationDatasetView)
async def get_evaluation_dataset(
    request: Request, services: AppServices, caller: CatalogReader, dataset_id: str
) -> Response:
    """Return an evaluation dataset."""
    of = caller_of(request, services, caller)

    def work() -> dict[str, Any]:
        found = EvaluationDatasets(of).get(dataset_id)
        return _dataset(found, _names(of, found.experiment_ids))

    return answer(await asyncio.to_thread(work))


@router.get("/evaluation-datasets/{dataset_id}/records", response_model=EvaluationRecordPageView)
async def list_evaluation_records(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    dataset_id: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> Response:
    """List the records of an evaluation dataset, those of the earliest call first."""
    records = EvaluationRecords(caller_of(request, services, caller))
    found, token = await asyncio.to_thread(
        records.page, dataset_id, limit, cursor, most=MAX_PAGE_CHARACTERS
    )
    return answer({"records": [_record(one) for one in found], "cursor": token})


@router.get("/scorers", response_model=ScorerPageView)
async def list_scorers(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    experiments: _Experiments = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> Response:
    """List scorers, the one that got a version last first."""
    of = caller_of(request, services, caller)

    def work() -> dict[str, Any]:
        found, token = Scorers(of).heads(experiments, limit, cursor)
        names = _names(of, {one.experiment_id for one in found})
        scorers = [
            {
                "id": one.scorer_id, "name": one.name, "version": one.version,
                "experiment": _experiment(one.experiment_id, names), "versions": one.versions,
                "created_ms": one.created_ms, "updated_ms": one.updated_ms,
            }
            for one in found
        ]  # fmt: skip
        return {"scorers": scorers, "cursor": token}

    return answer(await asyncio.to_thread(work))


@router.get("/scorers/versions", response_model=ScorerVersionsView)
async def list_scorer_versions(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    experiment_id: Annotated[str, Query(min_length=1, max_length=100)],
    name: Annotated[str, Query(min_length=1, max_length=500)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[int | None, Query(ge=1, description="a version's number")] = None,
) -> Response:
    """Return the versions of a scorer, the newest first, with what each says of itself."""
    of = caller_of(request, services, caller)

    def work() -> dict[str, Any]:
        found = Scorers(of).versions_before(experiment_id, name, limit + 1, before)
        versions = [
            {
                **asdict(read_scorer(one.serialized)),
                "version": one.version,
                "created_ms": one.created_ms,
            }
            for one in found[:limit]
        ]
        return {
            "name": name,
            "experiment": _experiment(experiment_id, _names(of, [experiment_id])),
            "versions": versions,
            "before": versions[-1]["version"] if len(found) > limit else None,
        }

    return answer(await asyncio.to_thread(work))


def _names(caller: Caller, experiment_ids: Collection[str]) -> dict[str, str]:
    with caller.read() as session:
        return names_of(session, caller.account, experiment_ids)


def _experiment(experiment_id: str, names: Mapping[str, str]) -> dict[str, str]:
    return {"id": experiment_id, "name": names.get(experiment_id, experiment_id)}


def _dataset(one: EvaluationDataset, names: Mapping[str, str]) -> dict[str, Any]:
    schema = orjson.loads(one.schema) if one.schema else {}
    return {
        "id": one.id, "name": one.name, "digest": one.digest, "records": one.records,
        "tags": one.tags, "columns": {part: schema.get(part) or {} for part in _PARTS},
        "experiments": [_experiment(key, names) for key in one.experiment_ids],
        "created_ms": one.created_ms, "updated_ms": one.updated_ms,
        "created_by": one.created_by, "updated_by": one.updated_by,
    }  # fmt: skip


def _record(document: Mapping[str, Any]) -> dict[str, Any]:
    source_id = document.get("source_id")
    return {
        "id": document["dataset_record_id"], "inputs": document["inputs"],
        "outputs": document.get("outputs"), "expectations": document.get("expectations") or {},
        "tags": document.get("tags") or {}, "source": document.get("source") or {},
        "source_type": document.get("source_type") or "UNSPECIFIED",
        "source_id": None if source_id is None else str(source_id),
        "created_ms": document["created_time"], "updated_ms": document["last_update_time"],
        "created_by": document["created_by"], "updated_by": document["last_updated_by"],
    }  # fmt: skip
