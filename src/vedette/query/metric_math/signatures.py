"""Which arguments each function takes and what it answers: the type check of metric math."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vedette.query.language.errors import RefusedError, closest
from vedette.query.metric_math.functions import ELEMENTWISE, REDUCERS, STEPWISE
from vedette.query.metric_math.tree import (
    Array,
    Binary,
    Call,
    Negate,
    Node,
    Number,
    Reference,
    Text,
    Word,
)
from vedette.query.metric_math.values import Kind

Kinds = Mapping[str, Kind]

_SCALAR, _SERIES, _ARRAY = Kind.SCALAR, Kind.SERIES, Kind.ARRAY
_MIN_IF = 2
_MAX_IF = 3
_SORT_ARGUMENTS = (3, 4)
SORT_BY = ("AVG", "MIN", "MAX", "SUM")
SORT_ORDERS = ("ASC", "DESC")
FILLERS = ("REPEAT", "LINEAR")


def check(node: Node, kinds: Kinds) -> Kind:
    """Return the type of a tree, given the types of the ids that it refers to.

    Raises:
        RefusedError: something is not what it must be; says what and where.

    """
    if isinstance(node, Number):
        return _SCALAR
    if isinstance(node, Reference):
        return _reference(node, kinds)
    if isinstance(node, Negate):
        return check(node.operand, kinds)
    if isinstance(node, Binary):
        return _binary(node, kinds)
    if isinstance(node, Array):
        return _array(node, kinds)
    if isinstance(node, Call):
        return _call(node, kinds)
    shown = node.value if isinstance(node, Word) else f'"{node.value}"'
    raise RefusedError(
        f"{shown} is not a value", node.start, "only some functions take words and quoted texts"
    )


def _reference(node: Reference, kinds: Kinds) -> Kind:
    if node.name not in kinds:
        near = closest(node.name, kinds)
        known = f"did you mean {near}?" if near else f"the ids are {', '.join(sorted(kinds)[:10])}"
        raise RefusedError(
            f"there is no query with the id {node.name}",
            node.start,
            known if kinds else "give the request a metric query with this id",
        )
    return kinds[node.name]


def _binary(node: Binary, kinds: Kinds) -> Kind:
    left, right = check(node.left, kinds), check(node.right, kinds)
    if _ARRAY in (left, right):
        return _ARRAY
    return _SERIES if _SERIES in (left, right) else _SCALAR


def _array(node: Array, kinds: Kinds) -> Kind:
    for item in node.items:
        if check(item, kinds) is _SCALAR:
            raise RefusedError(
                "an array holds time series, and this is a scalar",
                item.start,
                "make it a time series with TIME_SERIES(...)",
            )
    return _ARRAY


def _call(node: Call, kinds: Kinds) -> Kind:
    signature = _SIGNATURES.get(node.function)
    if signature is None:
        near = closest(node.function, [name.lower() for name in _SIGNATURES])
        raise RefusedError(
            f"there is no function {node.function}",
            node.start,
            f"did you mean {near.upper()}?" if near else f"use one of {', '.join(FUNCTIONS)}",
        )
    return signature(node, kinds)


def _count(node: Call, low: int, high: int) -> None:
    if low <= len(node.arguments) <= high:
        return
    wanted = str(low) if low == high else f"{low} to {high}"
    plural = "" if wanted == "1" else "s"
    raise RefusedError(
        f"{node.function} takes {wanted} argument{plural}, not {len(node.arguments)}",
        node.start,
        None,
    )


def _argument(node: Call, index: int, kinds: Kinds, *allowed: Kind) -> Kind:
    argument = node.arguments[index]
    kind = check(argument, kinds)
    if kind not in allowed:
        wanted = " or ".join(one.value for one in allowed)
        raise RefusedError(
            f"argument {index + 1} of {node.function} must be {wanted}, and this is {kind.value}",
            argument.start,
            _remedy(kind, allowed),
        )
    return kind


def _remedy(kind: Kind, allowed: tuple[Kind, ...]) -> str | None:
    if kind is _SCALAR:
        return "make it a time series with TIME_SERIES(...)"
    if kind is _SERIES:
        if _ARRAY in allowed:
            return "make it an array with [...]"
        return "reduce it to a scalar, for example with MAX(...)"
    return "take one series with FIRST(...), or reduce the array, for example with SUM(...)"


def _word(node: Call, index: int, allowed: tuple[str, ...]) -> None:
    argument = node.arguments[index]
    if not isinstance(argument, Word) or argument.value not in allowed:
        raise RefusedError(
            f"argument {index + 1} of {node.function} must be {' or '.join(allowed)}",
            argument.start,
            None,
        )


def _same(node: Call, kinds: Kinds) -> Kind:
    _count(node, 1, 1)
    return _argument(node, 0, kinds, _SCALAR, _SERIES, _ARRAY)


def _same_series(node: Call, kinds: Kinds) -> Kind:
    _count(node, 1, 1)
    return _argument(node, 0, kinds, _SERIES, _ARRAY)


def _reduced(node: Call, kinds: Kinds) -> Kind:
    return _SCALAR if _same_series(node, kinds) is _SERIES else _SERIES


def _fill(node: Call, kinds: Kinds) -> Kind:
    _count(node, 2, 2)
    kind = _argument(node, 0, kinds, _SERIES, _ARRAY)
    if isinstance(node.arguments[1], Word):
        _word(node, 1, FILLERS)
    else:
        _argument(node, 1, kinds, _SCALAR, _SERIES)
    return kind


def _one_of_array(node: Call, kinds: Kinds) -> Kind:
    _count(node, 1, 1)
    _argument(node, 0, kinds, _ARRAY)
    return _SERIES


def _if(node: Call, kinds: Kinds) -> Kind:
    _count(node, _MIN_IF, _MAX_IF)
    found = {_argument(node, n, kinds, _SCALAR, _SERIES) for n in range(len(node.arguments))}
    # Without a value for "else", what comes out may be nothing, which only a series can be.
    return _SERIES if _SERIES in found or len(node.arguments) == _MIN_IF else _SCALAR


def _metrics(node: Call, kinds: Kinds) -> Kind:  # noqa: ARG001 - the shape of a signature
    _count(node, 0, 1)
    if node.arguments and not isinstance(node.arguments[0], Text):
        raise RefusedError(
            "METRICS takes a part of an id as quoted text",
            node.arguments[0].start,
            'for example METRICS("errors")',
        )
    return _ARRAY


def _metric_count(node: Call, kinds: Kinds) -> Kind:
    _count(node, 1, 1)
    _argument(node, 0, kinds, _ARRAY)
    return _SCALAR


def _band(node: Call, kinds: Kinds) -> Kind:
    _count(node, 1, 2)
    _argument(node, 0, kinds, _SERIES, _ARRAY)
    if len(node.arguments) > 1:
        _argument(node, 1, kinds, _SCALAR)
    return _ARRAY


def _period(node: Call, kinds: Kinds) -> Kind:
    _count(node, 1, 1)
    _argument(node, 0, kinds, _SERIES)
    return _SCALAR


def _remove_empty(node: Call, kinds: Kinds) -> Kind:
    _count(node, 1, 1)
    return _argument(node, 0, kinds, _ARRAY)


def _search(node: Call, kinds: Kinds) -> Kind:  # noqa: ARG001 - the shape of a signature
    _count(node, 2, 2)
    for argument in node.arguments:
        if not isinstance(argument, Text):
            raise RefusedError(
                "SEARCH takes a selector and a statistic as quoted texts",
                argument.start,
                "for example SEARCH('http.server.duration{service=\"shop\"}', 'p95')",
            )
    return _ARRAY


def _slice(node: Call, kinds: Kinds) -> Kind:
    _count(node, 2, 3)
    _argument(node, 0, kinds, _ARRAY)
    for index in range(1, len(node.arguments)):
        _argument(node, index, kinds, _SCALAR)
    return _ARRAY


def _sort(node: Call, kinds: Kinds) -> Kind:
    low, high = _SORT_ARGUMENTS
    _count(node, low, high)
    _argument(node, 0, kinds, _ARRAY)
    _word(node, 1, SORT_BY)
    _word(node, 2, SORT_ORDERS)
    if len(node.arguments) == high:
        _argument(node, 3, kinds, _SCALAR)
    return _ARRAY


def _time_series(node: Call, kinds: Kinds) -> Kind:
    _count(node, 1, 1)
    _argument(node, 0, kinds, _SCALAR)
    return _SERIES


_SIGNATURES: Mapping[str, Callable[[Call, Kinds], Kind]] = {
    **dict.fromkeys(ELEMENTWISE, _same),
    **dict.fromkeys(STEPWISE, _same_series),
    **dict.fromkeys(REDUCERS, _reduced),
    "ANOMALY_DETECTION_BAND": _band,
    "FILL": _fill,
    "FIRST": _one_of_array,
    "IF": _if,
    "LAST": _one_of_array,
    "METRICS": _metrics,
    "METRIC_COUNT": _metric_count,
    "PERIOD": _period,
    "REMOVE_EMPTY": _remove_empty,
    "SEARCH": _search,
    "SLICE": _slice,
    "SORT": _sort,
    "TIME_SERIES": _time_series,
}

FUNCTIONS: tuple[str, ...] = tuple(sorted(_SIGNATURES))
"""Names of all functions, for completion."""
