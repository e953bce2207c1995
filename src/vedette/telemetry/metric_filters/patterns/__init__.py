"""Filter patterns: the three grammars, as SQL conditions on a log event's body."""

from vedette.telemetry.metric_filters.patterns.common import MAX_PATTERN, MAX_REGEXES, Pattern
from vedette.telemetry.metric_filters.patterns.pattern import parse_pattern

__all__ = ["MAX_PATTERN", "MAX_REGEXES", "Pattern", "parse_pattern"]
