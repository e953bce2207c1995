"""The states of a profile: their engine types, and the expressions that compute them.

Every column has the same members, so that all fit one table; a member that does not apply is None.
Counts are plain numbers; a state is the engine's binary form of an aggregate function in base64.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vedette.data.profiling.columns import Column, Kind

KEPT_VALUES = 1024
"""A column of up to so many distinct values is kept whole: every value with its exact count."""
KEPT_WORDS = 2048
MAX_VALUE_BYTES = 256
"""A longer text is kept by its beginning."""
_FINEST = 2**53
_FLOAT32_MAX = 3.0e38

STATE_TYPES: Mapping[str, str] = {
    "sum": "AggregateFunction(sumKahan, Float64)",
    "variance": "AggregateFunction(varPopStable, Float64)",
    "skewness": "AggregateFunction(skewPop, Float64)",
    "distinct": "AggregateFunction(uniqCombined64(14), UInt64)",
    "quantiles": "AggregateFunction(quantilesTDigest(0.5), Float64)",
    "numbers": f"AggregateFunction(approx_top_k({KEPT_VALUES}, {KEPT_VALUES}), Float64)",
    "values": f"AggregateFunction(approx_top_k({KEPT_VALUES}, {KEPT_VALUES}), String)",
    "words": f"AggregateFunction(approx_top_k({KEPT_WORDS}, {KEPT_WORDS}), String)",
    "lengths": "AggregateFunction(quantilesTDigest(0.5), Float64)",
    "vectors": "AggregateFunction(sumForEach, Array(Float64))",
}
"""Member to the engine type of its state."""

COUNTS = (
    "nulls", "nans", "positive_infinities", "negative_infinities", "zeros", "negatives", "integrals",
    "empties", "invalid_texts", "numeric_texts", "integral_texts", "length_sum", "word_count",
)  # fmt: skip
"""Members that are numbers of rows and add up over windows."""
EXTREMES = ("minimum", "maximum", "length_minimum", "length_maximum")
MEMBERS = ("rows", *COUNTS, *EXTREMES, *STATE_TYPES)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Expressions over one column: its number, whether it counts, and how to guard aggregates."""

    number: str
    condition: str | None

    def state(self, function: str, argument: str | None = None, *, only: str | None = None) -> str:
        name, bracket, parameters = function.partition("(")
        conditions = " AND ".join(filter(None, (self.condition, only)))
        suffix = f"({parameters}" if bracket else ""
        value = argument or self.number
        if conditions:
            return f"base64Encode(toString({name}StateIf{suffix}({value}, {conditions})))"
        return f"base64Encode(toString({name}State{suffix}({value})))"

    def count(self, condition: str) -> str:
        return f"countIf({' AND '.join(filter(None, (self.condition, condition)))})"

    def extreme(self, function: str, value: str | None = None) -> str:
        value = value or self.number
        if self.condition:
            return f"{function}OrNullIf({value}, {self.condition})"
        return f"{function}OrNull({value})"


def expressions(column: Column) -> dict[str, str]:
    """Return the aggregate expressions of a column by member; members left out are None."""
    x = column.quoted
    found = {"rows": "count()", "nulls": f"countIf(isNull({x}))" if column.nullable else "0"}
    makers = {
        Kind.NUMERIC: _numeric,
        Kind.TIME: _time,
        Kind.BOOLEAN: _boolean,
        Kind.TEXT: _text,
        Kind.LIST: _list,
        Kind.OTHER: _other,
    }
    return found | makers[column.kind](column)


def _known(column: Column) -> str | None:
    return f"isNotNull({column.quoted})" if column.nullable else None


def _value(column: Column) -> str:
    return f"assumeNotNull({column.quoted})" if column.nullable else column.quoted


def _moments(parts: _Parts, column: Column) -> dict[str, str]:
    shifted = f"({parts.number}) - {column.pivot!r}" if column.pivot else parts.number
    return {
        "minimum": parts.extreme("min"),
        "maximum": parts.extreme("max"),
        "sum": parts.state("sumKahan"),
        "variance": parts.state("varPopStable", shifted),
        "skewness": parts.state("skewPop", shifted),
        "quantiles": _sketch(parts, shifted, column),
    }


def _sketch(parts: _Parts, shifted: str, column: Column) -> str:
    """Return the quantile sketch; it keeps 32-bit floats, so what is beyond them is left out."""
    scaled = shifted if column.scale == 1 else f"({shifted}) / {column.scale!r}"
    wide = column.is_float and column.inner_type != "Float32"
    only = f"abs({scaled}) < {_FLOAT32_MAX!r}" if wide else None
    return parts.state("quantilesTDigest(0.5)", scaled, only=only)


