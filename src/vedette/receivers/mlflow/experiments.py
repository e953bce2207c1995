"""Calls about experiments."""

from __future__ import annotations

from typing import Any

from vedette.models.tracking import experiments as domain
from vedette.models.tracking.experiments import Experiment, Experiments, View
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.common import KEY_VALUE, VIEW, key_values, page_size, pairs
from vedette.receivers.mlflow.schema import INT64, STRING, Arguments, optional, repeated, required


def create_experiment(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST experiments/create``."""
    identity = Experiments(context.caller).create(
        given["name"], given["artifact_location"] or "", pairs(given["tags"])
    )
    return {"experiment_id": identity}


def get_experiment(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET experiments/get``."""
    return {"experiment": shown(Experiments(context.caller).get(given["experiment_id"]))}


def get_experiment_by_name(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET experiments/get-by-name``."""
    found = Experiments(context.caller).get_by_name(given["experiment_name"])
    return {"experiment": shown(found)}


def search_experiments(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST experiments/search``."""
    found, token = Experiments(context.caller).search(
        view=View[given["view_type"]],
        filter_=given["filter"],
        order_by=given["order_by"],
        max_results=page_size(given["max_results"], 1000, domain.MAX_PAGE),
        page_token=given["page_token"],
    )
    answer: dict[str, Any] = {"experiments": [shown(item) for item in found]}
    return answer | ({"next_page_token": token} if token else {})


def update_experiment(context: Context, given: Arguments) -> None:
    """``POST experiments/update``."""
    if given["new_name"] is not None:
        Experiments(context.caller).rename(given["experiment_id"], given["new_name"])


def delete_experiment(context: Context, given: Arguments) -> None:
    """``POST experiments/delete``."""
    Experiments(context.caller).delete(given["experiment_id"])


def restore_experiment(context: Context, given: Arguments) -> None:
    """``POST experiments/restore``."""
    Experiments(context.caller).restore(given["experiment_id"])


def set_experiment_tag(context: Context, given: Arguments) -> None:
    """``POST experiments/set-experiment-tag``."""
    Experiments(context.caller).set_tag(given["experiment_id"], given["key"], given["value"])


def delete_experiment_tag(context: Context, given: Arguments) -> None:
    """``POST experiments/delete-experiment-tag``."""
    Experiments(context.caller).delete_tag(given["experiment_id"], given["key"])


def shown(experiment: Experiment) -> dict[str, Any]:
    """Return an experiment in MLflow's shape."""
    return {
        "experiment_id": experiment.id,
        "name": experiment.name,
        "artifact_location": experiment.artifact_location,
        "lifecycle_stage": experiment.lifecycle_stage,
        "creation_time": experiment.created_ms,
        "last_update_time": experiment.updated_ms,
        "tags": key_values(experiment.tags),
    }


_ID = {"experiment_id": required(STRING)}
_SEARCH = {
    "filter": optional(STRING),
    "max_results": optional(INT64),
    "order_by": optional(repeated(STRING)),
    "page_token": optional(STRING),
    "view_type": optional(VIEW, "ACTIVE_ONLY"),
}
CALLS = (
    Call(
        "POST",
        "experiments/create",
        {
            "name": required(STRING),
            "artifact_location": optional(STRING),
            "tags": optional(repeated(KEY_VALUE)),
        },
        create_experiment,
    ),
    reads("GET", "experiments/get", _ID, get_experiment),
    reads(
        "GET",
        "experiments/get-by-name",
        {"experiment_name": required(STRING)},
        get_experiment_by_name,
    ),
    reads("POST", "experiments/search", _SEARCH, search_experiments),
    reads("GET", "experiments/search", _SEARCH, search_experiments),
    Call("POST", "experiments/update", {**_ID, "new_name": optional(STRING)}, update_experiment),
    Call("POST", "experiments/delete", _ID, delete_experiment),
    Call("POST", "experiments/restore", _ID, restore_experiment),
    Call(
        "POST",
        "experiments/set-experiment-tag",
        {**_ID, "key": required(STRING), "value": required(STRING)},
        set_experiment_tag,
    ),
    Call(
        "POST",
        "experiments/delete-experiment-tag",
        {**_ID, "key": required(STRING)},
        delete_experiment_tag,
    ),
)
