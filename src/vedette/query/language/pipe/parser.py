"""Text of the pipe language to its commands."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from lark import Lark, UnexpectedInput

from vedette.query.language.errors import (
    RefusedError,
    check_text,
    closest,
    expectation,
    found_and_expected,
    syntax_error,
)
from vedette.query.language.pipe.builder import pipe_builder

if TYPE_CHECKING:
    from vedette.core.errors import QuerySyntaxError
    from vedette.query.language.pipe import tree

MAX_COMMANDS = 30
"""Most commands in one query: each is a level of subquery in the engine."""
COMMANDS = (
    "source",
    "search",
    "fields",
    "display",
    "filter",
    "parse",
    "stats",
    "sort",
    "limit",
    "dedup",
    "pattern",
    "diff",
    "anomaly",
    "unnest",
)
"""Every command of the language."""

_COMMAND = "a command"
_OPERATOR = "an operator"
_EXPRESSION = "a field, value or function"
_WORDS = {
    "_FIELDS": _COMMAND,
    "NAME": _EXPRESSION,
    "NUMBER": _EXPRESSION,
    "STRING": 'a "string"',
    "REGEX": "a /regular expression/",
    "SIGNAL": "logs or spans",
    "_AS": "as",
    "_BY": "by",
    "_INTO": "into",
    "_LIST_OPEN": "a list [...]",
    "_CLOSE": "')'",
    "_LIST_CLOSE": "']'",
    "_COMMA": "','",
    "_PIPE": "'|'",
    "ASC": "asc",
    "DESC": "desc",
    "BASELINE": "previousDay or previousWeek",
    "COMPARISON": _OPERATOR,
    "PLUS": _OPERATOR,
    "LIKE": "like",
    "AND": "and",
    "$END": "the end of the query",
}


def parse_pipe(text: str) -> tuple[tree.Command, ...]:
    """Parse a query into its commands.

    Raises:
        QuerySyntaxError: the text is not a query; ``position`` is the offending character.

    """
    check_text(text)
    try:
        # The transformer runs inside the parser, which keeps its own stack: no deep recursion.
        commands: tuple[tree.Command, ...] = _grammar().parse(text)  # type: ignore[assignment]
    except UnexpectedInput as error:
        raise _explain(text, error) from error
    except RefusedError as refused:
        raise refused.at(text) from refused
    if len(commands) > MAX_COMMANDS:
        raise syntax_error(
            text,
            len(text),
            f"the query has more than {MAX_COMMANDS} commands",
            remedy="join filters with 'and', and fields with ','",
        )
    return commands


@cache
def _grammar() -> Lark:
    source = resources.files(__package__).joinpath("pipe.lark").read_text("utf-8")
    return Lark(
        source,
        parser="lalr",
        lexer="contextual",
        maybe_placeholders=False,
        transformer=pipe_builder(),
    )


def _explain(text: str, error: UnexpectedInput) -> QuerySyntaxError:
    position, found, expected = found_and_expected(text, error, _WORDS)
    here = text[position : position + 1]
    if _COMMAND in expected:
        return _explain_command(text, position, found)
    if here in {'"', "'", "`"}:
        return syntax_error(
            text, position, "the quote is not closed", remedy=f"add a closing {here}"
        )
    if here == "/" and "a /regular expression/" in expected:
        return syntax_error(
            text, position, "the regular expression is not closed", remedy="add a closing /"
        )
    remedy = None
    if position >= len(text.rstrip()) and "')'" in expected:
        remedy = "add ')' where the parenthesis ends"
    elif here.isdigit() and _EXPRESSION in expected:
        remedy = "a field whose name starts with a digit is written in `backticks`"
    elif here == "=" and text[:position].endswith("="):
        remedy = "compare with ="
    elif here == "," and "'|'" in expected:
        remedy = "separate commands by '|'"
    return syntax_error(text, position, expectation(found, expected), remedy=remedy)


def _explain_command(text: str, position: int, found: str) -> QuerySyntaxError:
    word = re.match(r"\w*", text[position:])
    name = word[0] if word else ""
    if not name:
        message = f"expected a command but found {found}"
        return syntax_error(text, position, message, remedy=f"start with one of {_listed()}")
    near = closest(name, COMMANDS)
    remedy = f"did you mean {near}?" if near else f"the commands are {_listed()}"
    return syntax_error(text, position, f"there is no command {name!r}", remedy=remedy)


def _listed() -> str:
    return ", ".join(COMMANDS)
