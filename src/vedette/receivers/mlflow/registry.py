"""Calls about registered models and their versions."""

from __future__ import annotations

from typing import Any

from vedette.core.errors import NotFoundError
from vedette.models.registry import models as domain
from vedette.models.registry import versions as version_domain
from vedette.models.registry.aliases import Aliases
from vedette.models.registry.models import Models
from vedette.models.registry.records import Model, Version
from vedette.models.registry.stages import from_mlflow, to_mlflow
from vedette.models.registry.versions import Versions, parse_version
from vedette.models.tracking.logged_models import LoggedModels
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.common import KEY_VALUE, key_values, page_size, pairs, without_none
from vedette.receivers.mlflow.run_shapes import shown_metric
from vedette.receivers.mlflow.schema import (
    BOOL,
    INT64,
    STRING,
    Arguments,
    optional,
    repeated,
    required,
)


def create_registered_model(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST registered-models/create``."""
    model = Models(context.caller).create(
        given["name"], description=given["description"] or "", tags=pairs(given["tags"])
    )
    return {"registered_model": shown_model(model)}


def get_registered_model(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET registered-models/get``."""
    return {"registered_model": shown_model(Models(context.caller).get(given["name"]))}


def rename_registered_model(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST registered-models/rename``."""
    model = Models(context.caller).rename(given["name"], given["new_name"] or "")
    return {"registered_model": shown_model(model)}


def update_registered_model(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PATCH registered-models/update``."""
    model = Models(context.caller).describe(given["name"], given["description"] or "")
    return {"registered_model": shown_model(model)}


def delete_registered_model(context: Context, given: Arguments) -> None:
    """``DELETE registered-models/delete``."""
    Models(context.caller).delete(given["name"])


def search_registered_models(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET registered-models/search``."""
    found, token = Models(context.caller).search(
        filter_=given["filter"],
        order_by=given["order_by"],
        max_results=page_size(given["max_results"], 100, domain.MAX_PAGE),
        page_token=given["page_token"],
    )
    answer: dict[str, Any] = {"registered_models": [shown_model(model) for model in found]}
    return answer | ({"next_page_token": token} if token else {})


def get_latest_versions(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET registered-models/get-latest-versions``."""
    found = Versions(context.caller).latest(given["name"], given["stages"])
    return {"model_versions": [shown_version(version) for version in found]}


def set_registered_model_tag(context: Context, given: Arguments) -> None:
    """``POST registered-models/set-tag``."""
    Models(context.caller).set_tag(given["name"], given["key"], given["value"])


def delete_registered_model_tag(context: Context, given: Arguments) -> None:
    """``DELETE registered-models/delete-tag``."""
    Models(context.caller).delete_tag(given["name"], given["key"], missing_ok=True)


def set_registered_model_alias(context: Context, given: Arguments) -> None:
    """``POST registered-models/alias``."""
    number = parse_version(given["version"])
    Aliases(context.caller).set(given["name"], given["alias"], number)


def delete_registered_model_alias(context: Context, given: Arguments) -> None:
    """``DELETE registered-models/alias``."""
    Aliases(context.caller).delete(given["name"], given["alias"])


def get_model_version_by_alias(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET registered-models/alias``."""
    version = Aliases(context.caller).version(given["name"], given["alias"])
    return {"model_version": shown_version(version)}


def create_model_version(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST model-versions/create``."""
    version = Versions(context.caller).create(
        given["name"],
        given["source"],
        run_id=given["run_id"] or "",
        run_link=given["run_link"] or "",
        description=given["description"] or "",
        logged_model_id=given["model_id"],
        tags=pairs(given["tags"]),
    )
    return {"model_version": shown_version(version)}


def get_model_version(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET model-versions/get``, with the parameters and metrics of its logged model."""
    version = Versions(context.caller).get(given["name"], parse_version(given["version"]))
    answer = shown_version(version)
    if version.logged_model_id:
        try:
            logged = LoggedModels(context.caller).get(version.logged_model_id)
        except NotFoundError:
            return {"model_version": answer}
        answer["model_params"] = [{"name": k, "value": v} for k, v in logged.params.items()]
        answer["model_metrics"] = [shown_metric(metric, run) for metric, run in logged.metrics]
    return {"model_version": answer}


def update_model_version(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PATCH model-versions/update``."""
    version = Versions(context.caller).describe(
        given["name"], parse_version(given["version"]), given["description"] or ""
    )
    return {"model_version": shown_version(version)}


def delete_model_version(context: Context, given: Arguments) -> None:
    """``DELETE model-versions/delete``."""
    Versions(context.caller).delete(given["name"], parse_version(given["version"]))


def transition_model_version_stage(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST model-versions/transition-stage``; the same gates hold as everywhere."""
    version = Versions(context.caller).transition(
        given["name"],
        parse_version(given["version"]),
        from_mlflow(given["stage"]),
        archive_others=given["archive_existing_versions"],
    )
    return {"model_version": shown_version(version)}


def get_model_version_download_uri(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET model-versions/get-download-uri``."""
    version = Versions(context.caller).get(given["name"], parse_version(given["version"]))
    return {"artifact_uri": version.storage_location}


def search_model_versions(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET model-versions/search``."""
    found, token = Versions(context.caller).search(
        filter_=given["filter"],
        order_by=given["order_by"],
        max_results=page_size(given["max_results"], 10_000, version_domain.MAX_PAGE),
        page_token=given["page_token"],
    )
    answer: dict[str, Any] = {"model_versions": [shown_version(version) for version in found]}
    return answer | ({"next_page_token": token} if token else {})


def set_model_version_tag(context: Context, given: Arguments) -> None:
    """``POST model-versions/set-tag``."""
    number = parse_version(given["version"])
    Versions(context.caller).set_tag(given["name"], number, given["key"], given["value"])


def delete_model_version_tag(context: Context, given: Arguments) -> None:
    """``DELETE model-versions/delete-tag``."""
    number = parse_version(given["version"])
    Versions(context.caller).delete_tag(given["name"], number, given["key"], missing_ok=True)


def shown_model(model: Model) -> dict[str, Any]:
    """Return a registered model in MLflow's shape."""
    return {
        "name": model.name,
        "creation_timestamp": model.created_ms,
        "last_updated_timestamp": model.updated_ms,
        "user_id": model.user_id,
        "description": model.description,
        "latest_versions": [shown_version(version) for version in model.latest],
        "tags": key_values(model.tags),
        "aliases": [
            {"alias": alias, "version": str(version)} for alias, version in model.aliases.items()
        ],
    }


def shown_version(version: Version) -> dict[str, Any]:
    """Return a version in MLflow's shape."""
    return without_none(
        {
            "name": version.model,
            "version": str(version.version),
            "creation_timestamp": version.created_ms,
            "last_updated_timestamp": version.updated_ms,
            "user_id": version.user_id,
            "current_stage": to_mlflow(version.stage),
            "description": version.description,
            "source": version.source,
            "run_id": version.run_id,
            "run_link": version.run_link,
            "status": version.status,
            "status_message": version.status_message,
            "tags": key_values(version.tags),
            "aliases": list(version.aliases),
            "model_id": version.logged_model_id,
        }
    )


_NAME = {"name": required(STRING)}
_VERSION = {**_NAME, "version": required(STRING)}
_TAG = {"key": required(STRING), "value": required(STRING)}
_SEARCH = {
    "filter": optional(STRING),
    "max_results": optional(INT64),
    "order_by": optional(repeated(STRING)),
    "page_token": optional(STRING),
}
_LATEST = {**_NAME, "stages": optional(repeated(STRING))}
_TAGS = {"tags": optional(repeated(KEY_VALUE)), "description": optional(STRING)}
CALLS = (
    Call("POST", "registered-models/create", {**_NAME, **_TAGS}, create_registered_model),
    reads("GET", "registered-models/get", _NAME, get_registered_model),
    Call(
        "POST",
        "registered-models/rename",
        {**_NAME, "new_name": optional(STRING)},
        rename_registered_model,
    ),
    Call(
        "PATCH",
        "registered-models/update",
        {**_NAME, "description": optional(STRING)},
        update_registered_model,
    ),
    Call("DELETE", "registered-models/delete", _NAME, delete_registered_model),
    reads("GET", "registered-models/search", _SEARCH, search_registered_models),
    reads("GET", "registered-models/get-latest-versions", _LATEST, get_latest_versions),
    reads("POST", "registered-models/get-latest-versions", _LATEST, get_latest_versions),
    Call("POST", "registered-models/set-tag", {**_NAME, **_TAG}, set_registered_model_tag),
    Call(
        "DELETE",
        "registered-models/delete-tag",
        {**_NAME, "key": required(STRING)},
        delete_registered_model_tag,
    ),
    Call(
        "POST",
        "registered-models/alias",
        {**_VERSION, "alias": required(STRING)},
        set_registered_model_alias,
    ),
    Call(
        "DELETE",
        "registered-models/alias",
        {**_NAME, "alias": required(STRING)},
        delete_registered_model_alias,
    ),
    reads(
        "GET",
        "registered-models/alias",
        {**_NAME, "alias": required(STRING)},
        get_model_version_by_alias,
    ),
    Call(
        "POST",
        "model-versions/create",
        {
            **_NAME,
            **_TAGS,
            "source": required(STRING),
            "run_id": optional(STRING),
            "run_link": optional(STRING),
            "model_id": optional(STRING),
        },
        create_model_version,
    ),
    reads("GET", "model-versions/get", _VERSION, get_model_version),
    Call(
        "PATCH",
        "model-versions/update",
        {**_VERSION, "description": optional(STRING)},
        update_model_version,
    ),
    Call("DELETE", "model-versions/delete", _VERSION, delete_model_version),
    Call(
        "POST",
        "model-versions/transition-stage",
        {
            **_VERSION,
            "stage": required(STRING),
            "archive_existing_versions": optional(BOOL, default=False),
        },
        transition_model_version_stage,
    ),
    reads("GET", "model-versions/get-download-uri", _VERSION, get_model_version_download_uri),
    reads("GET", "model-versions/search", _SEARCH, search_model_versions),
    Call("POST", "model-versions/set-tag", {**_VERSION, **_TAG}, set_model_version_tag),
    Call(
        "DELETE",
        "model-versions/delete-tag",
        {**_VERSION, "key": required(STRING)},
        delete_model_version_tag,
    ),
)
