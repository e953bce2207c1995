"""What could be typed at the cursor of the search box."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from vedette.query.language.errors import MAX_TEXT_BYTES

Expected = Literal["field", "operator", "value", "text"]

_TERM = re.compile(
    r"""(?P<negation>-(?=\S))?
        (?P<field>(?:\\.|[^\W\d]|@)(?:\\.|[\w.@/-])*:(?!//))?
        (?P<comparison>(?:>=|<=|>|<))?
        (?P<rest>"(?:\\.|[^"\\])*"?|(?:\\.|[^\s()"\\])*\\?)""",
    re.VERBOSE | re.DOTALL,
)
_OPERATOR = re.compile(r"(?:AND|OR|NOT)(?=[\s()]|$)")


@dataclass(frozen=True, slots=True)
class Completion:
    """The place of the cursor in a search.

    Args:
        expects: what may stand there: a ``field`` name (or a word to search for), an ``operator``
            (AND, OR) between terms, a ``value`` of ``field``, or ``text`` inside a quoted phrase.
        prefix: what is typed of it already, up to the cursor, without quote and comparison.
        start: where the replaceable part begins.
        end: where it ends, which may be after the cursor.
        field: the field whose value is expected.

    """

    expects: tuple[Expected, ...]
    prefix: str
    start: int
    end: int
    field: str | None = None


def complete(text: str, cursor: int) -> Completion:
    """Tell what is expected at ``cursor`` (zero-based; clamped to the text); never fails.

    Works on texts that do not parse yet, as they are while they are typed.
    """
    text = text[:MAX_TEXT_BYTES]
    cursor = max(0, min(cursor, len(text)))
    at, complete_before, group = 0, False, list[str | None]()
    while at < cursor:
        character = text[at]
        if character.isspace():
            at += 1
            continue
        if character in "()":
            complete_before = character == ")"
            if character == ")" and group:
                group.pop()
            elif character == "(":
                group.append(group[-1] if group else None)
            at += 1
            continue
        operator = _OPERATOR.match(text, at)
        if operator and cursor > operator.end():
            complete_before = False
            at = operator.end()
            continue
        found = _TERM.match(text, at)
        if found is None or found.end() == at:
            at += 1
            continue
        opens = found["field"] and not found["rest"] and text[found.end() : found.end() + 1] == "("
        if opens and cursor > found.end():
            group.append(_name(found["field"]))
            at, complete_before = found.end() + 1, False
            continue
        if cursor <= found.end() and not _closed(found, cursor):
            return _inside(text, found, cursor, group[-1] if group else None)
        complete_before = True
        at = found.end()
    return _between(cursor, complete=complete_before, field=group[-1] if group else None)


def _closed(found: re.Match[str], cursor: int) -> bool:
    """Tell whether the cursor stands after a closing quote."""
    rest = found["rest"]
    return cursor == found.end() and len(rest) > 1 and rest[0] == '"' == rest[-1]


def _between(cursor: int, *, complete: bool, field: str | None) -> Completion:
    expects: tuple[Expected, ...] = ("value",) if field else ("field",)
    if complete:
        expects = (*expects, "operator")
    return Completion(expects, "", cursor, cursor, field)


def _inside(text: str, found: re.Match[str], cursor: int, group: str | None) -> Completion:
    end = found.end()
    if found["field"] and cursor >= found.end("field"):
        start = max(found.start("rest"), 0)
        start = start if cursor >= start else found.end("field")
        return Completion(("value",), _typed(text[start:cursor]), start, end, _name(found["field"]))
    start = found.end("negation") if found["negation"] else found.start()
    start = min(start, cursor)
    typed = text[start:cursor]
    if group:
        return Completion(("value",), _typed(typed), start, end, group)
    if typed.startswith('"'):
        return Completion(("text",), typed[1:], start, end)
    return Completion(("field",), typed, start, end)


def _name(field: str) -> str:
    return re.sub(r"\\(.)", r"\1", field[:-1], flags=re.DOTALL)


def _typed(text: str) -> str:
    return re.sub(r"^(?:>=|<=|>|<)", "", text).removeprefix('"')
