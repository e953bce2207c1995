"""Syntax errors that point at a place and say what was expected in words."""

from __future__ import annotations

import difflib
import unicodedata
from typing import TYPE_CHECKING

from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from vedette.core.errors import QuerySyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_TEXT_BYTES = 16 * 1024
"""Longest query text, in bytes of UTF-8."""
MAX_DEPTH = 64
"""Deepest nesting of parentheses, negations and calls."""
MAX_TERMS = 500
"""Most leaves (terms, comparisons, operands) in one query text."""

MAX_SQL = 200_000
"""Longest statement or expression, in characters; the engine parses 256 KiB by default."""

_MAX_EXPECTED = 5


def syntax_error(
    text: str, position: int, message: str, *, remedy: str | None = None
) -> QuerySyntaxError:
    """Build the error for the character at ``position`` (zero-based, in the whole ``text``)."""
    position = max(0, min(position, len(text)))
    before = text[:position]
    column = position - (before.rfind("\n") + 1) + 1
    where = f"column {column}"
    if "\n" in text:
        where = f"line {before.count(chr(10)) + 1}, {where}"
    return QuerySyntaxError(f"{message} ({where})", field="query", position=position, remedy=remedy)


def check_size(text: str, sql: str) -> None:
    """Refuse a text whose statement grew beyond what the engine parses."""
    if len(sql) > MAX_SQL:
        raise syntax_error(
            text, len(text), "the query is too large", remedy="split it into several"
        )


class RefusedError(Exception):
    """A text that parses but may not stand; raised where the whole text is not known."""

    def __init__(self, message: str, position: int, remedy: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.remedy = remedy

    def at(self, text: str) -> QuerySyntaxError:
        """Return the syntax error in ``text``."""
        return syntax_error(text, self.position, self.message, remedy=self.remedy)


def check_text(text: str) -> None:
    """Refuse a text that is too long or holds characters that no query needs."""
    if len(text) > MAX_TEXT_BYTES:
        raise _too_long(text)
    for position, character in enumerate(text):
        if character in "\t\n\r":
            continue
        # Cs: lone surrogates cannot be sent to the engine; Cc: NUL ends strings in some clients.
        if unicodedata.category(character) in {"Cc", "Cs"}:
            raise syntax_error(
                text,
                position,
                f"the character U+{ord(character):04X} is not allowed in a query",
                remedy="remove it, or match it with a wildcard",
            )
    if len(text.encode()) > MAX_TEXT_BYTES:
        raise _too_long(text)


def _too_long(text: str) -> QuerySyntaxError:
    message = f"the query is longer than {MAX_TEXT_BYTES} bytes"
    return syntax_error(text[:MAX_TEXT_BYTES], MAX_TEXT_BYTES, message, remedy="shorten it")


def closest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like ``word``, if one is near enough to be meant."""
    found = difflib.get_close_matches(word.lower(), list(choices), n=1, cutoff=0.6)
    return found[0] if found else None


def found_and_expected(
    text: str, error: UnexpectedInput, words: Mapping[str, str]
) -> tuple[int, str, list[str]]:
    """Take a lark error apart: position, what stands there, and what could stand there.

    Args:
        text: the text that was parsed.
        error: what the parser raised.
        words: a phrase for each terminal of the grammar; several may share one phrase.

    """
    position, found = len(text.rstrip()), "the end of the query"
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        position = error.token.start_pos or 0
        found = _quote(str(error.token))
    elif isinstance(error, UnexpectedCharacters):
        position = error.pos_in_stream or 0
        found = _quote(text[position : position + 1])
    # What the automaton's state lists goes beyond what could really follow here.
    parser = getattr(error, "interactive_parser", None)
    allowed: set[str] = set(parser.accepts()) if parser else set()
    return position, found, _in_words(allowed, words)


def expectation(found: str, expected: list[str]) -> str:
    """Say what was found and what was expected instead."""
    if not expected:
        return f"{found} was not expected"
    listed = expected[:_MAX_EXPECTED]
    phrase = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"
    return f"expected {phrase} but found {found}"


def _in_words(allowed: set[str], words: Mapping[str, str]) -> list[str]:
    # In the order of ``words``, which lists the most helpful phrases first.
    phrases = [phrase for terminal, phrase in words.items() if terminal in allowed]
    return list(dict.fromkeys(phrases))


def _quote(found: str) -> str:
    shown = found if len(found) <= 30 else f"{found[:30]}…"  # noqa: PLR2004 - readable length
    return f"'{shown}'"
