"""Builds the commands of a pipe query while the parser reads it, and keeps them in bounds."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from lark import Token, Transformer, v_args

from vedette.query.language.errors import MAX_DEPTH, RefusedError
from vedette.query.language.pipe import tree
from vedette.query.language.regexes import MAX_REGEX_BYTES, check_regex, glob_to_regex

MAX_NAME = 128
"""Longest name of a field or column, in characters."""
MAX_ROWS = 10_000
"""Most rows that ``limit`` allows."""

_STRING_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_WITH_FIELD = 3
_Items = tuple[tree.Named, ...]


@dataclass(frozen=True, slots=True)
class _Built:
    """An expression and how deep it nests."""

    node: tree.Expression
    depth: int = 1


def _grow(node: tree.Expression, *parts: _Built) -> _Built:
    depth = 1 + max((part.depth for part in parts), default=0)
    if depth > MAX_DEPTH:
        raise RefusedError(
            f"the expression is nested more than {MAX_DEPTH} deep",
            node.position,
            "compute parts of it in a 'fields' command first",
        )
    return _Built(node, depth)


def pipe_builder() -> Transformer[Token, Any]:
    """Return the callbacks of the grammar's rules; they make ``tree.Command``s."""
    return _Builder()


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """Builds expressions and commands bottom up; the methods are the grammar's rules."""

    # Expressions -------------------------------------------------------------------------

    def number(self, token: Token) -> _Built:
        return _Built(tree.Literal(_number(token), _start(token)))

    def period(self, token: Token) -> _Built:
        found = re.fullmatch(r"(\d+)(\D+)", token)
        amount, unit = (found[1], found[2].lower()) if found else ("0", "s")
        if len(amount) > 6 or int(amount) == 0:  # noqa: PLR2004 - a million of any unit is enough
            raise RefusedError(
                f"{token} is not a usable length of time",
                _start(token),
                "write 1 to 999999 and a unit of ms, s, m, h, d, w, mo, q or y",
            )
        return _Built(tree.Period(int(amount), unit, _start(token)))

    def string(self, token: Token) -> _Built:
        return _Built(tree.Literal(_string(token)[0], _start(token)))

    def field(self, token: Token) -> _Built:
        return _Built(_name(token))

    def star(self, token: Token) -> _Built:
        return _Built(tree.Star(_start(token)))

    def call(self, name: Token, _open: Token, *arguments: _Built) -> _Built:
        nodes = tuple(argument.node for argument in arguments)
        return _grow(tree.Call(name.lower(), nodes, _start(name)), *arguments)

    def nested(self, _open: Token, built: _Built) -> _Built:
        return _grow(built.node, built)

    def unary(self, operator: Token, operand: _Built) -> _Built:
        node = tree.Unary(operator.lower(), operand.node, _start(operator))
        return _grow(node, operand)

    def logical(self, left: _Built, operator: Token, right: _Built) -> _Built:
        spelled = operator.lower()
        if isinstance(left.node, tree.Logical) and left.node.operator == spelled:
            # A chain is one node with many operands: it nests no deeper as it grows.
            operands = (*left.node.operands, right.node)
            node = tree.Logical(spelled, operands, left.node.position)
            return _Built(node, max(left.depth, right.depth + 1))
        return _grow(tree.Logical(spelled, (left.node, right.node), _start(operator)), left, right)

    def binary(self, left: _Built, operator: Token, right: _Built) -> _Built:
        spelled = {"==": "=", "<>": "!="}.get(operator, operator.lower())
        node = tree.Binary(spelled, left.node, right.node, _start(operator))
        return _grow(node, left, right)

    def like(self, operand: _Built, *tokens: Token) -> _Built:
        negated = tokens[0].type == "NOT"
        return _like(operand, tokens[0], tokens[-1], negated=negated)

    def matches(self, operand: _Built, operator: Token, pattern: Token) -> _Built:
        if pattern.type == "REGEX":
            return _like(operand, operator, pattern, negated=False)
        text, offsets = _string(pattern)
        checked = _checked_regex(text, offsets)
        return _grow(
            tree.Like(
                operand.node, checked[0], regex=True, negated=False, position=_start(operator)
            ),
            operand,
        )

    def within(self, operand: _Built, *parts: Token | _Built) -> _Built:
        tokens = [part for part in parts if isinstance(part, Token)]
        items = [part for part in parts if isinstance(part, _Built)]
        negated = tokens[0].type == "NOT"
        nodes = tuple(item.node for item in items)
        return _grow(tree.In(operand.node, nodes, negated, _start(tokens[0])), operand, *items)

    # Commands ----------------------------------------------------------------------------

    def start(self, *commands: tree.Command) -> tuple[tree.Command, ...]:
        return commands

    def source(self, signal: Token) -> tree.Source:
        return tree.Source(signal.lower(), _start(signal))

    def search(self, token: Token) -> tree.Search:
        return tree.Search(*_string(token))

    def fields(self, items: _Items) -> tree.Fields:
        return tree.Fields(items, replace=False)

    def display(self, items: _Items) -> tree.Fields:
        return tree.Fields(items, replace=True)

    def filter(self, condition: _Built) -> tree.Filter:
        return tree.Filter(condition.node)

    def parsed_field(self, token: Token) -> tree.Name:
        return _name(token)

    def parse_glob(self, command: Token, *parts: Any) -> tree.Parse:  # noqa: ANN401 - see below
        # The field is left out where it is @message.
        source, token, names = parts if len(parts) == _WITH_FIELD else (_message(command), *parts)
        glob, _ = _string(token)
        wildcards = glob.count("*")
        if wildcards != len(names):
            raise RefusedError(
                f"the pattern has {_count(wildcards, 'wildcard')} but {_count(len(names), 'name')}"
                " after 'as'",
                _start(token),
                "give one name for each * of the pattern",
            )
        if len(glob.encode()) > MAX_REGEX_BYTES:
            raise RefusedError("the pattern is too long", _start(token), "shorten it")
        _check_unique(names)
        groups = tuple((name, number) for number, name in enumerate(names, start=1))
        return tree.Parse(source, glob_to_regex(glob).pattern, groups)

    def parse_regex(self, command: Token, *parts: Any) -> tree.Parse:  # noqa: ANN401 - as above
        source, token = parts if len(parts) > 1 else (_message(command), *parts)
        pattern, names = _regex(token)
        if not names:
            raise RefusedError(
                "the expression names no group, so nothing would be parsed",
                _start(token),
                "name the wanted parts, as in /took (?<ms>[0-9]+)/",
            )
        groups = tuple((tree.Name(name, _start(token)), at) for name, at in names.items())
        return tree.Parse(source, pattern, groups)

    def stats(self, command: Token, aggregates: _Items, groups: _Items | None = None) -> tree.Stats:
        return tree.Stats(aggregates, groups or (), _start(command))

    def sort_key(self, key: _Built, direction: Token | None = None) -> tuple[tree.Expression, bool]:
        return key.node, direction is not None and direction.type == "DESC"

    def sort(self, *keys: tuple[tree.Expression, bool]) -> tree.Sort:
        return tree.Sort(keys)

    def limit(self, token: Token) -> tree.Limit:
        count = _number(token)
        if not (1 <= count <= MAX_ROWS and count.is_integer()):
            raise RefusedError(
                f"{token} is not a usable limit",
                _start(token),
                f"write a whole number from 1 to {MAX_ROWS}",
            )
        return tree.Limit(int(count))

    def dedup(self, names: tuple[tree.Name, ...]) -> tree.Dedup:
        return tree.Dedup(names)

    def pattern(self, command: Token, expression: _Built) -> tree.Pattern:
        return tree.Pattern(expression.node, _start(command))

    def diff(self, command: Token, baseline: Token | None = None) -> tree.Diff:
        return tree.Diff((baseline or "previousPeriod").lower(), _start(command))

    def anomaly(self, command: Token, name: tree.Name | None = None) -> tree.Anomaly:
        return tree.Anomaly(name, _start(command))

    def unnest(self, expression: _Built, name: tree.Name) -> tree.Unnest:
        return tree.Unnest(expression.node, name)

    # Parts of commands -------------------------------------------------------------------

    def name(self, token: Token) -> tree.Name:
        return _name(token)

    def name_list(self, *names: tree.Name) -> tuple[tree.Name, ...]:
        return names

    def named(self, built: _Built, alias: tree.Name | None = None) -> tree.Named:
        return tree.Named(built.node, alias)

    def named_list(self, *items: tree.Named) -> _Items:
        return items

    def groups(self, items: _Items) -> _Items:
        return items


