"""Calls about histories of metrics."""

from __future__ import annotations

from typing import Any

import orjson

from vedette.models.tracking.history import MAX_POINTS, MAX_SAMPLED, Histories
from vedette.models.tracking.runs import Runs
from vedette.receivers.mlflow.calls import Context, reads
from vedette.receivers.mlflow.common import member_of, page_size
from vedette.receivers.mlflow.schema import INT64, STRING, Arguments, optional, repeated, required

_BULK_POINTS = 25_000


def get_metric_history(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET metrics/get-history``."""
    run_id = member_of(given, "run_id", "run_uuid")
    Runs(context.caller).require(run_id)
    points, token = _histories(context).of_run(
        run_id,
        given["metric_key"],
        max_results=page_size(given["max_results"], MAX_POINTS, MAX_POINTS),
        page_token=given["page_token"],
    )
    answer: dict[str, Any] = {"metrics": orjson.Fragment(points)}
    return answer | ({"next_page_token": token} if token else {})


def get_metric_history_bulk(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET metrics/get-history-bulk``: one metric of several runs."""
    points = _histories(context).of_runs(
        given["run_id"],
        given["metric_key"],
        max_results=min(page_size(given["max_results"], _BULK_POINTS, MAX_POINTS), _BULK_POINTS),
    )
    return {"metrics": orjson.Fragment(points)}


def get_metric_history_bulk_interval(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET metrics/get-history-bulk-interval``: at evenly spaced steps."""
    points = _histories(context).sampled(
        given["run_ids"],
        given["metric_key"],
        max_results=page_size(given["max_results"], MAX_SAMPLED, MAX_SAMPLED),
        first_step=given["start_step"],
        last_step=given["end_step"],
    )
    return {"metrics": orjson.Fragment(points)}


def _histories(context: Context) -> Histories:
    services = context.services
    return Histories(services.runner, services.metric_outbox, context.caller.account)


CALLS = (
    reads(
        "GET",
        "metrics/get-history",
        {
            "run_id": optional(STRING),
            "run_uuid": optional(STRING),
            "metric_key": required(STRING),
            "max_results": optional(INT64),
            "page_token": optional(STRING),
        },
        get_metric_history,
    ),
    reads(
        "GET",
        "metrics/get-history-bulk",
        {
            "run_id": required(repeated(STRING)),
            "metric_key": required(STRING),
            "max_results": optional(INT64),
        },
        get_metric_history_bulk,
    ),
    reads(
        "GET",
        "metrics/get-history-bulk-interval",
        {
            "run_ids": required(repeated(STRING)),
            "metric_key": required(STRING),
            "start_step": optional(INT64),
            "end_step": optional(INT64),
            "max_results": optional(INT64),
        },
        get_metric_history_bulk_interval,
    ),
)
