"""Which of the grammars a pattern is written in."""

from __future__ import annotations

from vedette.core.errors import QuerySyntaxError
from vedette.query.language.errors import check_text, syntax_error
from vedette.telemetry.metric_filters.patterns.common import (
    MAX_PATTERN,
    MAX_REGEXES,
    Pattern,
    at_pattern,
)
from vedette.telemetry.metric_filters.patterns.json_pattern import JsonPattern
from vedette.telemetry.metric_filters.patterns.space import SpacePattern
from vedette.telemetry.metric_filters.patterns.text import TextPattern


def parse_pattern(text: str) -> Pattern:
    """Parse a pattern: in braces it is one for JSON, in brackets one for fields, else one of terms.

    Raises:
        QuerySyntaxError: it does not parse; ``position`` is the offending column.

    """
    if len(text) > MAX_PATTERN:
        raise at_pattern(
            syntax_error(
                text,
                MAX_PATTERN,
                f"the pattern is longer than {MAX_PATTERN} characters",
                remedy="shorten it",
            )
        )
    try:
        check_text(text)
    except QuerySyntaxError as error:
        raise at_pattern(error) from error
    opening = text.lstrip()[:1]
    pattern: JsonPattern | SpacePattern | TextPattern
    if opening == "{":
        pattern = JsonPattern(text)
    elif opening == "[":
        pattern = SpacePattern(text)
    else:
        pattern = TextPattern(text)
    if len(pattern.regexes) > MAX_REGEXES:
        raise at_pattern(
            syntax_error(
                text,
                pattern.regexes[MAX_REGEXES].start,
                f"a pattern has at most {MAX_REGEXES} regular expressions",
                remedy="join alternatives with |",
            )
        )
    return pattern
