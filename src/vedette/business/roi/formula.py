"""Formulas of users: arithmetic over named numbers, and nothing else.

The text is parsed, never run: of Python's syntax tree only numbers, names, + - * / ** with small whole
exponents, parentheses, comparisons by min, max and abs are taken.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import numpy as np

from vedette.core.errors import InvalidInputError, QuerySyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MAX_NODES, MAX_EXPONENT = 200, 8
_BINARY: Mapping[type[ast.operator], Callable[[Floats, Floats], Floats]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}
_FUNCTIONS: Mapping[str, tuple[int, int]] = {"min": (2, 10), "max": (2, 10), "abs": (1, 1)}
_REMEDY = "use numbers, names, + - * / ** and min, max, abs"


def names_of(text: str) -> set[str]:
    """Return the names that a formula uses.

    Raises:
        QuerySyntaxError: it is no formula.

    """
    tree = _parsed(text)
    _check(tree)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called
    }


def evaluate(text: str, values: Mapping[str, Floats]) -> Floats:
    """Return a formula's value for arrays of values by name; a division by zero gives infinity.

    Raises:
        QuerySyntaxError: it is no formula.
        InvalidInputError: a name has no value.

    """
    tree = _parsed(text)
    _check(tree)
    with np.errstate(all="ignore"):
        return np.asarray(_value(tree, values), dtype=np.float64)


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        position = getattr(error, "offset", None)
        raise QuerySyntaxError(
            "this is no formula",
            field="expression",
            position=position - 1 if position else None,
            remedy=_REMEDY,
        ) from error


def _check(tree: ast.expr) -> None:
    nodes = list(ast.walk(tree))
    if len(nodes) > MAX_NODES:
        raise _wrong(tree, "the formula is too long")
    for node in nodes:
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool) or not isinstance(node.value, int | float):
                raise _wrong(node, "only numbers stand in a formula")
            if abs(node.value) > 1e18:  # noqa: PLR2004 - no amount is larger
                raise _wrong(node, "the number is too large")
        elif isinstance(node, ast.BinOp):
            _check_operator(node)
        elif isinstance(node, ast.Call):
            _check_call(node)
        elif not isinstance(
            node, ast.Name | ast.UnaryOp | ast.Load | ast.operator | ast.USub | ast.UAdd
        ):
            raise _wrong(node, f"{type(node).__name__} is no part of a formula")


def _check_operator(node: ast.BinOp) -> None:
    if isinstance(node.op, ast.Pow):
        power = node.right
        if not (
            isinstance(power, ast.Constant)
            and isinstance(power.value, int)
            and 0 <= power.value <= MAX_EXPONENT
        ):
            raise _wrong(node, f"an exponent is a whole number up to {MAX_EXPONENT}")
    elif type(node.op) not in _BINARY:
        raise _wrong(node, f"{type(node.op).__name__} is no operator of a formula")


def _check_call(node: ast.Call) -> None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in _FUNCTIONS or node.keywords:
        raise _wrong(node, "only min, max and abs can be called")
    least, most = _FUNCTIONS[name]
    if not least <= len(node.args) <= most:
        raise _wrong(node, f"{name} takes {least} to {most} values")


def _value(node: ast.expr, values: Mapping[str, Floats]) -> Floats:  # noqa: PLR0911 - one a kind of node
    match node:
        case ast.Constant():
            return np.float64(node.value)  # type: ignore[return-value, arg-type]
        case ast.Name():
            if node.id not in values:
                raise InvalidInputError(
                    f"{node.id} has no value", field="inputs", remedy="name it among the inputs"
                )
            return values[node.id]
        case ast.UnaryOp():
            inner = _value(node.operand, values)
            return np.negative(inner) if isinstance(node.op, ast.USub) else inner
        case ast.BinOp():
            left, right = _value(node.left, values), _value(node.right, values)
            if isinstance(node.op, ast.Pow):
                return np.power(left, right)
            return _BINARY[type(node.op)](left, right)
        case ast.Call():
            given = [_value(one, values) for one in node.args]
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name == "abs":
                return np.abs(given[0])
            join = np.minimum if name == "min" else np.maximum
            result = given[0]
            for one in given[1:]:
                result = join(result, one)
            return result
    raise AssertionError(type(node))


def _wrong(node: ast.expr | ast.AST, message: str) -> QuerySyntaxError:
    return QuerySyntaxError(
        message, field="expression", position=getattr(node, "col_offset", None), remedy=_REMEDY
    )
