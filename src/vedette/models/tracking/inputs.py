"""What a run reads and makes: datasets and logged models. The seam that lineage reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import select

from vedette.core.errors import InvalidInputError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.core.names import dataset_source_name
from vedette.models.context import Caller
from vedette.models.limits import (
    MAX_DATASET_DIGEST,
    MAX_DATASET_NAME,
    MAX_DATASET_PROFILE,
    MAX_DATASET_SCHEMA,
    MAX_DATASET_SOURCE,
    MAX_DATASETS,
    MAX_INPUT_TAG_KEY,
    MAX_INPUT_TAG_VALUE,
    check_count,
    check_length,
)
from vedette.models.rows import insert_missing, upsert
from vedette.models.tracking.logged_models import require_models
from vedette.models.tracking.runs import Input, Runs, find_active_run
from vedette.store.catalog.tracking_models import DatasetRow, RunInputRow, RunModelRow, RunRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

CONTEXT_TAG = "mlflow.data.context"


def log_inputs(
    caller: Caller, run_id: str, datasets: Sequence[Input] = (), models: Sequence[str] = ()
) -> None:
    """Record datasets and logged models that an active run read; the same ones again change nothing.

    A dataset is one in its experiment by name and digest, as in MLflow: one that comes from elsewhere
    under the same name and digest is the same. What is known of it, and how a run used it, stays as it
    was first told.
    """
    check_count(datasets, MAX_DATASETS, what="datasets")
    check_count(models, MAX_DATASETS, what="models")
    for dataset in datasets:
        _check(dataset)
    names = [f"{dataset.name}@{dataset.digest}" for dataset in datasets]
    resources = [Runs(caller).resource(run_id), *(dataset_id(caller, d) for d in datasets[:20])]
    request = {"datasets": names, "models": list(models)}
    with caller.change("LogRunInputs", request, resources) as change:
        run = find_active_run(change.session, caller.account, run_id)
        for dataset in datasets:
            _add_input(change.session, run, dataset)
        _add_models(change.session, run, [(model, 0) for model in models], "input")


def log_outputs(caller: Caller, run_id: str, models: Sequence[tuple[str, int]]) -> None:
    """Record logged models that an active run made, with the step of each."""
    check_count(models, MAX_DATASETS, what="models")
    request = {"models": [model for model, _ in models]}
    with caller.change("LogRunOutputs", request, [Runs(caller).resource(run_id)]) as change:
        run = find_active_run(change.session, caller.account, run_id)
        _add_models(change.session, run, models, "output")


def dataset_id(caller: Caller, dataset: Input) -> ResourceId:
    """Return the identity of a dataset's version: its name, and its digest as the version."""
    return ResourceId(caller.account, "dataset", dataset.name, dataset.digest)


def _add_input(session: Session, run: RunRow, dataset: Input) -> None:
    values = {
        "id": new_id(),
        "account": run.account,
        "experiment_id": run.experiment_id,
        "name": dataset.name,
        "digest": dataset.digest,
        "source_type": dataset.source_type,
        "source": dataset.source,
        "schema": dataset.schema,
        "profile": dataset.profile,
        "lineage_name": dataset_source_name(dataset.source),
    }
    insert_missing(session, DatasetRow, [values])
    identity = session.scalar(
        select(DatasetRow.id).where(
            DatasetRow.account == run.account,
            DatasetRow.experiment_id == run.experiment_id,
            DatasetRow.name == dataset.name,
            DatasetRow.digest == dataset.digest,
        )
    )
    row = {
        "run_id": run.id,
        "dataset_id": identity,
        "context": dict(dataset.tags).get(CONTEXT_TAG),
        "tags": orjson.dumps([list(pair) for pair in dataset.tags]).decode(),
    }
    insert_missing(session, RunInputRow, [row])


def _add_models(
    session: Session, run: RunRow, models: Sequence[tuple[str, int]], direction: str
) -> None:
    if not models:
        return
    require_models(session, run.account, [model for model, _ in models])
    rows = [
        {"run_id": run.id, "model_id": model, "direction": direction, "step": step}
        for model, step in dict(models).items()
    ]
    upsert(session, RunModelRow, rows)


def _check(dataset: Input) -> None:
    for field, most in (("name", MAX_DATASET_NAME), ("digest", MAX_DATASET_DIGEST)):
        value = getattr(dataset, field)
        if not value:
            raise InvalidInputError(
                f"Missing value for required parameter 'datasets.dataset.{field}'.", field=field
            )
        check_length(value, most, field=field)
    check_length(dataset.source, MAX_DATASET_SOURCE, field="source")
    check_length(dataset.schema or "", MAX_DATASET_SCHEMA, field="schema")
    check_length(dataset.profile or "", MAX_DATASET_PROFILE, field="profile")
    for key, value in dataset.tags:
        check_length(key, MAX_INPUT_TAG_KEY, field="tags.key")
        check_length(value, MAX_INPUT_TAG_VALUE, field="tags.value")
