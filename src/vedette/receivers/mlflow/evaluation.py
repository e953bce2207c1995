"""Calls about datasets that models are evaluated on, and about scorers."""

from __future__ import annotations

from typing import Any

import orjson

from vedette.core.errors import InvalidInputError
from vedette.models.evaluation.datasets import MAX_PAGE, EvaluationDataset, EvaluationDatasets
from vedette.models.evaluation.records import EvaluationRecords
from vedette.models.evaluation.scorers import Scorers, ScorerVersion
from vedette.models.review.online_scoring import OnlineScoring, OnlineScorings
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.common import page_size, without_none
from vedette.receivers.mlflow.schema import (
    DOUBLE,
    INT64,
    STRING,
    Arguments,
    optional,
    repeated,
    required,
)


def create_dataset(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST datasets/create``."""
    made = EvaluationDatasets(context.caller).create(
        given["name"], _tags(given["tags"]), given["experiment_ids"]
    )
    return {"dataset": _shown(made)}


def get_dataset(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET datasets/{id}``."""
    return {"dataset": _shown(EvaluationDatasets(context.caller).get(given["dataset_id"]))}


def delete_dataset(context: Context, given: Arguments) -> None:
    """``DELETE datasets/{id}``."""
    EvaluationDatasets(context.caller).delete(given["dataset_id"])


def search_datasets(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST datasets/search``."""
    found, token = EvaluationDatasets(context.caller).search(
        given["experiment_ids"],
        filter_=given["filter_string"],
        order_by=given["order_by"],
        max_results=page_size(given["max_results"], MAX_PAGE, MAX_PAGE),
        page_token=given["page_token"],
    )
    return without_none({"datasets": [_shown(one) for one in found], "next_page_token": token})


def set_dataset_tags(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PATCH datasets/{id}/tags``."""
    datasets = EvaluationDatasets(context.caller)
    return {"dataset": _shown(datasets.set_tags(given["dataset_id"], _tags(given["tags"])))}


def delete_dataset_tag(context: Context, given: Arguments) -> None:
    """``DELETE datasets/{id}/tags/{key}``."""
    EvaluationDatasets(context.caller).delete_tag(given["dataset_id"], given["key"])


def get_dataset_experiment_ids(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET datasets/{id}/experiment-ids``."""
    found = EvaluationDatasets(context.caller).get(given["dataset_id"])
    return {"experiment_ids": list(found.experiment_ids)}


def add_dataset_to_experiments(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST datasets/{id}/add-experiments``."""
    datasets = EvaluationDatasets(context.caller)
    return {
        "dataset": _shown(datasets.add_experiments(given["dataset_id"], given["experiment_ids"]))
    }


def remove_dataset_from_experiments(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST datasets/{id}/remove-experiments``."""
    changed = EvaluationDatasets(context.caller).remove_experiments(
        given["dataset_id"], given["experiment_ids"]
    )
    return {"dataset": _shown(changed)}


def upsert_dataset_records(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST datasets/{id}/records``."""
    records = _read(given["records"], "records")
    if not isinstance(records, list):
        raise InvalidInputError("the records are not a list", field="records")
    inserted, updated = EvaluationRecords(context.caller).upsert(
        given["dataset_id"], records, given["updated_by"]
    )
    return {"inserted_count": inserted, "updated_count": updated}


def get_dataset_records(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET datasets/{id}/records``; the records are a text of JSON."""
    found, token = EvaluationRecords(context.caller).page(
        given["dataset_id"],
        page_size(given["max_results"], MAX_PAGE, MAX_PAGE),
        given["page_token"],
    )
    return without_none({"records": orjson.dumps(found).decode(), "next_page_token": token})


def delete_dataset_records(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``DELETE datasets/{id}/records``."""
    deleted = EvaluationRecords(context.caller).delete(
        given["dataset_id"], given["dataset_record_ids"]
    )
    return {"deleted_count": deleted}


def register_scorer(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST scorers/register``."""
    made = Scorers(context.caller).register(
        given["experiment_id"], given["name"], given["serialized_scorer"]
    )
    return {
        "scorer_id": made.scorer_id,
        "experiment_id": made.experiment_id,
        "name": made.name,
        "version": made.version,
        "serialized_scorer": made.serialized,
        "creation_time": made.created_ms,
    }


def list_scorers(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET scorers/list``: the latest version of each."""
    ids = given["experiment_ids"] or [one for one in [given["experiment_id"]] if one]
    return {"scorers": [_scorer(one) for one in Scorers(context.caller).latest(ids)]}


def list_scorer_versions(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET scorers/versions``."""
    found = Scorers(context.caller).versions(given["experiment_id"], given["name"])
    return {"scorers": [_scorer(one) for one in found]}


def get_scorer(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET scorers/get``."""
    found = Scorers(context.caller).get(given["experiment_id"], given["name"], given["version"])
    return {"scorer": _scorer(found)}


def delete_scorer(context: Context, given: Arguments) -> None:
    """``DELETE scorers/delete``."""
    Scorers(context.caller).delete(given["experiment_id"], given["name"], given["version"])


def get_online_scoring_configs(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET scorers/online-configs``: of some scorers; clients ask whenever they read scorers."""
    found = OnlineScorings(context.caller).of_scorers(given["scorer_ids"])
    return {"configs": [_scoring(one) for one in found]}


def put_online_scoring_config(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PUT scorers/online-config``."""
    made = OnlineScorings(context.caller).put(
        given["experiment_id"], given["name"], given["sample_rate"], given["filter_string"]
    )
    return {"config": _scoring(made)}


def _scoring(one: OnlineScoring) -> dict[str, Any]:
    return without_none(
        {
            "online_scoring_config_id": one.id,
            "scorer_id": one.scorer_id,
            "sample_rate": one.sample_rate,
            "experiment_id": one.experiment_id,
            "filter_string": one.filter,
        }
    )


def _shown(dataset: EvaluationDataset) -> dict[str, Any]:
    return without_none(
        {
            "dataset_id": dataset.id,
            "name": dataset.name,
            "tags": orjson.dumps(dict(dataset.tags)).decode(),
            "schema": dataset.schema,
            "profile": orjson.dumps({"num_records": dataset.records}).decode(),
            "digest": dataset.digest,
            "created_time": dataset.created_ms,
            "last_update_time": dataset.updated_ms,
            "created_by": dataset.created_by,
            "last_updated_by": dataset.updated_by,
            "experiment_ids": list(dataset.experiment_ids),
        }
    )


def _scorer(one: ScorerVersion) -> dict[str, Any]:
    return {
        # A number in this message, where every other has a text.
        "experiment_id": int(one.experiment_id),
        "scorer_id": one.scorer_id,
        "scorer_name": one.name,
        "scorer_version": one.version,
        "serialized_scorer": one.serialized,
        "creation_time": one.created_ms,
    }


def _tags(text: str) -> dict[str, str]:
    tags = _read(text, "tags") if text else {}
    if not isinstance(tags, dict):
        raise InvalidInputError("the tags are not an object", field="tags")
    return {
        key: value if isinstance(value, str) else orjson.dumps(value).decode()
        for key, value in tags.items()
    }


def _read(text: str, field: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidInputError(
            f"'{field}' is not JSON", field=field, remedy="send a text that holds JSON"
        ) from None


_ID = {"dataset_id": required(STRING)}
_ONE = "3.0/datasets/{dataset_id}"
_EXPERIMENTS = {**_ID, "experiment_ids": optional(repeated(STRING))}
_SCORER = {"experiment_id": required(STRING), "name": required(STRING)}
_PAGE = {"max_results": optional(INT64), "page_token": optional(STRING)}
CALLS = (
    Call(
        "POST",
        "3.0/datasets/create",
        {
            "name": required(STRING),
            "experiment_ids": optional(repeated(STRING)),
            "tags": optional(STRING, ""),
        },
        create_dataset,
    ),
    reads(
        "POST",
        "3.0/datasets/search",
        {
            "experiment_ids": optional(repeated(STRING)),
            "filter_string": optional(STRING),
            "order_by": optional(repeated(STRING)),
            **_PAGE,
        },
        search_datasets,
    ),
    reads("GET", _ONE, _ID, get_dataset),
    Call("DELETE", _ONE, _ID, delete_dataset),
    Call("PATCH", f"{_ONE}/tags", {**_ID, "tags": required(STRING)}, set_dataset_tags),
    Call(
        "DELETE", f"{_ONE}/tags/{{key:path}}", {**_ID, "key": required(STRING)}, delete_dataset_tag
    ),
    reads("GET", f"{_ONE}/experiment-ids", _ID, get_dataset_experiment_ids),
    Call("POST", f"{_ONE}/add-experiments", _EXPERIMENTS, add_dataset_to_experiments),
    Call("POST", f"{_ONE}/remove-experiments", _EXPERIMENTS, remove_dataset_from_experiments),
    Call(
        "POST",
        f"{_ONE}/records",
        {**_ID, "records": required(STRING), "updated_by": optional(STRING, "")},
        upsert_dataset_records,
    ),
    reads("GET", f"{_ONE}/records", {**_ID, **_PAGE}, get_dataset_records),
    Call(
        "DELETE",
        f"{_ONE}/records",
        {**_ID, "dataset_record_ids": optional(repeated(STRING))},
        delete_dataset_records,
    ),
    Call(
        "POST",
        "3.0/scorers/register",
        {**_SCORER, "serialized_scorer": required(STRING)},
        register_scorer,
    ),
    reads(
        "GET",
        "3.0/scorers/list",
        {"experiment_id": optional(STRING), "experiment_ids": optional(repeated(STRING))},
        list_scorers,
    ),
    reads("GET", "3.0/scorers/versions", _SCORER, list_scorer_versions),
    reads("GET", "3.0/scorers/get", {**_SCORER, "version": optional(INT64)}, get_scorer),
    reads(
        "GET",
        "3.0/scorers/online-configs",
        {"scorer_ids": optional(repeated(STRING))},
        get_online_scoring_configs,
    ),
    Call(
        "PUT",
        "3.0/scorers/online-config",
        {**_SCORER, "sample_rate": required(DOUBLE), "filter_string": optional(STRING)},
        put_online_scoring_config,
    ),
    Call("DELETE", "3.0/scorers/delete", {**_SCORER, "version": optional(INT64)}, delete_scorer),
)
