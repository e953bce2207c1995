"""Answers as JSON: what the services return, written without copying it piece by piece first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import orjson
from fastapi import Response

from vedette.store.warehouse import Columns
from vedette.telemetry.traces.statistics import CallStatistics

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_UTC_Z
_QUANTILES = {"p50_ns": 0.5, "p90_ns": 0.9, "p95_ns": 0.95, "p99_ns": 0.99}


def answer(value: object) -> Response:
    """Return a JSON response.

    A dataclass becomes an object of its fields, ``Columns`` an object of lists by column, a moment
    RFC 3339, and NaN and infinities null.
    """
    body = orjson.dumps(value, default=_plain, option=_OPTIONS)
    return Response(body, media_type="application/json")


def fields_of(value: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass
    """Return a dataclass's fields by name, without going into their values."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _plain(value: object) -> object:
    if isinstance(value, Columns):
        return dict(value.data)
    if isinstance(value, CallStatistics):
        return _statistics(value)
    if is_dataclass(value):
        return fields_of(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _statistics(calls: CallStatistics) -> dict[str, Any]:
    return {
        "count": calls.count,
        "ok": calls.ok,
        "throttles": calls.throttles,
        "errors": calls.errors,
        "faults": calls.faults,
        "fault_rate": calls.fault_rate,
        "mean_ns": calls.mean_ns,
        **{name: calls.quantile_ns(q) for name, q in _QUANTILES.items()},
        "histogram": [{"up_to_ns": bound, "count": count} for bound, count in calls.histogram()],
    }
