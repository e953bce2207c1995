"""``name{label="value", other=~"a|b"}``: a metric and label matchers as one text.

The form is that of Prometheus' instant vector selectors. Names and labels may hold dots, as those
of OpenTelemetry do; a name with other characters is quoted: ``"my metric"{a="b"}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.query.language.regexes import check_regex
from vedette.telemetry.metrics.model import Matcher

MAX_MATCHERS = 50
MAX_VALUE_LENGTH = 4096
OPERATORS = ("=", "!=", "=~", "!~")

_STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_WORD = r"[A-Za-z_][A-Za-z0-9_.:/-]*"
_NAME = re.compile(rf"\s*({_STRING}|{_WORD})\s*", re.DOTALL)
_MATCHER = re.compile(rf"\s*({_STRING}|{_WORD})\s*(=~|!~|!=|=)\s*({_STRING})\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric's name and the conditions on its series."""

    metric: str
    matchers: tuple[Matcher, ...]


def parse_selector(text: str, *, field: str = "selector") -> Selector:
    """Parse a selector.

    Raises:
        QuerySyntaxError: it does not parse; ``position`` is the offending column.

    """
    name = _NAME.match(text)
    if not name or not _plain(name[1]):
        raise _error("expected a metric's name", 0, field)
    at = name.end()
    matchers: list[Matcher] = []
    if at < len(text):
        if text[at] != "{":
            raise _error(f"expected '{{' or the end but found {text[at]!r}", at, field)
        at += 1
        while not text[at:].lstrip().startswith("}"):
            found = _MATCHER.match(text, at)
            if not found:
                raise _error('expected a matcher such as label="value"', at, field)
            matchers.append(Matcher(_plain(found[1]), found[2], _plain(found[3])))
            at = found.end()
            if text[at : at + 1] == ",":
                at += 1
            elif text[at : at + 1] != "}":
                raise _error("expected ',' or '}'", at, field)
        at = text.index("}", at) + 1
        if text[at:].strip():
            raise _error("nothing may follow '}'", at, field)
    checked = tuple(check_matcher(matcher) for matcher in matchers)
    return Selector(_plain(name[1]), check_count(checked))


def check_count(matchers: tuple[Matcher, ...]) -> tuple[Matcher, ...]:
    """Refuse more matchers than one query may have."""
    if len(matchers) > MAX_MATCHERS:
        raise InvalidInputError(
            f"there are {len(matchers)} matchers, more than {MAX_MATCHERS}",
            field="matchers",
            remedy="join alternatives of one label with =~ and |",
        )
    return matchers


def check_matcher(matcher: Matcher) -> Matcher:
    """Return a matcher that can be run.

    Raises:
        InvalidInputError: its operator is unknown, its label empty or its expression is wrong.

    """
    if matcher.operator not in OPERATORS:
        raise InvalidInputError(
            f"{matcher.operator!r} is no operator of a matcher",
            field="matchers",
            remedy=f"use one of {' '.join(OPERATORS)}",
        )
    if not matcher.label:
        raise InvalidInputError(
            "a matcher has no label", field="matchers", remedy="name the label it is about"
        )
    if max(len(matcher.label), len(matcher.value)) > MAX_VALUE_LENGTH:
        raise InvalidInputError(
            f"a matcher is longer than {MAX_VALUE_LENGTH} characters",
            field="matchers",
            remedy="shorten it",
        )
    if matcher.operator in {"=~", "!~"}:
        check_regex(matcher.value, _refuse)
    return matcher


def _refuse(message: str, offset: int, remedy: str | None) -> Exception:
    return InvalidInputError(message, field="matchers", remedy=remedy, position=offset)


def _plain(text: str) -> str:
    if text[0] not in "\"'":
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _error(message: str, position: int, field: str) -> QuerySyntaxError:
    return QuerySyntaxError(
        f"{message} (column {position + 1})",
        field=field,
        position=position,
        remedy='write name{label="value", other=~"a|b"}',
    )
