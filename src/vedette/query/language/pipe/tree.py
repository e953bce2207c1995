"""The parsed form of a pipe query. Every node knows where it starts in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a string."""

    value: str | float
    position: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time such as ``5m``; ``unit`` is one of ms s m h d w mo q y."""

    amount: int
    unit: str
    position: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Name:
    """A field."""

    name: str
    position: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Star:
    """The ``*`` of ``count(*)``."""

    position: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an aggregate; its name is in lower case."""

    name: str
    arguments: tuple[Expression, ...]
    position: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x`` or ``not x``."""

    operator: str
    operand: Expression
    position: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Logical:
    """Two or more conditions joined by ``and`` or ``or``."""

    operator: str
    operands: tuple[Expression, ...]
    position: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic or a comparison."""

    operator: str
    left: Expression
    right: Expression
    position: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Like:
    """A substring or, if ``regex``, an expression that must match somewhere."""

    operand: Expression
    pattern: str
    regex: bool
    negated: bool
    position: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class In:
    """Membership of a list."""

    operand: Expression
    items: tuple[Expression, ...]
    negated: bool
    position: int = field(compare=False, default=0)


Expression = Literal | Period | Name | Star | Call | Unary | Logical | Binary | Like | In


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name it is given, if any."""

    expression: Expression
    alias: Name | None = None

    @property
    def name(self) -> str:
        """The name of the column it makes."""
        named = self.alias or self.expression
        return named.name if isinstance(named, Name) else render(named)


@dataclass(frozen=True, slots=True)
class Source:
    """``source logs`` or ``source spans``."""

    signal: str
    position: int


@dataclass(frozen=True, slots=True)
class Search:
    """A search-box text; ``offsets`` gives the place of each of its characters in the query."""

    text: str
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields to show; ``replace`` (``display``) drops those named before."""

    items: tuple[Named, ...]
    replace: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """Keeps the rows for which the condition holds."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Parse:
    """New fields from the groups of a regular expression over one field."""

    source: Name
    pattern: str
    groups: tuple[tuple[Name, int], ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """Aggregates by groups."""

    aggregates: tuple[Named, ...]
    groups: tuple[Named, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Sort:
    """Order, most important first; the flag says descending."""

    keys: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most that many rows."""

    count: int


@dataclass(frozen=True, slots=True)
class Dedup:
    """One row for each combination of values, the first in the current order."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Rows grouped by the pattern of a text."""

    expression: Expression
    position: int


@dataclass(frozen=True, slots=True)
class Diff:
    """Compare with ``previousperiod``, ``previousday`` or ``previousweek``."""

    baseline: str
    position: int


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Flag rows whose value is unusual."""

    name: Name | None
    position: int


@dataclass(frozen=True, slots=True)
class Unnest:
    """A row for each item of a JSON array."""

    expression: Expression
    name: Name


Command = (
    Source
    | Search
    | Fields
    | Filter
    | Parse
    | Stats
    | Sort
    | Limit
    | Dedup
    | Pattern
    | Diff
    | Anomaly
    | Unnest
)


_PLAIN = re.compile(r"@?[^\W\d]\w*(?:\.\w+)*")


def render(node: Expression) -> str:  # noqa: PLR0911 - one for each kind
    """Write an expression in one standard way; the name of a column that was given none."""
    if isinstance(node, Literal):
        return _literal(node.value)
    if isinstance(node, Period):
        return f"{node.amount}{node.unit}"
    if isinstance(node, Name):
        return node.name if _PLAIN.fullmatch(node.name) else f"`{node.name}`"
    if isinstance(node, Star):
        return "*"
    if isinstance(node, Call):
        return f"{node.name}({', '.join(render(argument) for argument in node.arguments)})"
    if isinstance(node, Unary):
        space = " " if node.operator == "not" else ""
        return f"{node.operator}{space}{_operand(node.operand)}"
    if isinstance(node, Logical):
        return f" {node.operator} ".join(_operand(operand) for operand in node.operands)
    if isinstance(node, Binary):
        return f"{_operand(node.left)} {node.operator} {_operand(node.right)}"
    negation = "not " if node.negated else ""
    if isinstance(node, Like):
        pattern = f"/{node.pattern}/" if node.regex else _literal(node.pattern)
        return f"{_operand(node.operand)} {negation}like {pattern}"
    items = ", ".join(render(item) for item in node.items)
    return f"{_operand(node.operand)} {negation}in [{items}]"


def _operand(node: Expression) -> str:
    compound = isinstance(node, Unary | Logical | Binary | Like | In)
    return f"({render(node)})" if compound else render(node)


def _literal(value: str | float) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - exact in a float
