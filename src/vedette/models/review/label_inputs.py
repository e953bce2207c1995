"""What a reviewer may answer: passed or failed, one or some of a list, a number, a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vedette.core.errors import InvalidInputError

MAX_LABEL = 64
MAX_OPTIONS = 10
Input = Mapping[str, Any]
"""One member, named by its kind: ``pass_fail``, ``categorical``, ``numeric`` or ``text``."""


def check_input(given: Input) -> dict[str, Any]:
    """Return the input of a question; ``InvalidInputError`` where no answer could be right."""
    kinds = [kind for kind in _CHECKS if given.get(kind) is not None]
    if len(kinds) != 1:
        raise InvalidInputError(
            f"a label schema has one input, not {len(kinds)}",
            field="input",
            remedy=f"give one of {', '.join(_CHECKS)}",
        )
    kind = kinds[0]
    return {kind: _CHECKS[kind](given[kind])}


def check_same_kind(before: Input, now: Input) -> None:
    """Refuse another kind of input: answers that are there already would have no meaning."""
    [kind], [new] = before, now
    if kind != new:
        raise InvalidInputError(
            "A label schema's input type cannot be changed after creation "
            f"(existing: {kind}, got: {new}).",
            field="input",
            remedy="create another label schema",
        )
    if kind == "categorical" and before[kind]["multi_select"] != now[kind]["multi_select"]:
        raise InvalidInputError(
            "'multi_select' cannot be changed after creation.",
            field="input.categorical.multi_select",
            remedy="create another label schema",
        )


def _pass_fail(given: Mapping[str, Any]) -> dict[str, Any]:
    labels = {
        name: _label(given[name], f"pass_fail.{name}")
        for name in ("positive_label", "negative_label")
    }
    if len(set(labels.values())) == 1:
        raise InvalidInputError(
            "the labels for passed and failed are the same",
            field="input.pass_fail",
            remedy="give two different labels",
        )
    return labels


def _categorical(given: Mapping[str, Any]) -> dict[str, Any]:
    field = "input.categorical.options"
    options = [_label(option, "categorical.options") for option in given["options"]]
    if not 1 <= len(options) <= MAX_OPTIONS:
        raise InvalidInputError(
            f"there are {len(options)} options", field=field, remedy=f"give 1 to {MAX_OPTIONS}"
        )
    if len(set(options)) < len(options):
        raise InvalidInputError("an option comes twice", field=field, remedy="leave one out")
    return {"options": options, "multi_select": bool(given["multi_select"])}


def _numeric(given: Mapping[str, Any]) -> dict[str, Any]:
    low, high = given["min_value"], given["max_value"]
    if low is not None and high is not None and not low < high:
        raise InvalidInputError(
            f"no number is between {low} and {high}",
            field="input.numeric.min_value",
            remedy="give a min_value below max_value",
        )
    return {
        name: value
        for name, value in (("min_value", low), ("max_value", high))
        if value is not None
    }


def _text(given: Mapping[str, Any]) -> dict[str, Any]:
    most = given["max_length"]
    if most is None:
        return {}
    if most < 1:
        raise InvalidInputError(
            f"a text of {most} characters holds nothing",
            field="input.text.max_length",
            remedy="give 1 or more, or leave it out",
        )
    return {"max_length": most}


def _label(text: str, name: str) -> str:
    if not 1 <= len(text) <= MAX_LABEL:
        raise InvalidInputError(
            f"a label has {len(text)} characters",
            field=f"input.{name}",
            remedy=f"give it 1 to {MAX_LABEL}",
        )
    return text


_CHECKS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "pass_fail": _pass_fail,
    "categorical": _categorical,
    "numeric": _numeric,
    "text": _text,
}
