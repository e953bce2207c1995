"""The statement that merges states of any number of windows and reads them out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vedette.data.profiling.engine import Engine
from vedette.data.profiling.run import ColumnStates
from vedette.data.profiling.states import COUNTS, EXTREMES, KEPT_VALUES, KEPT_WORDS, STATE_TYPES
from vedette.data.profiling.summary import LEVELS, ColumnProfile, combine

_STATES_A_STATEMENT = 500
_LEVELS = ", ".join(f"{(index + 0.5) / LEVELS:.4f}" for index in range(LEVELS))
_COUNTS = ", ".join(f"toUInt64(sum({name}))" for name in COUNTS)
_FINITE = "sum(rows) - sum(nulls) - sum(nans) - sum(positive_infinities) - sum(negative_infinities)"
_FIELDS = (
    "name", "pivot", "scale", "kind", "position", "type", "vector", "rows", "counts", "minimum", "maximum",
    "length_minimum", "length_maximum", "present", "finite", "sum", "variance", "skewness",
    "distinct", "quantiles", "lengths", "numbers", "values", "words", "vectors",
)  # fmt: skip


def _listed(size: int, state: str, *, text: bool = True) -> str:
    value = "toValidUTF8(t.1)" if text else "t.1"
    return f"arrayMap(t -> tuple({value}, t.2, t.3), approx_top_kMerge({size}, {size})({state}))"


SUMMARY = f"""
SELECT
    name, pivot, scale, kind, min(position), argMax(type, rows), max(vector), toUInt64(sum(rows)) AS every_row,
    tuple({_COUNTS}),
    min(minimum), max(maximum), min(length_minimum), max(length_maximum),
    toUInt64(sum(rows) - sum(nulls) - sum(nans)) AS present, toUInt64({_FINITE}) AS finite,
    sumKahanMerge(sum_state), varPopStableMerge(variance_state), skewPopMerge(skewness_state),
    uniqCombined64Merge(14)(distinct_state),
    arrayMap(q -> q * scale + pivot, quantilesTDigestMerge({_LEVELS})(quantiles_state)),
    quantilesTDigestMerge({_LEVELS})(lengths_state),
    {_listed(KEPT_VALUES, "numbers_state", text=False)},
    {_listed(KEPT_VALUES, "values_state")},
    {_listed(KEPT_WORDS, "words_state")},
    sumForEachMerge(vectors_state)
FROM {{source}}
GROUP BY name, pivot, scale, kind
ORDER BY min(position), name
"""
"""Merges rows that have the members of a profile, states as ``<member>_state``; see ``_FIELDS``."""


def profiles_of(rows: Sequence[Sequence[Any]], extra: int = 0) -> list[ColumnProfile]:
    """Return the profiles in an answer to ``SUMMARY``, in the order of the columns.

    Args:
        rows: the answer.
        extra: leading columns of the answer that are not the statement's own.

    """
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        part = dict(zip(_FIELDS, row[extra:], strict=True))
        part["counts"] = dict(zip(COUNTS, part["counts"], strict=True))
        parts.setdefault(part["name"], []).append(part)
    found = [combine(group) for group in parts.values()]
    return sorted(found, key=lambda profile: profile.position)


def summarise(engine: Engine, states: Iterable[ColumnStates]) -> list[ColumnProfile]:
    """Merge states that are at hand, and return a profile a column."""
    with tempfile.TemporaryDirectory(prefix="vedette-") as folder:
        file = Path(folder) / "states.json"
        found = [
            profile
            for part in _whole_columns(states)
            for profile in profiles_of(_merged(engine, part, file))
        ]
    return sorted(found, key=lambda profile: profile.position)


def _whole_columns(states: Iterable[ColumnStates]) -> Iterator[list[ColumnStates]]:
    """Yield states in parts that a statement's memory has room for, each column's in one part."""
    by_column: dict[str, list[ColumnStates]] = {}
    for state in states:
        by_column.setdefault(state.column.name, []).append(state)
    part: list[ColumnStates] = []
    for ones in by_column.values():
        if part and len(part) + len(ones) > _STATES_A_STATEMENT:
            yield part
            part = []
        part += ones
    if part:
        yield part


def _merged(engine: Engine, states: Sequence[ColumnStates], file: Path) -> list[list[Any]]:
    with file.open("w") as out:
        for state in states:
            out.write(json.dumps(_flat(state)) + "\n")
    read = f"(SELECT {_typed()} FROM file({{states:String}}, 'JSONEachRow', '{_structure()}'))"
    return engine.rows(SUMMARY.replace("{source}", read), {"states": str(file)})


def _flat(state: ColumnStates) -> dict[str, Any]:
    column = state.column
    members: Mapping[str, Any] = {
        (f"{name}_state" if name in STATE_TYPES else name): value
        for name, value in state.members.items()
        if value is not None
    }
    return {
        "name": column.name,
        "position": column.position,
        "type": column.type,
        "kind": column.kind.value,
        "pivot": column.pivot,
        "scale": column.scale,
        "vector": column.vector,
        **members,
    }


def _structure() -> str:
    plain = [
        "name String", "position UInt32", "type String", "kind String", "pivot Float64", "scale Float64",
        "vector UInt32", "rows UInt64",
    ]  # fmt: skip
    counts = [f"{name} UInt64" for name in COUNTS]
    extremes = [f"{name} Nullable(Float64)" for name in EXTREMES]
    states = [f"{name}_state String" for name in STATE_TYPES]
    return ", ".join([*plain, *counts, *extremes, *states])


def _typed() -> str:
    plain = [
        "name",
        "position",
        "type",
        "kind",
        "pivot",
        "scale",
        "vector",
        "rows",
        *COUNTS,
        *EXTREMES,
    ]
    return ", ".join(
        [*plain, *(f"{state_of(name, f'{name}_state')} AS {name}_state" for name in STATE_TYPES)]
    )


def state_of(member: str, text: str) -> str:
    """Return the expression that reads a state from its base64; an empty text is an empty state.

    Raises:
        KeyError: there is no such member.

    """
    type_ = STATE_TYPES[member]
    empty = f"arrayReduce('{_function(type_)}', CAST([], 'Array({_argument(type_)})'))"
    # A state cannot be chosen by a condition, its bytes can.
    return f"CAST(if(empty({text}), toString({empty}), base64Decode({text})), '{type_}')"


def _function(type_: str) -> str:
    inner = type_.removeprefix("AggregateFunction(").removesuffix(")")
    function = inner.rpartition(", ")[0] if "(" not in inner.rpartition(", ")[2] else inner
    name, bracket, parameters = inner.partition("(")
    if type_ == STATE_TYPES["vectors"]:
        return "sumForEachState"
    if bracket:
        return f"{name}State({parameters.partition(')')[0]})"
    return f"{function}State"


def _argument(type_: str) -> str:
    if type_ == STATE_TYPES["vectors"]:
        return "Array(Float64)"
    return type_.removesuffix(")").rpartition(", ")[2]
