"""Assertions on an answer, and values that are taken from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from vedette.experience.synthetic.definition import VARIABLE, Assertion, Extraction, check_regex
from vedette.experience.synthetic.paths import MissingPathError, read_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_VALUE = 4096
_SHOWN = 120
_FAILED_STATUS = 400


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    latency_ms: float
    tls_days: float | None = None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


def failures_of(assertions: Sequence[Assertion], answered: Answered) -> list[str]:
    """Return what does not hold, in sentences; without assertions a status from 400 up fails."""
    if not assertions and answered.status >= _FAILED_STATUS:
        return [f"the status is {answered.status}"]
    found = []
    for assertion in assertions:
        try:
            actual = _actual(assertion, answered)
        except LookupError:
            found.append(f"{assertion.text}: there is none")
            continue
        if not _holds(assertion, actual):
            found.append(f"{assertion.text}: it is {str(actual)[:_SHOWN]}")
    return found


def extracted(extraction: Extraction, answered: Answered) -> str:
    """Return a value of an answer; ``LookupError`` where there is none."""
    if extraction.of == "header":
        return answered.headers[extraction.path.lower()][:MAX_VALUE]
    if extraction.of == "body":
        found = check_regex(extraction.path).search(answered.text)
        if not found or found[1] is None:
            raise LookupError(extraction.path)
        return str(found[1])[:MAX_VALUE]
    value = _json(answered, extraction.path)
    return (value if isinstance(value, str) else orjson.dumps(value).decode())[:MAX_VALUE]


def substituted(text: str, variables: Mapping[str, str], *, quote_values: bool = False) -> str:
    """Return a text with its ``{{variables}}`` put in, percent-encoded for a URL."""

    def value(name: str) -> str:
        found = variables.get(name, "")
        return quote(found, safe="") if quote_values else found

    return VARIABLE.sub(lambda match: value(match[1]), text)


def _actual(assertion: Assertion, answered: Answered) -> Any:  # noqa: ANN401 - JSON
    match assertion.of:
        case "status":
            return answered.status
        case "latency_ms":
            return round(answered.latency_ms, 3)
        case "tls_days":
            if answered.tls_days is None:
                raise LookupError("no certificate")
            return round(answered.tls_days, 2)
        case "header":
            return answered.headers[assertion.path.lower()]
        case "json":
            return _json(answered, assertion.path)
        case "body":
            return answered.text


def _json(answered: Answered, path: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return read_path(orjson.loads(answered.body), path)
    except (MissingPathError, orjson.JSONDecodeError) as error:
        raise LookupError(path) from error


def _holds(assertion: Assertion, actual: Any) -> bool:  # noqa: ANN401 - JSON
    wanted = assertion.value
    match assertion.comparison:
        case "exists":
            return True
        case "=" | "!=":
            same = actual == wanted or str(actual) == str(wanted)
            return same if assertion.comparison == "=" else not same
        case "contains":
            return _contains(actual, wanted)
        case "not contains":
            return not _contains(actual, wanted)
        case "matches":
            return check_regex(str(wanted)).search(str(actual)) is not None
    return _ordered(assertion.comparison, actual, wanted)


def _contains(actual: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(actual, list):
        return wanted in actual
    return str(wanted) in str(actual)


def _ordered(comparison: str, actual: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON
    try:
        left, right = float(actual), float(wanted)
    except (TypeError, ValueError):
        return False
    return {
        "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right,
    }[comparison]  # fmt: skip
