"""What can be found wrong with a definition without reading any data."""

from __future__ import annotations

from vedette.alarms.definition import (
    AbsenceSource,
    AlarmSpec,
    EventSource,
    MetricSource,
    PipeSource,
    SqlSource,
)
from vedette.alarms.rule import parse_rule
from vedette.alarms.sources.pipe import compile_alarm_pipe
from vedette.alarms.sources.sql import compile_alarm_sql
from vedette.query.language import Signal, compile_search
from vedette.query.language.dialect import dialect_for
from vedette.query.language.parameters import Parameters
from vedette.telemetry.facets import value_of
from vedette.telemetry.metrics.batch import check_queries
from vedette.telemetry.metrics.matching import compile_matcher


def check_evaluable(spec: AlarmSpec) -> None:
    """Find what is wrong with a definition without reading any data.

    Raises:
        QuerySyntaxError, InvalidInputError, ForbiddenError: with field and position.

    """
    source = spec.source
    if isinstance(source, MetricSource):
        check_queries([query.parsed() for query in source.queries])
    elif isinstance(source, EventSource) or (
        isinstance(source, AbsenceSource) and source.signal != "metric"
    ):
        kind = source.type if isinstance(source, EventSource) else source.signal
        signal = Signal.LOGS if kind == "logs" else Signal.SPANS
        bind = Parameters()
        compile_search(source.query, signal, parameters=bind)
        for name in source.group_by:
            value_of(dialect_for(signal), name, bind)
    elif isinstance(source, AbsenceSource):
        for matcher in source.matchers:
            if matcher.parsed().operator in {"=~", "!~"}:
                compile_matcher(matcher.value)
    elif isinstance(source, SqlSource):
        compile_alarm_sql(source.sql, 0, spec.period, spec.period)
    elif isinstance(source, PipeSource):
        compile_alarm_pipe(spec)
    else:
        parse_rule(source.rule)
