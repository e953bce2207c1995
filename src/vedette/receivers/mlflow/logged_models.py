"""Calls about logged models."""

from __future__ import annotations

from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.models.tracking.logged_models import FAILED, PENDING, READY, LoggedModel, LoggedModels
from vedette.models.tracking.search_logged_models import (
    MAX_PAGE,
    DatasetFilter,
    ModelOrder,
    search_logged_models,
)
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.common import KEY_VALUE, key_values, page_size, pairs, without_none
from vedette.receivers.mlflow.run_shapes import shown_metric
from vedette.receivers.mlflow.schema import (
    BOOL,
    INT64,
    STRING,
    Arguments,
    enum,
    message,
    optional,
    repeated,
    required,
)

STATUS = enum("LoggedModelStatus", PENDING, READY, FAILED)
_DATASET = message("Dataset", dataset_name=required(STRING), dataset_digest=optional(STRING, ""))
_ORDER = message(
    "OrderBy",
    field_name=required(STRING),
    ascending=optional(BOOL, default=True),
    dataset_name=optional(STRING, ""),
    dataset_digest=optional(STRING, ""),
)


def create_logged_model(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST logged-models``."""
    model = LoggedModels(context.caller).create(
        given["experiment_id"],
        name=given["name"] or "",
        model_type=given["model_type"],
        source_run_id=given["source_run_id"],
        params=pairs(given["params"]),
        tags=pairs(given["tags"]),
        model_id=given["model_id"] or "",
    )
    return {"model": shown(model)}


def get_logged_model(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET logged-models/{id}``."""
    return {"model": shown(LoggedModels(context.caller).get(given["model_id"]))}


def finalize_logged_model(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PATCH logged-models/{id}``."""
    model = LoggedModels(context.caller).finalize(given["model_id"], given["status"])
    return {"model": shown(model)}


def delete_logged_model(context: Context, given: Arguments) -> None:
    """``DELETE logged-models/{id}``."""
    LoggedModels(context.caller).delete(given["model_id"])


def set_logged_model_tags(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PATCH logged-models/{id}/tags``."""
    model = LoggedModels(context.caller).set_tags(given["model_id"], pairs(given["tags"]))
    return {"model": shown(model)}


def delete_logged_model_tag(context: Context, given: Arguments) -> None:
    """``DELETE logged-models/{id}/tags/{key}``."""
    LoggedModels(context.caller).delete_tag(given["model_id"], given["tag_key"])


def log_logged_model_params(context: Context, given: Arguments) -> None:
    """``POST logged-models/{id}/params``."""
    LoggedModels(context.caller).log_params(given["model_id"], pairs(given["params"]))


def search_models(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST logged-models/search``."""
    found, token = search_logged_models(
        context.caller,
        given["experiment_ids"],
        filter_=given["filter"],
        datasets=[_dataset(item) for item in given["datasets"]],
        order_by=[
            ModelOrder(
                item["field_name"],
                item["ascending"],
                _dataset(item) if item["dataset_name"] or item["dataset_digest"] else None,
            )
            for item in given["order_by"]
        ],
        max_results=page_size(given["max_results"], 50, MAX_PAGE),
        page_token=given["page_token"],
    )
    answer: dict[str, Any] = {"models": [shown(model) for model in found]}
    return answer | ({"next_page_token": token} if token else {})


def _dataset(given: Arguments) -> DatasetFilter:
    if not given["dataset_name"]:
        raise InvalidInputError("`dataset_name` must be specified.", field="dataset_name")
    return DatasetFilter(given["dataset_name"], given["dataset_digest"])


def shown(model: LoggedModel) -> dict[str, Any]:
    """Return a logged model in MLflow's shape."""
    return {
        "info": without_none(
            {
                "model_id": model.id,
                "experiment_id": model.experiment_id,
                "name": model.name,
                "creation_timestamp_ms": model.created_ms,
                "last_updated_timestamp_ms": model.updated_ms,
                "artifact_uri": model.artifact_uri,
                "status": model.status,
                "model_type": model.model_type,
                "source_run_id": model.source_run_id,
                "status_message": model.status_message,
                "tags": key_values(model.tags),
                "registrations": [
                    {"name": name, "version": str(version)} for name, version in model.registrations
                ],
            }
        ),
        "data": {
            "params": key_values(model.params),
            "metrics": [shown_metric(metric, run_id) for metric, run_id in model.metrics],
        },
    }


_ID = {"model_id": required(STRING)}
CALLS = (
    Call(
        "POST",
        "logged-models",
        {
            "experiment_id": required(STRING),
            "name": optional(STRING),
            "model_type": optional(STRING),
            "source_run_id": optional(STRING),
            "params": optional(repeated(KEY_VALUE)),
            "tags": optional(repeated(KEY_VALUE)),
            # Not MLflow's: for an import, which keeps ids.
            "model_id": optional(STRING),
        },
        create_logged_model,
    ),
    reads(
        "POST",
        "logged-models/search",
        {
            "experiment_ids": optional(repeated(STRING)),
            "filter": optional(STRING),
            "datasets": optional(repeated(_DATASET)),
            "max_results": optional(INT64),
            "order_by": optional(repeated(_ORDER)),
            "page_token": optional(STRING),
        },
        search_models,
    ),
    reads("GET", "logged-models/{model_id}", _ID, get_logged_model),
    Call(
        "PATCH",
        "logged-models/{model_id}",
        {**_ID, "status": required(STATUS)},
        finalize_logged_model,
    ),
    Call("DELETE", "logged-models/{model_id}", _ID, delete_logged_model),
    Call(
        "PATCH",
        "logged-models/{model_id}/tags",
        {**_ID, "tags": optional(repeated(KEY_VALUE))},
        set_logged_model_tags,
    ),
    Call(
        "DELETE",
        "logged-models/{model_id}/tags/{tag_key:path}",
        {**_ID, "tag_key": required(STRING)},
        delete_logged_model_tag,
    ),
    Call(
        "POST",
        "logged-models/{model_id}/params",
        {**_ID, "params": optional(repeated(KEY_VALUE))},
        log_logged_model_params,
    ),
)
