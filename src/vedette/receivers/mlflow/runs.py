"""Calls about runs: their life, what they log, and searching them."""

from __future__ import annotations

from typing import Any

from vedette.models.limits import MAX_REQUEST_BYTES
from vedette.models.tracking import read_runs
from vedette.models.tracking.experiments import View
from vedette.models.tracking.inputs import log_inputs as store_inputs
from vedette.models.tracking.inputs import log_outputs as store_outputs
from vedette.models.tracking.log_batch import log_batch as store_batch
from vedette.models.tracking.model_history import record_model
from vedette.models.tracking.read_runs import ReadRuns
from vedette.models.tracking.runs import STATUSES, Input, Metric, RunInfo, Runs
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.common import KEY_VALUE, VIEW, member_of, page_size, pairs
from vedette.receivers.mlflow.run_shapes import shown, shown_info
from vedette.receivers.mlflow.schema import (
    DOUBLE,
    INT64,
    STRING,
    Arguments,
    Type,
    enum,
    message,
    optional,
    repeated,
    required,
)

METRIC = message(
    "Metric",
    key=required(STRING),
    value=required(DOUBLE),
    timestamp=required(INT64),
    step=optional(INT64, 0),
    model_id=optional(STRING, ""),
    dataset_name=optional(STRING, ""),
    dataset_digest=optional(STRING, ""),
)
DATASET = message(
    "Dataset",
    name=required(STRING),
    digest=required(STRING),
    source_type=required(STRING),
    source=required(STRING),
    schema=optional(STRING),
    profile=optional(STRING),
)
DATASET_INPUT = message(
    "DatasetInput", tags=optional(repeated(KEY_VALUE)), dataset=required(DATASET)
)
MODEL_INPUT = message("ModelInput", model_id=required(STRING))
MODEL_OUTPUT = message("ModelOutput", model_id=required(STRING), step=optional(INT64, 0))


