"""Columns of a source: what they are called, what kind of values they hold, what is kept of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from vedette.core.errors import InvalidInputError

MAX_COLUMNS = 20_000
MAX_NAME = 512
_WRAPPED = re.compile(r"(?:Nullable|LowCardinality|SimpleAggregateFunction)\((.*)\)", re.DOTALL)
_INTEGER = re.compile(r"U?Int(\d+)")


class Kind(StrEnum):
    """What the values of a column are to a profile."""

    NUMERIC = "numeric"
    TEXT = "text"
    """Text: categories, identifiers, sentences."""
    TIME = "time"
    """Dates and moments; as a number, seconds since the epoch in UTC."""
    BOOLEAN = "boolean"
    """As a number, 0 and 1."""
    LIST = "list"
    """Arrays; numbers of one length are vectors (embeddings)."""
    OTHER = "other"
    """Structures: counted, and told apart by their text."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column and what a profile keeps of it.

    Attributes:
        name: as the source calls it.
        position: from 0.
        type: the engine's type.
        kind: what a profile makes of it.
        values: whether its most frequent values are kept with their counts.
        words: whether its words are kept.
        vector: length of its vectors, 0 where it has none.
        pivot: taken away from numbers before they go to the quantile sketch, which keeps 24 bits.
        scale: what they are divided by then.

    """

    name: str
    position: int
    type: str
    kind: Kind
    values: bool = True
    words: bool = False
    vector: int = 0
    pivot: float = 0.0
    scale: float = 1.0

    @property
    def quoted(self) -> str:
        """The name as an identifier."""
        return quoted(self.name)

    @property
    def nullable(self) -> bool:
        """Whether it may hold NULL."""
        return "Nullable(" in self.type.split("Array(")[0]

    @property
    def inner_type(self) -> str:
        """The type without Nullable and LowCardinality."""
        return inner_type(self.type)

    @property
    def is_float(self) -> bool:
        """Whether it may hold NaN and infinities."""
        return self.inner_type.startswith(("Float", "BFloat"))

    @property
    def integer_bits(self) -> int:
        """Width of its integers; 0 where it has none."""
        found = _INTEGER.fullmatch(self.inner_type)
        return int(found[1]) if found else 0


def quoted(name: str) -> str:
    """Return a name as an identifier of the engine, whatever characters are in it."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def inner_type(type_: str) -> str:
    """Return a type without its wrappers, such as ``String`` of LowCardinality(Nullable(String))."""
    while found := _WRAPPED.fullmatch(type_):
        type_ = found[1].split(", ")[-1] if type_.startswith("SimpleAgg") else found[1]
    return type_


def kind_of(type_: str) -> Kind:
    """Return what a profile makes of an engine type."""
    inner = inner_type(type_)
    if inner == "Bool":
        return Kind.BOOLEAN
    if re.match(r"U?Int|Float|BFloat|Decimal", inner):
        return Kind.NUMERIC
    if re.match(r"Date|Time\b", inner):
        return Kind.TIME
    if re.match(r"String|FixedString|Enum|UUID|IPv", inner):
        return Kind.TEXT
    return Kind.LIST if inner.startswith("Array(") else Kind.OTHER


def columns_of(described: list[tuple[str, str]]) -> list[Column]:
    """Return the columns of a source from pairs of name and engine type.

    Raises:
        InvalidInputError: there is none, there are too many, or two have one name.

    """
    if not described:
        raise InvalidInputError(
            "the source has no columns", field="source", remedy="profile a table with columns"
        )
    if len(described) > MAX_COLUMNS:
        raise InvalidInputError(
            f"the source has {len(described):,} columns",
            field="columns",
            remedy=f"choose up to {MAX_COLUMNS:,} of them",
        )
    names: set[str] = set()
    for name, _ in described:
        if not name or len(name) > MAX_NAME:
            raise InvalidInputError(
                f"a column's name has {len(name)} characters",
                field="columns",
                remedy=f"give every column a name of 1 to {MAX_NAME}",
            )
        if name in names:
            raise InvalidInputError(
                f"two columns are called {name!r}", field="columns", remedy="rename one"
            )
        names.add(name)
    return [
        Column(name, position, type_, kind_of(type_))
        for position, (name, type_) in enumerate(described)
    ]
