"""What a search can filter and order by, and the SQL of one comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import re2
from sqlalchemy import ColumnElement, Select, Table, and_, case, exists, not_, or_
from sqlalchemy.orm import InstrumentedAttribute

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.models.filters.grammar import Clause, Operator, parse_order

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
MAX_ORDERS = 20
MAX_LIST = 10_000
MAX_PATTERN = 1000


class Kind(Enum):
    """What values a field is compared with, and how."""

    TEXT = "text"
    NUMBER = "number"


_NUMERIC = frozenset({Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE})
_TEXTUAL = frozenset(
    {Operator.EQ, Operator.NE, Operator.LIKE, Operator.ILIKE, Operator.IN, Operator.NOT_IN}
)
_ABSENCE = frozenset({Operator.IS_NULL, Operator.IS_NOT_NULL})
OPERATORS = {Kind.TEXT: _TEXTUAL, Kind.NUMBER: _NUMERIC}


@dataclass(frozen=True, slots=True)
class Order:
    """One part of an order: what stands before the dot, the name after it, and the direction."""

    entity: str
    key: str
    ascending: bool = True

    @classmethod
    def parse(cls, text: str) -> Order:
        """Read ``metrics.loss DESC``; without a direction it ascends."""
        return cls(*parse_order(text))


@dataclass(slots=True)
class Plan:
    """A select that is being built: joins are added to it once for each key that orders it."""

    select: Select[Any]
    dialect: str


class Entity(Protocol):
    """What can stand before the dot of a name: attributes, tags, params, metrics, ..."""

    def condition(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        """Return the clause as a condition; ``QuerySyntaxError`` where it makes no sense."""

    def order(self, plan: Plan, order: Order) -> list[ColumnElement[Any]]:
        """Return what to order by, missing values last; may join tables to ``plan.select``."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column that can be compared."""

    column: Column
    kind: Kind = Kind.TEXT
    orderable: bool = True


