"""Expressions of the pipe language to SQL.

Conditions have two values: a comparison with a missing field is false, and ``!=`` and ``not`` are
the exact opposites of ``=`` and of what they negate, so they hold for records without the field.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vedette.query.language.dialect import LEVELS, level_limit, level_numbers
from vedette.query.language.errors import MAX_SQL, MAX_TERMS, RefusedError, closest
from vedette.query.language.pipe import tree
from vedette.query.language.pipe.functions import FUNCTIONS, Arguments, ceil_time, floor_time
from vedette.query.language.pipe.values import (
    Kind,
    Value,
    as_condition,
    as_number,
    as_text,
    as_time,
    finite,
)
from vedette.query.language.search.compiler import parse_number
from vedette.store.warehouse.severity import number_sql

if TYPE_CHECKING:
    from vedette.query.language.pipe.scope import Scope

AGGREGATES = (
    "count",
    "count_distinct",
    "sum",
    "avg",
    "min",
    "max",
    "stddev",
    "median",
    "pct",
    "earliest",
    "latest",
    "sortsfirst",
    "sortslast",
)
"""The functions that only ``stats`` knows."""

_TIME_FUNCTIONS = {"bin": floor_time, "datefloor": floor_time, "dateceil": ceil_time}
_PERIOD_MS = {"ms": 1, "s": 1e3, "m": 60e3, "h": 3600e3, "d": 86400e3, "w": 604800e3}
_ARITHMETIC = {
    "+": "plus",
    "-": "minus",
    "*": "multiply",
    "/": "divide",
    "%": "modulo",
    "^": "pow",
}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


class Budget:
    """Counts the terms of a whole query."""

    def __init__(self) -> None:
        self.left = MAX_TERMS

    def spend(self, position: int) -> None:
        """Take one term.

        Raises:
            RefusedError: there have been too many.

        """
        self.left -= 1
        if self.left < 0:
            raise RefusedError(
                f"the query has more than {MAX_TERMS} terms", position, "split it into several"
            )


class Expressions:
    """Compiles the expressions over one scope."""

    def __init__(self, scope: Scope, budget: Budget) -> None:
        self.scope = scope
        self.budget = budget
        self.bind = scope.parameters

    def value(self, node: tree.Expression) -> Value:
        """Compile any expression."""
        value = self._made_before(node) or self._compiled(node)
        # Some constructs repeat their operands: nested, they would grow without bound.
        if len(value.sql) > MAX_SQL:
            raise RefusedError(
                "the expression is too large",
                node.position,
                "compute parts of it in a 'fields' command first",
            )
        return value

    def _compiled(self, node: tree.Expression) -> Value:  # noqa: PLR0911 - one for each kind
        match node:
            case tree.Literal():
                return self._literal(node)
            case tree.Period():
                return self._period(node)
            case tree.Name():
                self.budget.spend(node.position)
                return self.name(node)
            case tree.Call():
                return self.call(node)
            case tree.Unary() | tree.Binary() | tree.Logical():
                return self._operation(node)
            case tree.Like():
                return self._like(node)
            case tree.In():
                return self._in(node)
            case tree.Star():
                raise RefusedError("'*' stands only in count(*)", node.position, "name a field")

    def condition(self, node: tree.Expression) -> str:
        """Compile an expression that must be a condition."""
        return as_condition(self.value(node), node.position)

    def name(self, node: tree.Name) -> Value:
        """Compile a field; ``true`` and ``false`` are conditions where no column has that name."""
        if node.name in {"true", "false"} and node.name not in self.scope.columns:
            return Value(node.name, Kind.BOOL, nullable=False)
        return self.scope.resolve(node)

    def call(self, node: tree.Call) -> Value:
        """Compile a call of a function of rows."""
        if node.name in _TIME_FUNCTIONS:
            return self._cut_time(node)
        function = FUNCTIONS.get(node.name)
        if function is None:
            raise self._unknown(node)
        if not function.least <= len(node.arguments) <= function.most:
            raise _wrong_arguments(node, function.least, function.most)
        values = [self.value(argument) for argument in node.arguments]
        return function.build(Arguments(values, node.position, self.bind))

    def _made_before(self, node: tree.Expression) -> Value | None:
        """Find a column by the expression that it was made from, as in ``sort count(*)``."""
        if isinstance(node, tree.Call | tree.Binary) and self.scope.columns:
            return self.scope.columns.get(tree.render(node))
        return None

    def _literal(self, node: tree.Literal) -> Value:
        self.budget.spend(node.position)
        if isinstance(node.value, str):
            sql = self.bind.text(node.value)
            return Value(sql, Kind.TEXT, nullable=False, constant=node.value)
        sql = self.bind.number(node.value)
        return Value(sql, Kind.NUMBER, nullable=False, constant=node.value)

    def _period(self, node: tree.Period) -> Value:
        self.budget.spend(node.position)
        if node.unit not in _PERIOD_MS:
            raise RefusedError(
                f"{node.amount}{node.unit} has no fixed length",
                node.position,
                "use it in bin(), datefloor() or dateceil(), or write a number of days",
            )
        milliseconds = node.amount * float(_PERIOD_MS[node.unit])
        sql = self.bind.number(milliseconds)
        return Value(sql, Kind.NUMBER, nullable=False, constant=milliseconds)

    def _cut_time(self, node: tree.Call) -> Value:
        arguments = node.arguments
        period = arguments[-1] if arguments else None
        counts = (1, 2) if node.name == "bin" else (2,)
        if len(arguments) not in counts or not isinstance(period, tree.Period):
            example = "bin(5m)" if node.name == "bin" else f"{node.name}(@timestamp, 1h)"
            raise RefusedError(
                f"{node.name} takes {'' if node.name == 'bin' else 'a time and '}a length of time",
                node.position,
                f"write for example {example}",
            )
        self.budget.spend(node.position)
        if len(arguments) == 1:
            time = self.scope.resolve(tree.Name("@timestamp", node.position))
        else:
            time = self.value(arguments[0])
        sql = as_time(time, self.bind, node.position)
        cut = _TIME_FUNCTIONS[node.name](sql, period)
        return Value(cut, Kind.TIME, nullable=time.nullable, binned=True)

    def _operation(self, node: tree.Unary | tree.Binary | tree.Logical) -> Value:
        if isinstance(node, tree.Logical):
            joined = f" {node.operator.upper()} ".join(map(self.condition, node.operands))
            return Value(f"({joined})", Kind.BOOL, nullable=False)
        if isinstance(node, tree.Unary):
            if node.operator == "not":
                return Value(f"(NOT {self.condition(node.operand)})", Kind.BOOL, nullable=False)
            return Value(f"negate({as_number(self.value(node.operand))})", Kind.NUMBER)
        left, right = self.value(node.left), self.value(node.right)
        function = _ARITHMETIC.get(node.operator)
        if function is None:
            return Value(self.compare(node, left, right), Kind.BOOL, nullable=False)
        sql = f"{function}({as_number(left)}, {as_number(right)})"
        return Value(finite(sql), Kind.NUMBER)

    # Comparisons -------------------------------------------------------------------------

    def compare(self, node: tree.Binary, left: Value, right: Value) -> str:
        """Compare two values as the kinds of both say."""
        operator, position = node.operator, node.position
        if left.constant is not None and right.constant is None:
            left, right, operator = right, left, _MIRRORED[operator]
        if left.kind is Kind.LEVEL and isinstance(right.constant, str):
            found = self._compare_level(operator, left, right.constant)
            if found is not None:
                return found
        kinds = {left.kind, right.kind}
        if Kind.LIST in kinds:
            return self._compare_list(operator, left, right, position)
        if Kind.TIME in kinds:
            sides = [as_time(side, self.bind, position) for side in (left, right)]
        elif Kind.NUMBER in kinds:
            sides = [as_number(left), as_number(right)]
        else:
            return self._compare_text(operator, left, right)
        return _never_missing(f"{sides[0]} {operator} {sides[1]}", operator)

    def _compare_text(self, operator: str, left: Value, right: Value) -> str:
        constant = right.constant if isinstance(right.constant, str) else None
        if operator in {"=", "!="}:
            if constant is not None:
                # The spelling of the table, so that its index can be used.
                same = (choice for choice in left.choices if choice.lower() == constant.lower())
                right = replace(right, sql=self.bind.text(next(same, constant)))
            if left.plain and constant:
                return f"{left.plain} {operator} {right.sql}"
            sql = f"{as_text(left)} {operator} {as_text(right)}"
            missing = left.nullable or right.nullable
            return _never_missing(sql, operator) if missing else f"({sql})"
        as_texts = f"{as_text(left)} {operator} {as_text(right)}"
        as_numbers = f"{as_number(left)} {operator} {as_number(right)}"
        if constant is not None:
            numeric = parse_number(constant) is not None
            return _never_missing(as_numbers if numeric else as_texts, operator)
        return f"coalesce({as_numbers}, {as_texts}, 0)"

    def _compare_level(self, operator: str, left: Value, text: str) -> str | None:
        """Compare a level with a name; None if the text names no level."""
        numbers = level_numbers(text)
        if numbers is None:
            return None
        if left.level and operator in {"=", "!="}:
            found = self.scope.dialect.level_is(text, self.bind)
            return found if operator == "=" else f"(NOT {found})"
        if operator in {"=", "!="}:
            shown = self.bind.text(LEVELS[numbers[0] // 4])
            return _never_missing(f"{left.sql} {operator} {shown}", operator)
        if left.level:
            return self.scope.dialect.level_compares(operator, text)
        rank = number_sql(f"ifNull({left.sql}, '')")
        return f"({rank} > 0 AND {rank} {level_limit(operator, text)})"

    def _compare_list(self, operator: str, left: Value, right: Value, position: int) -> str:
        if operator not in {"=", "!="} or right.kind is Kind.LIST:
            raise RefusedError(
                "a list can only be compared with one text by = or !=",
                position,
                "unnest it first: unnest events into event",
            )
        found = f"has({left.sql}, {as_text(right)})"
        return found if operator == "=" else f"(NOT {found})"

    def _like(self, node: tree.Like) -> Value:
        operand = self.value(node.operand)
        self.budget.spend(node.position)
        text = as_text(operand)
        if node.regex:
            sql = f"match({text}, {self.bind.text(node.pattern)})"
        elif operand.column and operand.plain is None:
            sql = self.scope.dialect.has_substring(operand.column, node.pattern, self.bind)
        else:
            sql = f"position({text}, {self.bind.text(node.pattern)}) > 0"
        found = f"ifNull({sql}, 0)" if operand.nullable else f"({sql})"
        return Value(f"(NOT {found})" if node.negated else found, Kind.BOOL, nullable=False)

    def _in(self, node: tree.In) -> Value:
        operand = self.value(node.operand)
        matches = []
        for item in node.items:
            equal = tree.Binary("=", node.operand, item, item.position)
            matches.append(self.compare(equal, operand, self.value(item)))
        sql = f"({' OR '.join(matches)})"
        return Value(f"(NOT {sql})" if node.negated else sql, Kind.BOOL, nullable=False)

    def _unknown(self, node: tree.Call) -> RefusedError:
        if node.name in AGGREGATES:
            return RefusedError(
                f"{node.name} is an aggregate and has no meaning for one row",
                node.position,
                f"use it in stats, as in: stats {node.name}(...) by service",
            )
        near = closest(node.name, (*FUNCTIONS, *_TIME_FUNCTIONS, *AGGREGATES))
        remedy = f"did you mean {near}?" if near else f"the functions are {', '.join(FUNCTIONS)}"
        return RefusedError(f"there is no function {node.name!r}", node.position, remedy)


def _never_missing(sql: str, operator: str) -> str:
    return f"ifNull({sql}, {1 if operator == '!=' else 0})"


def _wrong_arguments(node: tree.Call, least: int, most: int) -> RefusedError:
    wanted = str(least) if least == most else f"{least} to {most}"
    return RefusedError(
        f"{node.name} takes {wanted} arguments, not {len(node.arguments)}",
        node.position,
        "add or remove arguments",
    )
