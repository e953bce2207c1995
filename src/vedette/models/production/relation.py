"""Predictions joined with their labels, as one relation that every question is asked of.

A label finds its prediction by the id; of several labels of one id the one of the latest time counts.
A class is a text: a number is written as the engine writes it, so that 1 and 1.0 are one class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange

MAX_FILTERS = 10
_FILTER = re.compile(
    r"(?P<name>.{1,256}?)\s*(?P<op><=|>=|!=|=|<|>)\s*(?P<value>.{0,256})", re.DOTALL
)
_OWN = {"version": "Version", "endpoint": "Endpoint"}

_CLASS = "multiIf(isFinite(Value), toString(Value), Label != '', Label, {best})"
_BEST = "arraySort((k, v) -> -v, mapKeys(Scores), mapValues(Scores))[1]"
_COLUMNS = (
    "Timestamp AS time, PredictionId AS id, Version AS version, Endpoint AS endpoint, NumericFeatures AS numbers,"
    " TextFeatures AS texts, MissingFeatures AS missing, Tags AS tags, Weight AS weight, LatencyMs AS latency,"
    " TraceId AS trace_id, ReceivedTime AS received, Attributions AS attributions, Scores AS scores,"
    f" Value AS value, {_CLASS.format(best=_BEST)} AS class"
)
_PREDICTIONS = f"SELECT {_COLUMNS} FROM @predictions WHERE {{where}}"
_LABELLED = """
SELECT p.*, l.known AS labelled, l.actual_value AS actual_value, l.actual AS actual, l.label_received AS label_received
FROM ({predictions}) AS p
LEFT JOIN (
    SELECT PredictionId AS label_id, toUInt8(1) AS known, max(ReceivedTime) AS label_received,
        argMax((Value, if(isFinite(Value), toString(Value), Label)), (Timestamp, ReceivedTime)) AS last,
        last.1 AS actual_value, last.2 AS actual
    FROM @prediction_labels
    WHERE Model = {{model:String}}
        AND PredictionId IN (SELECT PredictionId FROM @predictions WHERE {where})
    GROUP BY PredictionId
) AS l ON p.id = l.label_id
"""
_REFERENCE = f"""
SELECT {_COLUMNS}, toUInt8(isFinite(ActualValue) OR ActualLabel != '') AS labelled, ActualValue AS actual_value,
    if(isFinite(ActualValue), toString(ActualValue), ActualLabel) AS actual, ReceivedTime AS label_received
FROM (
    SELECT * FROM @prediction_references
    WHERE Model = {{{{model:String}}}} AND Version = {{{{version:String}}}} AND Reference = {{{{reference:String}}}}
    ORDER BY ReceivedTime DESC LIMIT 1 BY PredictionId
)
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a feature, a tag, ``version`` or ``endpoint``, such as ``age < 30``."""

    name: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} {self.op} {self.value}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which predictions a question is about.

    Attributes:
        model: the registered model's name.
        range: when they were made; None only for a reference.
        version: only this version; all where None.
        endpoint: only this endpoint.
        filters: conditions that all hold.
        reference: name of an uploaded reference of ``version``; then the range does not matter.

    """

    model: str
    range: TimeRange | None = None
    version: str | None = None
    endpoint: str | None = None
    filters: Sequence[Condition] = field(default_factory=tuple)
    reference: str | None = None


def parse_filters(texts: Sequence[str]) -> list[Condition]:
    """Return conditions of texts such as ``plan=a``, ``age<30`` and ``tags.team!=x``.

    Raises:
        InvalidInputError: a text is none, or there are more than 10.

    """
    if len(texts) > MAX_FILTERS:
        raise InvalidInputError(
            f"{len(texts)} filters are too many", field="filter", remedy=f"give up to {MAX_FILTERS}"
        )
    found = []
    for text in texts:
        match = _FILTER.fullmatch(text.strip())
        if match is None:
            raise InvalidInputError(
                f"{text[:100]!r} is no filter",
                field="filter",
                remedy="write such as 'plan=a' or 'age<30'",
            )
        condition = Condition(match["name"], match["op"], match["value"])
        if condition.op in {"<", "<=", ">", ">="}:
            _number(condition)
        found.append(condition)
    return found


def relation(scope: Scope, *, labels: bool = True) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of a scope's predictions and its parameters.

    Columns: time, id, version, endpoint, numbers, texts, missing, tags, weight, latency, trace_id,
    received, attributions, scores, value, class; and with ``labels`` labelled, actual_value, actual and
    label_received.
    """
    params: dict[str, Any] = {"model": scope.model}
    more = _more(scope, params)
    if scope.reference is not None:
        params |= {"version": scope.version or "", "reference": scope.reference}
        found = _REFERENCE.replace("{{", "{").replace("}}", "}")
        return (f"SELECT * FROM ({found}) WHERE {more}" if more else found), params
    assert scope.range is not None  # noqa: S101 - callers give one
    where = "Model = {model:String} AND Timestamp >= {start:DateTime64(3)} AND Timestamp < {end:DateTime64(3)}"
    params |= {"start": scope.range.start, "end": scope.range.end}
    if scope.version is not None:
        where += " AND Version = {version:String}"
        params["version"] = scope.version
    if scope.endpoint is not None:
        where += " AND Endpoint = {endpoint:String}"
        params["endpoint"] = scope.endpoint
    found = _PREDICTIONS.replace("{where}", where)
    if more:
        found = f"SELECT * FROM ({found}) WHERE {more}"
    if labels:
        found = (
            _LABELLED.replace("{predictions}", found).replace("{where}", where)
            .replace("{{", "{").replace("}}", "}")
        )  # fmt: skip
    return found, params


def _more(scope: Scope, params: dict[str, Any]) -> str:
    conditions = []
    for index, one in enumerate(scope.filters):
        text, number = _value_of(one.name, index, params)
        if one.op in {"<", "<=", ">", ">="}:
            params[f"filter{index}"] = _number(one)
            conditions.append(f"{number} {one.op} {{filter{index}:Float64}}")
            continue
        params[f"filter{index}"] = _same_number(one.value)
        conditions.append(f"{text} {one.op} {{filter{index}:String}}")
    return " AND ".join(conditions)


def _value_of(name: str, index: int, params: dict[str, Any]) -> tuple[str, str]:
    """Return expressions of a column's value as text and as number."""
    if name in _OWN:
        column = _OWN[name].lower()
        return f"toString({column})", f"toFloat64OrNull(toString({column}))"
    key = f"{{key{index}:String}}"
    if name.startswith("tags."):
        params[f"key{index}"] = name.removeprefix("tags.")
        return f"tags[{key}]", f"toFloat64OrNull(tags[{key}])"
    params[f"key{index}"] = name
    number = f"if(mapContains(numbers, {key}), numbers[{key}], NULL)"
    text = (
        f"multiIf(mapContains(numbers, {key}), toString(numbers[{key}]), mapContains(texts, {key}),"
        f" texts[{key}], tags[{key}])"
    )
    return text, number


def _number(condition: Condition) -> float:
    try:
        return float(condition.value)
    except ValueError as error:
        raise InvalidInputError(
            f"{condition.value[:50]!r} is no number to compare with",
            field="filter",
            remedy="compare texts by = and !=",
        ) from error


def _same_number(text: str) -> str:
    """Return a number as the engine writes it, and any other text as it is."""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)  # noqa: PLR2004


def names_of(mapping: Mapping[str, str]) -> list[Condition]:
    """Return conditions of a segment: name to value."""
    return [Condition(name, "=", value) for name, value in mapping.items()]
