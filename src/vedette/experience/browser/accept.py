"""What a page sends, made safe to store: whoever reads the page's source can send anything.

The body is small and comes from outside, so it is looked at here and not in the engine: whose service
it is and by which app it came is set by the key, and everything is bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from vedette.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.experience.browser.service import BrowserApp

MAX_BODY = 512 * 1024
MAX_RECORDS = 200
MAX_ATTRIBUTES = 40
MAX_TEXT = 8192
_KEPT_OF_RESOURCE = {
    "service.version", "deployment.environment.name", "telemetry.sdk.language", "browser.language",
}  # fmt: skip
SCOPE = "vedette.browser"


def accepted(body: bytes, signal: str, app: BrowserApp, user_agent: str) -> bytes:
    """Return OTLP/JSON of what is taken over.

    Args:
        body: OTLP/JSON as it came.
        signal: ``traces`` or ``logs``.
        app: whose pages sent it.
        user_agent: of the request.

    Raises:
        InvalidInputError: the body is not OTLP/JSON.

    """
    outer, middle, inner, clean = _SHAPES[signal]
    try:
        document = orjson.loads(body)
        groups = document[outer]
        resource = _resource(groups[0].get("resource") or {}, app, user_agent) if groups else []
        records = [
            clean(record)
            for group in groups[:5]
            for scope in group[middle][:5]
            for record in scope[inner][:MAX_RECORDS]
        ][:MAX_RECORDS]
    except (
        orjson.JSONDecodeError,
        KeyError,
        TypeError,
        AttributeError,
        ValueError,
        IndexError,
    ) as error:
        raise InvalidInputError(
            "the body is no OTLP of the browser script",
            field="body",
            remedy="send by /rum/vedette.js, or as it does",
        ) from error
    scope = {"name": SCOPE}
    return orjson.dumps(
        {
            outer: [
                {"resource": {"attributes": resource}, middle: [{"scope": scope, inner: records}]}
            ]
        }
    )


def _resource(given: dict[str, Any], app: BrowserApp, user_agent: str) -> list[dict[str, Any]]:
    kept = [one for one in _attributes(given.get("attributes")) if one["key"] in _KEPT_OF_RESOURCE]
    ours = {
        "service.name": app.spec.service,
        "vedette.browser.app": app.name,
        "user_agent.original": user_agent[:512],
    }
    return kept + [{"key": key, "value": {"stringValue": value}} for key, value in ours.items()]


def _span(record: dict[str, Any]) -> dict[str, Any]:
    status = record.get("status") or {}
    return {
        "traceId": _id(record["traceId"], 32),
        "spanId": _id(record["spanId"], 16),
        "parentSpanId": _id(record.get("parentSpanId") or "", 16),
        "name": _text(record.get("name", ""))[:256],
        # A page's spans are those of a client: they may not pose as a service's own side.
        "kind": 3,
        "startTimeUnixNano": _nanos(record["startTimeUnixNano"]),
        "endTimeUnixNano": _nanos(record["endTimeUnixNano"]),
        "attributes": _attributes(record.get("attributes")),
        "status": {"code": 2 if status.get("code") == 2 else 0},  # noqa: PLR2004 - OTLP's Error
    }


def _log(record: dict[str, Any]) -> dict[str, Any]:
    body = record.get("body") or {}
    severity = record.get("severityNumber", 9)
    return {
        "timeUnixNano": _nanos(record["timeUnixNano"]),
        "severityNumber": severity if severity in {9, 13, 17} else 9,
        "severityText": _text(record.get("severityText", ""))[:10],
        "eventName": _text(record.get("eventName", ""))[:128],
        "body": {"stringValue": _text(body.get("stringValue", ""))},
        "attributes": _attributes(record.get("attributes")),
        "traceId": _id(record.get("traceId") or "", 32),
        "spanId": _id(record.get("spanId") or "", 16),
    }


def _attributes(given: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    found = []
    for one in (given or [])[:MAX_ATTRIBUTES]:
        value = one["value"]
        if "stringValue" in value:
            kept: dict[str, Any] = {"stringValue": _text(value["stringValue"])}
        elif "doubleValue" in value:
            kept = {"doubleValue": float(value["doubleValue"])}
        elif "boolValue" in value:
            kept = {"boolValue": bool(value["boolValue"])}
        elif "intValue" in value:
            kept = {"intValue": str(int(value["intValue"]))}
        else:
            continue
        found.append({"key": _text(one["key"])[:128], "value": kept})
    return found


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    return str(value)[:MAX_TEXT]


def _id(value: Any, digits: int) -> str:  # noqa: ANN401 - JSON
    text = str(value)
    if text and (len(text) != digits or not all(one in "0123456789abcdef" for one in text)):
        raise ValueError(text[:40])
    return text


def _nanos(value: Any) -> str:  # noqa: ANN401 - JSON
    number = int(value)
    if not 0 < number < 1 << 63:
        raise ValueError(str(value)[:40])
    return str(number)


_SHAPES: dict[str, tuple[str, str, str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "traces": ("resourceSpans", "scopeSpans", "spans", _span),
    "logs": ("resourceLogs", "scopeLogs", "logRecords", _log),
}
