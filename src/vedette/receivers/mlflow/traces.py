"""Calls about traces, version 3 of their API: heads, spans, tags."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.models.traces.assessments import Assessments
from vedette.models.traces.correlation import correlate
from vedette.models.traces.heads import STATES, TraceHead, Traces
from vedette.models.traces.search import MAX_PAGE, search_traces
from vedette.models.traces.spans import spans_of
from vedette.receivers.mlflow.assessments import shown as shown_assessment
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.common import number, page_size, without_none
from vedette.receivers.mlflow.schema import (
    INT64,
    JSON,
    MAP,
    STRING,
    Arguments,
    enum,
    message,
    optional,
    repeated,
    required,
)

LOCATION = message(
    "TraceLocation",
    type=optional(STRING),
    mlflow_experiment=optional(
        message("MlflowExperimentLocation", experiment_id=optional(STRING, ""))
    ),
)
TRACE_INFO = message(
    "TraceInfoV3",
    trace_id=required(STRING),
    client_request_id=optional(STRING),
    trace_location=required(LOCATION),
    request_preview=optional(STRING),
    response_preview=optional(STRING),
    request_time=optional(STRING),
    execution_duration=optional(STRING),
    state=optional(enum("State", *STATES), "STATE_UNSPECIFIED"),
    trace_metadata=optional(MAP, {}),
    tags=optional(MAP, {}),
    assessments=optional(repeated(JSON)),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def start_trace(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST traces``: the head of a trace as the client has it when it ends."""
    info = given["trace"]["trace_info"]
    head = TraceHead(
        id=info["trace_id"],
        experiment_id=_experiment_of(info["trace_location"]),
        request_ms=_milliseconds(info["request_time"]),
        duration_ms=_duration(info["execution_duration"]),
        state=info["state"],
        client_request_id=info["client_request_id"],
        request_preview=info["request_preview"],
        response_preview=info["response_preview"],
        metadata=info["trace_metadata"],
        tags=info["tags"],
    )
    stored = Traces(context.caller).start(head)
    assessments = Assessments(context.caller)
    for document in info["assessments"]:
        assessments.create(stored.id, document)
    return {"trace": {"trace_info": _shown(context, [stored])[0]}}