def _like(operand: _Built, operator: Token, pattern: Token, *, negated: bool) -> _Built:
    regex = pattern.type == "REGEX"
    text = _regex(pattern)[0] if regex else _string(pattern)[0]
    node = tree.Like(operand.node, text, regex, negated, _start(operator))
    return _grow(node, operand)


def _message(command: Token) -> tree.Name:
    return tree.Name("@message", _start(command))


def _check_unique(names: tuple[tree.Name, ...]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.name in seen:
            raise RefusedError(
                f"the name {name.name!r} is there twice", name.position, "rename one"
            )
        seen.add(name.name)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _name(token: Token) -> tree.Name:
    name = token[1:-1].strip() if token.type == "BACKTICKED" else str(token)
    if not name or len(name) > MAX_NAME or any(character in "\n\r\t" for character in name):
        raise RefusedError(
            "this name is empty, has a line break or is too long",
            _start(token),
            f"write 1 to {MAX_NAME} characters",
        )
    return tree.Name(name, _start(token))


def _number(token: Token) -> float:
    number = float(token)
    if not math.isfinite(number):
        raise RefusedError(f"{token[:20]} is too large", _start(token), "write a smaller number")
    return number


def _string(token: Token) -> tuple[str, tuple[int, ...]]:
    """Return a string's value and the place in the query of each of its characters."""
    inside, start = token[1:-1], _start(token) + 1
    characters: list[str] = []
    offsets: list[int] = []
    at = 0
    while at < len(inside):
        step = 1
        character = inside[at]
        if character == "\\" and inside[at + 1 : at + 2] in _STRING_ESCAPES:
            character = _STRING_ESCAPES[inside[at + 1]]
            step = 2
        characters.append(character)
        offsets.append(start + at)
        at += step
    return "".join(characters), (*offsets, start + at)


def _regex(token: Token) -> tuple[str, dict[str, int]]:
    pattern = token[1 : token.rindex("/")]
    start = _start(token) + 1
    checked, names = _checked_regex(pattern, tuple(range(start, start + len(pattern) + 1)))
    # A slash has to be escaped in the query but not in RE2.
    flagged = f"(?i){checked}" if token.endswith("i") else checked
    return flagged, names


def _checked_regex(pattern: str, offsets: tuple[int, ...]) -> tuple[str, dict[str, int]]:
    def fail(message: str, offset: int, remedy: str | None) -> RefusedError:
        return RefusedError(message, offsets[min(offset, len(offsets) - 1)], remedy)

    checked = check_regex(pattern, fail)
    return checked.pattern, checked.names


def _start(token: Token) -> int:
    return token.start_pos or 0