@dataclass(frozen=True, slots=True)
class Fields:
    """Attributes: columns by the names that users know them by.

    ``unknown`` says what the entity is in errors.
    """

    fields: Mapping[str, Field]
    name: str = "attribute"

    def _find(self, key: str, position: int | None) -> Field:
        field = self.fields.get(key) or self.fields.get(key.lower())
        if field is None:
            raise QuerySyntaxError(
                f"invalid {self.name} key {key[:80]!r} specified",
                field="filter",
                remedy=f"valid keys are {', '.join(self.fields)}",
                position=position,
            )
        return field

    def condition(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        """See ``Entity.condition``."""
        field = self._find(clause.key, clause.position)
        check_operator(clause, OPERATORS[field.kind])
        return compare(field.column, clause, field.kind, dialect)

    def order(self, plan: Plan, order: Order) -> list[ColumnElement[Any]]:
        """See ``Entity.order``."""
        del plan
        field = self._find(order.key, None)
        if not field.orderable:
            raise QuerySyntaxError(f"results cannot be ordered by {order.key}", field="order_by")
        return ordered(field.column, ascending=order.ascending)


@dataclass(frozen=True, slots=True)
class Keyed:
    """Rows of keys and values that belong to what is searched: tags, params, metrics.

    Attributes:
        table: the table; it has the columns ``key`` and ``value``.
        owner: pairs of a column's name in the table and the column that it must equal.
        kind: what the values are. Numbers are None for NaN, which comes after every number.
        absence: whether IS NULL and IS NOT NULL are allowed.
        operators: further operators that are allowed.
        more: further conditions, by column name.

    """

    table: Table
    owner: Sequence[tuple[str, Column]]
    kind: Kind = Kind.TEXT
    absence: bool = True
    operators: frozenset[Operator] = frozenset()
    more: Mapping[str, Any] | None = None

    def _link(self, table: Any, key: str) -> ColumnElement[bool]:  # noqa: ANN401 - a table or alias
        given = (table.c[name] == value for name, value in (self.more or {}).items())
        return and_(
            *(table.c[name] == column for name, column in self.owner), table.c.key == key, *given
        )

    def condition(self, clause: Clause, dialect: str) -> ColumnElement[bool]:
        """See ``Entity.condition``."""
        allowed = OPERATORS[self.kind] | self.operators
        check_operator(clause, allowed | _ABSENCE if self.absence else allowed)
        link = self._link(self.table, clause.key)
        if clause.operator is Operator.IS_NULL:
            return not_(exists().where(link))
        if clause.operator is Operator.IS_NOT_NULL:
            return exists().where(link)
        holds = compare(self.table.c.value, clause, self.kind, dialect)
        if clause.operator is Operator.NE:
            holds = or_(holds, self.table.c.value.is_(None))
        return exists().where(link, holds)

    def order(self, plan: Plan, order: Order) -> list[ColumnElement[Any]]:
        """See ``Entity.order``."""
        values = self.table.alias()
        plan.select = plan.select.outerjoin(values, self._link(values, order.key))
        value = values.c.value
        rank = case((values.c.key.is_(None), 2), (value.is_(None), 1), else_=0)
        return [rank, value.asc() if order.ascending else value.desc()]


def ordered(column: Column, *, ascending: bool) -> list[ColumnElement[Any]]:
    """Return what orders by a column with missing values last."""
    return [case((column.is_(None), 1), else_=0), column.asc() if ascending else column.desc()]


def check_operator(clause: Clause, allowed: frozenset[Operator]) -> None:
    """Raise ``QuerySyntaxError`` where the clause's operator is not allowed."""
    if clause.operator not in allowed:
        raise QuerySyntaxError(
            f"invalid comparator {clause.operator.value!r} for {clause.key[:80]!r}",
            field="filter",
            remedy=f"use one of {', '.join(sorted(allowed))}",
            position=clause.position,
        )


def compare(column: Column, clause: Clause, kind: Kind, dialect: str) -> ColumnElement[bool]:
    """Return ``column <operator> value`` in the catalog's dialect."""
    value = clause.value
    values = value if isinstance(value, list) else [value]
    if len(values) > MAX_LIST:
        raise QuerySyntaxError("the list is too long", field="filter", position=clause.position)
    for item in values:
        _check_value(item, clause, kind)
    if clause.operator in _SIMPLE:
        simple: ColumnElement[bool] = _SIMPLE[clause.operator](column, value)
        return simple
    if clause.operator is Operator.IN:
        return column.in_(values)
    if clause.operator is Operator.NOT_IN:
        return column.not_in(values)
    if clause.operator is Operator.RLIKE:
        return matches(column, clause, dialect)
    if clause.operator is Operator.LIKE:
        return like(column, value, dialect)
    return ilike(column, value, dialect)


_SIMPLE: dict[Operator, Any] = {
    Operator.EQ: lambda column, value: column == value,
    Operator.NE: lambda column, value: column != value,
    Operator.LT: lambda column, value: column < value,
    Operator.LE: lambda column, value: column <= value,
    Operator.GT: lambda column, value: column > value,
    Operator.GE: lambda column, value: column >= value,
}


def _check_value(value: object, clause: Clause, kind: Kind) -> None:
    if kind is Kind.NUMBER and isinstance(value, str):
        raise QuerySyntaxError(
            f"expected a numeric value for {clause.key[:80]!r}, got {value[:80]!r}",
            field="filter",
            remedy="write a number without quotes",
            position=clause.position,
        )
    if kind is Kind.TEXT and not isinstance(value, str):
        raise QuerySyntaxError(
            f"expected a quoted string value for {clause.key[:80]!r}, got {value}",
            field="filter",
            remedy="put the value in single quotes",
            position=clause.position,
        )
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise QuerySyntaxError("the number is too large", field="filter", position=clause.position)


def like(column: Column, pattern: str, dialect: str) -> ColumnElement[bool]:
    """Return a case-sensitive LIKE with ``%`` and ``_``; SQLite's own ignores case, GLOB does not."""
    if dialect == "sqlite":
        return column.op("GLOB", is_comparison=True)(_glob(pattern))
    return column.like(pattern.replace("\\", "\\\\"))


def ilike(column: Column, pattern: str, dialect: str) -> ColumnElement[bool]:
    """Return a LIKE that ignores case."""
    if dialect == "sqlite":
        return column.like(pattern)
    return column.ilike(pattern.replace("\\", "\\\\"))


def matches(column: Column, clause: Clause, dialect: str) -> ColumnElement[bool]:
    """Return whether a regular expression is found in a column; it takes linear time in SQLite."""
    pattern = str(clause.value)
    try:
        if len(pattern) > MAX_PATTERN:
            raise re2.error("it is too long")
        re2.compile(pattern)
    except re2.error as error:
        raise QuerySyntaxError(
            f"the regular expression does not compile: {error}",
            field="filter",
            position=clause.position,
        ) from error
    del dialect
    return column.regexp_match(pattern)


def _glob(pattern: str) -> str:
    escaped = "".join(f"[{char}]" if char in "*?[" else char for char in pattern)
    return escaped.replace("%", "*").replace("_", "?")


@dataclass(frozen=True, slots=True)
class Searchable:
    """Everything that one kind of search knows.

    Attributes:
        entities: what may stand before the dot; the empty text is for names without one.
        default: the order where none is given, and what breaks ties.

    """

    entities: Mapping[str, Entity]
    default: Sequence[Column]

    def apply(
        self, select: Select[Any], filter_: Sequence[Clause], orders: Sequence[Order], dialect: str
    ) -> Select[Any]:
        """Return the select with the filter's conditions and the order."""
        plan = Plan(select, dialect)
        for clause in filter_:
            plan.select = plan.select.where(
                self._entity(clause.entity, clause.position).condition(clause, dialect)
            )
        if len(orders) > MAX_ORDERS:
            raise InvalidInputError(f"more than {MAX_ORDERS} orders", field="order_by")
        if len({(order.entity, order.key) for order in orders}) < len(orders):
            raise InvalidInputError(
                "`order_by` contains duplicate fields", field="order_by", remedy="name each once"
            )
        expressions: list[ColumnElement[Any]] = []
        for order in orders:
            expressions += self._entity(order.entity, None).order(plan, order)
        return plan.select.order_by(*expressions, *self.default)

    def _entity(self, name: str, position: int | None) -> Entity:
        entity = self.entities.get(name)
        if entity is None:
            known = ", ".join(filter(None, self.entities))
            raise QuerySyntaxError(
                f"invalid entity type {name[:80]!r}",
                field="filter",
                remedy=f"valid values are {known}",
                position=position,
            )
        return entity