def create_run(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST runs/create``."""
    run = Runs(context.caller).create(
        given["experiment_id"] or "0",
        name=given["run_name"] or "",
        user_id=given["user_id"] or "",
        start_ms=given["start_time"],
        tags=pairs(given["tags"]),
        run_id=given["run_id"] or "",
    )
    return {"run": shown(run)}


def get_run(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET runs/get``."""
    return {"run": shown(ReadRuns(context.caller).get(_run_id(given)))}


def update_run(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST runs/update``."""
    info: RunInfo = Runs(context.caller).update(
        _run_id(given), status=given["status"], end_ms=given["end_time"], name=given["run_name"]
    )
    return {"run_info": shown_info(info)}


def delete_run(context: Context, given: Arguments) -> None:
    """``POST runs/delete``."""
    Runs(context.caller).delete(_run_id(given))


def restore_run(context: Context, given: Arguments) -> None:
    """``POST runs/restore``."""
    Runs(context.caller).restore(_run_id(given))


def log_metric(context: Context, given: Arguments) -> None:
    """``POST runs/log-metric``."""
    store_batch(context.caller, _run_id(given), [_metric(given)])


def log_parameter(context: Context, given: Arguments) -> None:
    """``POST runs/log-parameter``."""
    Runs(context.caller).log_params(_run_id(given), [(given["key"], given["value"])])


def set_tag(context: Context, given: Arguments) -> None:
    """``POST runs/set-tag``."""
    Runs(context.caller).set_tag(_run_id(given), given["key"], given["value"])


def delete_tag(context: Context, given: Arguments) -> None:
    """``POST runs/delete-tag``."""
    Runs(context.caller).delete_tag(_run_id(given), given["key"])


def log_batch(context: Context, given: Arguments) -> None:
    """``POST runs/log-batch``."""
    store_batch(
        context.caller,
        _run_id(given),
        given["metrics"],
        pairs(given["params"]),
        pairs(given["tags"]),
    )


def log_inputs(context: Context, given: Arguments) -> None:
    """``POST runs/log-inputs``."""
    store_inputs(
        context.caller,
        _run_id(given),
        [Input(**item["dataset"], tags=pairs(item["tags"])) for item in given["datasets"]],
        [item["model_id"] for item in given["models"]],
    )


def log_outputs(context: Context, given: Arguments) -> None:
    """``POST runs/outputs``."""
    models = [(item["model_id"], item["step"]) for item in given["models"]]
    store_outputs(context.caller, _run_id(given), models)


def log_model(context: Context, given: Arguments) -> None:
    """``POST runs/log-model``: what clients before logged models sent; kept as a tag."""
    record_model(context.caller, _run_id(given), given["model_json"])


def search_runs(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST runs/search``."""
    found, token = ReadRuns(context.caller).search(
        given["experiment_ids"],
        view=View[given["run_view_type"]],
        filter_=given["filter"],
        order_by=given["order_by"],
        max_results=page_size(given["max_results"], 1000, read_runs.MAX_PAGE),
        page_token=given["page_token"],
    )
    answer: dict[str, Any] = {"runs": [shown(run) for run in found]}
    return answer | ({"next_page_token": token} if token else {})


def _run_id(given: Arguments) -> str:
    return member_of(given, "run_id", "run_uuid")


def _read_metrics(value: Any, field: str) -> list[Metric]:  # noqa: ANN401 - JSON
    """Read a batch's metrics: the usual shape at once, whatever else member by member."""
    if not isinstance(value, list):
        return [_metric(item) for item in repeated(METRIC).read(value, field)]
    metrics = []
    for number, item in enumerate(value):
        if type(item) is dict:
            key, point, moment = item.get("key"), item.get("value"), item.get("timestamp")
            step = item.get("step", 0)
            if (
                type(key) is str
                and type(point) is float
                and type(moment) is int
                and type(step) is int
                and -_INT64 <= moment < _INT64
                and -_INT64 <= step < _INT64
                and "\x00" not in key
                and _FURTHER.isdisjoint(item)
            ):
                metrics.append(Metric(key, point, moment, step))
                continue
        metrics.append(_metric(METRIC.read(item, f"{field}[{number}]")))
    return metrics


_INT64 = 2**63
_FURTHER = frozenset({"model_id", "dataset_name", "dataset_digest"})
METRICS = Type("Metric[]", _read_metrics, item=METRIC)
"""A list of metrics, read as ``Metric``; a batch has up to 1,000."""


def _metric(given: Arguments) -> Metric:
    return Metric(
        given["key"],
        given["value"],
        given["timestamp"],
        given["step"],
        given["model_id"],
        given["dataset_name"],
        given["dataset_digest"],
    )


_ID = {"run_id": optional(STRING), "run_uuid": optional(STRING)}
_KEY = {"key": required(STRING), "value": required(STRING)}
CALLS = (
    Call(
        "POST",
        "runs/create",
        {
            "experiment_id": optional(STRING),
            "user_id": optional(STRING),
            "run_name": optional(STRING),
            "start_time": optional(INT64),
            "tags": optional(repeated(KEY_VALUE)),
            # Not MLflow's: for an import, which keeps ids.
            "run_id": optional(STRING),
        },
        create_run,
    ),
    reads("GET", "runs/get", _ID, get_run),
    Call(
        "POST",
        "runs/update",
        {
            **_ID,
            "status": optional(enum("RunStatus", *STATUSES)),
            "end_time": optional(INT64),
            "run_name": optional(STRING),
        },
        update_run,
    ),
    Call("POST", "runs/delete", _ID, delete_run),
    Call("POST", "runs/restore", _ID, restore_run),
    Call("POST", "runs/log-metric", {**_ID, **(METRIC.members or {})}, log_metric),
    Call("POST", "runs/log-parameter", {**_ID, **_KEY}, log_parameter),
    Call("POST", "runs/set-tag", {**_ID, **_KEY}, set_tag),
    Call("POST", "runs/delete-tag", {**_ID, "key": required(STRING)}, delete_tag),
    Call(
        "POST",
        "runs/log-batch",
        {
            **_ID,
            "metrics": optional(METRICS),
            "params": optional(repeated(KEY_VALUE)),
            "tags": optional(repeated(KEY_VALUE)),
        },
        log_batch,
        max_bytes=MAX_REQUEST_BYTES,
    ),
    Call(
        "POST",
        "runs/log-inputs",
        {
            **_ID,
            "datasets": optional(repeated(DATASET_INPUT)),
            "models": optional(repeated(MODEL_INPUT)),
        },
        log_inputs,
    ),
    Call("POST", "runs/outputs", {**_ID, "models": optional(repeated(MODEL_OUTPUT))}, log_outputs),
    Call("POST", "runs/log-model", {**_ID, "model_json": required(STRING)}, log_model),
    reads(
        "POST",
        "runs/search",
        {
            "experiment_ids": optional(repeated(STRING)),
            "filter": optional(STRING),
            "run_view_type": optional(VIEW, "ACTIVE_ONLY"),
            "max_results": optional(INT64),
            "order_by": optional(repeated(STRING)),
            "page_token": optional(STRING),
        },
        search_runs,
    ),
)