def get_trace_info(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET traces/{id}``."""
    head = Traces(context.caller).get_one(given["trace_id"])
    return {"trace": {"trace_info": _shown(context, [head])[0]}}


def get_trace(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET traces/get``: one trace with its spans."""
    head = Traces(context.caller).get_one(given["trace_id"])
    return {"trace": _whole(context, [head])[0]}


def batch_get_traces(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET traces/batchGet``: traces with their spans; unknown ones are left out."""
    return {"traces": _whole(context, _of_experiments(context, given))}


def batch_get_trace_infos(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST traces/batchGetInfos``."""
    return {"trace_infos": _shown(context, _of_experiments(context, given))}


def search(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST traces/search``."""
    experiments = [_experiment_of(location) for location in given["locations"]]
    found, token = search_traces(
        context.caller,
        context.services.runner,
        experiments or given["experiment_ids"],
        filter_=given["filter"],
        order_by=given["order_by"],
        max_results=page_size(given["max_results"], 100, MAX_PAGE),
        page_token=given["page_token"],
    )
    answer: dict[str, Any] = {"traces": _shown(context, found)}
    return answer | ({"next_page_token": token} if token else {})


def calculate_filter_correlation(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST traces/calculate-filter-correlation``."""
    found = correlate(
        context.caller,
        context.services.runner,
        given["experiment_ids"],
        given["filter_string1"],
        given["filter_string2"],
        given["base_filter"],
    )
    return {
        "npmi": number(found.npmi),
        "npmi_smoothed": number(found.npmi_smoothed),
        "filter1_count": found.first,
        "filter2_count": found.second,
        "joint_count": found.both,
        "total_count": found.total,
    }


def delete_traces(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST traces/delete-traces``."""
    deleted = Traces(context.caller).delete(
        given["experiment_id"],
        before_ms=given["max_timestamp_millis"],
        trace_ids=given["request_ids"] or given["trace_ids"],
        most=given["max_traces"],
    )
    return {"traces_deleted": deleted}


def set_trace_tag(context: Context, given: Arguments) -> None:
    """``PATCH traces/{id}/tags``."""
    Traces(context.caller).set_tag(given["trace_id"], given["key"], given["value"])


def delete_trace_tag(context: Context, given: Arguments) -> None:
    """``DELETE traces/{id}/tags``."""
    Traces(context.caller).delete_tag(given["trace_id"], given["key"])


def link_traces_to_run(context: Context, given: Arguments) -> None:
    """``POST traces/link-to-run``."""
    Traces(context.caller).link_to_run(given["trace_ids"], given["run_id"])


def link_prompts_to_trace(context: Context, given: Arguments) -> None:
    """``POST traces/link-prompts``."""
    prompts = [(one["name"], one["version"]) for one in given["prompt_versions"]]
    Traces(context.caller).link_prompts(given["trace_id"], prompts)


def _of_experiments(context: Context, given: Arguments) -> list[TraceHead]:
    heads = Traces(context.caller).get(given["trace_ids"])
    wanted = set(given["experiment_ids"])
    return [head for head in heads if not wanted or head.experiment_id in wanted]


def _whole(context: Context, heads: Sequence[TraceHead]) -> list[dict[str, Any]]:
    ids = [head.id for head in heads]
    spans = spans_of(context.services.runner, context.caller.account, ids)
    infos = _shown(context, heads)
    return [
        {"trace_info": info, "spans": spans.get(head.id, [])}
        for head, info in zip(heads, infos, strict=True)
    ]


def _shown(context: Context, heads: Sequence[TraceHead]) -> list[dict[str, Any]]:
    assessments = Assessments(context.caller).of_traces([head.id for head in heads])
    return [
        without_none(
            {
                "trace_id": head.id,
                "client_request_id": head.client_request_id,
                "trace_location": {
                    "type": "MLFLOW_EXPERIMENT",
                    "mlflow_experiment": {"experiment_id": head.experiment_id},
                },
                "request_preview": head.request_preview,
                "response_preview": head.response_preview,
                "request_time": _moment(head.request_ms),
                "execution_duration": None
                if head.duration_ms is None
                else f"{head.duration_ms / 1000:.3f}s",
                "state": head.state,
                "trace_metadata": dict(head.metadata),
                "tags": dict(head.tags),
                "assessments": [shown_assessment(item) for item in assessments.get(head.id, ())],
            }
        )
        for head in heads
    ]


def _experiment_of(location: Arguments) -> str:
    experiment = location["mlflow_experiment"] or {}
    if not experiment.get("experiment_id"):
        raise InvalidInputError(
            "the location names no MLflow experiment", field="trace_location.mlflow_experiment"
        )
    identity: str = experiment["experiment_id"]
    return identity


def _moment(milliseconds: int) -> str:
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(text: str | None) -> int:
    """Return a moment of protobuf's JSON (RFC 3339) in milliseconds; the present without one."""
    if not text:
        return int((datetime.now(UTC) - _EPOCH) / timedelta(milliseconds=1))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            f"Invalid value {text[:60]!r} for parameter 'request_time' supplied.",
            field="request_time",
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int((moment - _EPOCH) / timedelta(milliseconds=1))


def _duration(text: str | None) -> int | None:
    """Return a duration of protobuf's JSON (``1.5s``) in milliseconds."""
    if not text:
        return None
    try:
        seconds = float(text.removesuffix("s"))
        if not 0 <= seconds < 1e9:  # noqa: PLR2004 - thirty years
            raise ValueError
    except ValueError:
        raise InvalidInputError(
            f"Invalid value {text[:60]!r} for parameter 'execution_duration' supplied.",
            field="execution_duration",
        ) from None
    return round(seconds * 1000)


_ID = {"trace_id": required(STRING)}
_IDS = {
    "trace_ids": optional(repeated(STRING)),
    "experiment_ids": optional(repeated(STRING)),
}
_DELETE = {
    "experiment_id": required(STRING),
    "max_timestamp_millis": optional(INT64),
    "max_traces": optional(INT64),
    "request_ids": optional(repeated(STRING)),
    "trace_ids": optional(repeated(STRING)),
}
_TAG = {**_ID, "key": required(STRING), "value": optional(STRING, "")}
_KEY = {**_ID, "key": required(STRING)}
_PROMPT = message("PromptVersionRef", name=required(STRING), version=required(STRING))
_LINK = {"trace_ids": optional(repeated(STRING)), "run_id": required(STRING)}
CALLS = (
    Call(
        "POST",
        "3.0/traces",
        {"trace": required(message("Trace", trace_info=required(TRACE_INFO)))},
        start_trace,
    ),
    reads("GET", "3.0/traces/batchGet", _IDS, batch_get_traces),
    reads("POST", "3.0/traces/batchGetInfos", _IDS, batch_get_trace_infos),
    reads("GET", "3.0/traces/get", _ID, get_trace),
    reads(
        "POST",
        "3.0/traces/search",
        {
            "locations": optional(repeated(LOCATION)),
            "experiment_ids": optional(repeated(STRING)),
            "filter": optional(STRING),
            "max_results": optional(INT64),
            "order_by": optional(repeated(STRING)),
            "page_token": optional(STRING),
        },
        search,
    ),
    reads(
        "POST",
        "3.0/traces/calculate-filter-correlation",
        {
            "experiment_ids": optional(repeated(STRING)),
            "filter_string1": required(STRING),
            "filter_string2": required(STRING),
            "base_filter": optional(STRING),
        },
        calculate_filter_correlation,
    ),
    Call("POST", "3.0/traces/delete-traces", _DELETE, delete_traces),
    Call("POST", "traces/delete-traces", _DELETE, delete_traces),
    Call("POST", "traces/link-to-run", _LINK, link_traces_to_run),
    Call("POST", "3.0/traces/link-to-run", _LINK, link_traces_to_run),
    Call(
        "POST",
        "traces/link-prompts",
        {**_ID, "prompt_versions": optional(repeated(_PROMPT))},
        link_prompts_to_trace,
    ),
    reads("GET", "3.0/traces/{trace_id}", _ID, get_trace_info),
    Call("PATCH", "3.0/traces/{trace_id}/tags", _TAG, set_trace_tag),
    Call("DELETE", "3.0/traces/{trace_id}/tags", _KEY, delete_trace_tag),
    Call("PATCH", "traces/{trace_id}/tags", _TAG, set_trace_tag),
    Call("DELETE", "traces/{trace_id}/tags", _KEY, delete_trace_tag),
)
