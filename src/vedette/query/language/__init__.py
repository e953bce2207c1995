"""The query languages: the search box and the pipe language, compiled to parameterised SQL.

Statements name tables by their scoped names (``@otel_logs``); no text of a user is ever part of
the SQL, only of its bound parameters.
"""

from vedette.query.language.dialect import LOGS, SPANS, Dialect, Signal, dialect_for
from vedette.query.language.parameters import Parameters
from vedette.query.language.patterns import pattern_sql, pattern_stages
from vedette.query.language.pipe.compiler import Column, CompiledQuery, compile_pipe
from vedette.query.language.pipe.parser import parse_pipe
from vedette.query.language.pipe.values import Kind
from vedette.query.language.search.compiler import Condition, compile_search
from vedette.query.language.search.completion import Completion, complete
from vedette.query.language.search.parser import parse_search

__all__ = [
    "LOGS",
    "SPANS",
    "Column",
    "CompiledQuery",
    "Completion",
    "Condition",
    "Dialect",
    "Kind",
    "Parameters",
    "Signal",
    "compile_pipe",
    "compile_search",
    "complete",
    "dialect_for",
    "parse_pipe",
    "parse_search",
    "pattern_sql",
    "pattern_stages",
]