def _numeric(column: Column) -> dict[str, str]:
    x, known = column.quoted, _known(column)
    number = f"toFloat64({_value(column)})"
    found: dict[str, str] = {}
    condition = known
    if column.is_float:
        # Comparisons with NULL are NULL, which countIf takes as false.
        found = {
            "nans": f"countIf(isNaN({x}))",
            "positive_infinities": f"countIf(isInfinite({x}) AND {x} > 0)",
            "negative_infinities": f"countIf(isInfinite({x}) AND {x} < 0)",
        }
        condition = f"ifNull(isFinite({x}), 0)" if column.nullable else f"isFinite({x})"
    parts = _Parts(number, condition)
    found |= {
        "zeros": parts.count(f"{number} = 0"),
        "negatives": parts.count(f"{number} < 0"),
        "integrals": parts.count("1" if column.integer_bits else f"trunc({number}) = {number}"),
        "distinct": parts.state("uniqCombined64(14)", _number_key(column, number)),
        **_moments(parts, column),
    }
    if column.values:
        found["numbers"] = parts.state(f"approx_top_k({KEPT_VALUES}, {KEPT_VALUES})")
    return found


def _number_key(column: Column, number: str) -> str:
    """Return what tells numbers apart: the same for one value in any numeric type."""
    # Adding 0 makes the two zeros one.
    key = f"reinterpretAsUInt64({number} + 0.)"
    if column.integer_bits > 32:  # noqa: PLR2004 - Float64 holds every integer of 32 bits
        value = _value(column)
        return f"if(abs({number}) < {_FINEST}, {key}, cityHash64({value}))"
    return key


def _time(column: Column) -> dict[str, str]:
    value = _value(column)
    number = f"toFloat64(toUnixTimestamp64Micro(toDateTime64({value}, 6, 'UTC'))) / 1e6"
    if column.inner_type.startswith("Time"):
        number = f"toFloat64({value})"
    parts = _Parts(number, _known(column))
    return {
        "distinct": parts.state("uniqCombined64(14)", f"reinterpretAsUInt64({number})"),
        **_moments(parts, column),
    }


def _boolean(column: Column) -> dict[str, str]:
    number = f"toFloat64({_value(column)})"
    parts = _Parts(number, _known(column))
    text = f"if({_value(column)}, 'true', 'false')"
    return {
        "zeros": parts.count(f"{number} = 0"),
        "distinct": parts.state("uniqCombined64(14)", f"cityHash64({text})"),
        "values": parts.state(f"approx_top_k({KEPT_VALUES}, {KEPT_VALUES})", text),
        **_moments(parts, column),
    }


def _text(column: Column) -> dict[str, str]:
    text = _value(column)
    if column.inner_type != "String" or "LowCardinality" in column.type:
        text = f"toString({text})"
        if "LowCardinality" in column.type:
            text = f"CAST({text}, 'String')"
    parts = _Parts(text, _known(column))
    length = f"toFloat64(lengthUTF8({text}))"
    found = {
        "empties": parts.count(f"empty({text})"),
        "invalid_texts": parts.count(f"NOT isValidUTF8({text})"),
        "numeric_texts": parts.count(f"isNotNull(toFloat64OrNull({text}))"),
        "integral_texts": parts.count(f"isNotNull(toInt64OrNull({text}))"),
        "distinct": parts.state("uniqCombined64(14)", f"cityHash64({text})"),
        **_lengths(parts, length),
    }
    if column.values:
        found["values"] = parts.state(
            f"approx_top_k({KEPT_VALUES}, {KEPT_VALUES})", f"left({text}, {MAX_VALUE_BYTES})"
        )
    if column.words:
        words = words_of(text)
        found["word_count"] = _sum(parts, f"length({words})")
        found["words"] = parts.state(f"approx_top_kArray({KEPT_WORDS}, {KEPT_WORDS})", words)
    return found


def words_of(text: str) -> str:
    """Return the expression of a text's words: runs of letters and digits, in lower case."""
    return f"arrayMap(w -> left(w, 64), splitByNonAlpha(lowerUTF8({text})))"


def _sum(parts: _Parts, value: str) -> str:
    return f"sumIf({value}, {parts.condition})" if parts.condition else f"sum({value})"


def _lengths(parts: _Parts, length: str) -> dict[str, str]:
    return {
        "length_minimum": parts.extreme("min", length),
        "length_maximum": parts.extreme("max", length),
        "length_sum": f"toUInt64({_sum(parts, length)})",
        "lengths": parts.state("quantilesTDigest(0.5)", length),
    }


def _list(column: Column) -> dict[str, str]:
    value = _value(column)
    parts = _Parts(value, _known(column))
    found = {
        "empties": parts.count(f"empty({value})"),
        "distinct": parts.state("uniqCombined64(14)", f"cityHash64(toString({value}))"),
        **_lengths(parts, f"toFloat64(length({value}))"),
    }
    if column.vector:
        numbers = f"arrayMap(e -> ifNull(toFloat64(e), 0.), {value})"
        found["vectors"] = parts.state(
            "sumForEach", numbers, only=f"length({value}) = {column.vector}"
        )
    return found


def _other(column: Column) -> dict[str, str]:
    parts = _Parts(column.quoted, _known(column))
    key = f"cityHash64(ifNull(toString({column.quoted}), ''))"
    return {"distinct": parts.state("uniqCombined64(14)", key)}
