"""The grammar: comparisons that are joined by AND, as MLflow's clients write them.

Source: https://mlflow.org/docs/latest/ml/search/search-runs and its siblings. A name is bare, or
quoted by backticks or double quotes, after a dot by single ones too; a value is a number, or a text in
single or double quotes; a quote inside of one is doubled.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import LarkError, UnexpectedInput

from vedette.core.errors import QuerySyntaxError

MAX_LENGTH = 20_000
MAX_CLAUSES = 200
_GRAMMAR = r"""
start: [clause (_AND clause)*]
?clause: "(" clause ")"
       | name COMPARATOR value            -> compare
       | name _NOT _LIKE value            -> not_like
       | name LIKES value                 -> compare
       | name _IN values                    -> is_in
       | name _NOT _IN values               -> not_in
       | name _IS _NULL                   -> is_null
       | name _IS _NOT _NULL              -> is_not_null
name: part ("." (part | SINGLE_QUOTED))*
?part: WORD | BACKTICKED | DOUBLE_QUOTED
?value: NUMBER | SINGLE_QUOTED | DOUBLE_QUOTED
values: "(" value ("," value)* [","] ")"

COMPARATOR: "<=" | ">=" | "!=" | "<>" | "==" | "=" | "<" | ">"
LIKES.3: /(R|I)?LIKE(?![\w.])/i
_LIKE.3: /LIKE(?![\w.])/i
_AND.3: /AND(?![\w.])/i
_NOT.3: /NOT(?![\w.])/i
_IN.3: /IN(?![\w.])/i
_IS.3: /IS(?![\w.])/i
_NULL.3: /NULL(?![\w.])/i
NUMBER.2: /[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(?![\w])/
WORD: /[^\W\d][\w\/:@-]*|[\d][\w\/:@-]*/
BACKTICKED: /`(?:[^`]|``)+`/
DOUBLE_QUOTED: /"(?:[^"\\]|""|\\.)*"/
SINGLE_QUOTED: /'(?:[^'\\]|''|\\.)*'/

%ignore /\s+/
"""
_ORDER_GRAMMAR = _GRAMMAR.replace(
    "start: [clause (_AND clause)*]",
    "start: name [DIRECTION]\nDIRECTION.3: /(ASC|DESC)(?![\\w.])/i",
)


class Operator(StrEnum):
    """How a field and a value are compared."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    LIKE = "LIKE"
    ILIKE = "ILIKE"
    RLIKE = "RLIKE"
    IN = "IN"
    NOT_IN = "NOT IN"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


_SYNONYMS = {"==": "=", "<>": "!="}


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison.

    Attributes:
        entity: what stands before the first dot, lower case, or empty: ``metrics``, ``tag``, ...
        key: the rest of the name.
        operator: the comparison.
        value: a number, a text, a list of them, or None for IS NULL.
        position: where it begins in the filter.

    """

    entity: str
    key: str
    operator: Operator
    value: Any
    position: int


class _Builder(Transformer[Token, Any]):
    def start(self, items: list[Any]) -> list[Any]:
        return [item for item in items if item is not None]

    def name(self, parts: list[Token]) -> tuple[str, str, int]:
        texts = [_unquoted(part) for part in parts]
        entity = texts[0].lower() if len(texts) > 1 else ""
        return entity, ".".join(texts[1:]) if entity else texts[0], parts[0].start_pos or 0

    def values(self, items: list[Any]) -> list[Any]:
        return [_value(item) for item in items if item is not None]

    def compare(self, items: list[Any]) -> Clause:
        (entity, key, at), operator, value = items
        text = str(operator).upper()
        return Clause(entity, key, Operator(_SYNONYMS.get(text, text)), _value(value), at)

    def not_like(self, items: list[Any]) -> Clause:
        (_, _, at), _ = items
        raise QuerySyntaxError("NOT LIKE is not supported", field="filter", position=at)

    def is_in(self, items: list[Any]) -> Clause:
        (entity, key, at), values = items
        return Clause(entity, key, Operator.IN, values, at)

    def not_in(self, items: list[Any]) -> Clause:
        (entity, key, at), values = items
        return Clause(entity, key, Operator.NOT_IN, values, at)

    def is_null(self, items: list[Any]) -> Clause:
        ((entity, key, at),) = items
        return Clause(entity, key, Operator.IS_NULL, None, at)

    def is_not_null(self, items: list[Any]) -> Clause:
        ((entity, key, at),) = items
        return Clause(entity, key, Operator.IS_NOT_NULL, None, at)


def parse_filter(text: str | None, *, field: str = "filter") -> list[Clause]:
    """Return the comparisons of a filter, all of which must hold.

    Raises:
        QuerySyntaxError: it does not parse; ``position`` says where.

    """
    if not text or not text.strip():
        return []
    clauses: list[Clause] = _parsed(_parser(), text, field)
    if len(clauses) > MAX_CLAUSES:
        raise QuerySyntaxError(
            f"the filter has {len(clauses)} comparisons; {MAX_CLAUSES} are allowed", field=field
        )
    return clauses


def parse_order(text: str) -> tuple[str, str, bool]:
    """Return the entity, the key and whether it ascends, of ``metrics.loss DESC``."""
    items = _parsed(_order_parser(), text, "order_by")
    entity, key, _ = items[0]
    ascending = len(items) == 1 or str(items[1]).upper() == "ASC"
    return entity, key, ascending


def _parsed(parser: Lark, text: str, field: str) -> list[Any]:
    if len(text) > MAX_LENGTH:
        raise QuerySyntaxError(f"the {field} is longer than {MAX_LENGTH} characters", field=field)
    try:
        built: list[Any] = _Builder().transform(parser.parse(text))
    except UnexpectedInput as error:
        position = error.pos_in_stream if error.pos_in_stream is not None else len(text)
        found = text[position : position + 40] or "the end"
        raise QuerySyntaxError(
            f"invalid clause(s) in {field} string: {found!r} was not expected",
            field=field,
            remedy="write comparisons such as metrics.loss < 0.3, joined by AND",
            position=position,
        ) from None
    except (LarkError, RecursionError) as error:
        cause = getattr(error, "orig_exc", None)
        if isinstance(cause, QuerySyntaxError):
            raise cause from None
        raise QuerySyntaxError(f"the {field} does not parse", field=field) from error
    return built


def _unquoted(token: Token) -> str:
    text = str(token)
    if token.type in {"BACKTICKED", "DOUBLE_QUOTED", "SINGLE_QUOTED"}:
        quote = text[0]
        return text[1:-1].replace(quote * 2, quote)
    return text


def _value(token: Token) -> Any:  # noqa: ANN401 - a number or a text
    if token.type != "NUMBER":
        return _unquoted(token)
    text = str(token)
    try:
        return int(text)
    except ValueError:
        return float(text)


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=False)


@cache
def _order_parser() -> Lark:
    return Lark(_ORDER_GRAMMAR, parser="lalr", lexer="contextual")
