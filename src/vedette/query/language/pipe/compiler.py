"""A pipe query to one parameterised statement: each command is a query over the one before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vedette.core.errors import QuerySyntaxError
from vedette.query.language.dialect import Signal, dialect_for
from vedette.query.language.errors import RefusedError, check_size, syntax_error
from vedette.query.language.parameters import Parameters
from vedette.query.language.pipe import tree
from vedette.query.language.pipe.builder import MAX_ROWS
from vedette.query.language.pipe.parser import parse_pipe
from vedette.query.language.pipe.stages import Stages
from vedette.query.language.pipe.values import Kind
from vedette.query.language.search.compiler import compile_search

if TYPE_CHECKING:
    from vedette.query.language.pipe.values import Value

DEFAULT_ROWS = 1000
"""Rows of a result whose query gives no limit; a time series has ``MAX_ROWS``."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result.

    Args:
        name: the name that people gave it or see; any text.
        kind: text, number, time, bool, level or list (of texts).
        key: its name in the statement's result, an identifier that never holds user text.

    """

    name: str
    kind: Kind
    key: str


@dataclass(frozen=True, slots=True)
class CompiledQuery:
    """A statement over scoped tables.

    Args:
        sql: the statement; it also needs ``start`` and ``end`` (``DateTime64(9)``, UTC).
        params: the values of all other placeholders.
        columns: the result's columns in order.
        is_timeseries: whether rows are points: one time column, texts that name the series and
            numbers.
        signal: what is read.
        limit: the most rows that the statement returns.

    """

    sql: str
    params: dict[str, Any]
    columns: tuple[Column, ...]
    is_timeseries: bool
    signal: Signal
    limit: int


def compile_pipe(text: str, *, default_signal: Signal = Signal.LOGS) -> CompiledQuery:
    """Compile a query of the pipe language.

    Args:
        text: the query.
        default_signal: what is read if the query does not begin with ``source``.

    Raises:
        QuerySyntaxError: the text does not parse, or a command does not suit what is before it.

    """
    commands = parse_pipe(text)
    signal = default_signal
    if isinstance(commands[0], tree.Source):
        signal = Signal(commands[0].signal)
        commands = commands[1:]
    try:
        return _Compiler(text, signal, commands).compiled()
    except RefusedError as refused:
        raise refused.at(text) from refused


class _Compiler:
    """Walks the commands of one query."""

    def __init__(self, text: str, signal: Signal, commands: tuple[tree.Command, ...]) -> None:
        self.text = text
        self.signal = signal
        self.commands = commands
        self.parameters = Parameters()
        compared = next((item for item in commands if isinstance(item, tree.Diff)), None)
        self.stages = Stages(dialect_for(signal), self.parameters, compared)

    def compiled(self) -> CompiledQuery:
        index = 0
        while index < len(self.commands):
            index += self._command(index)
        stages = self.stages
        shown = stages.shown_columns()
        series = stages.is_timeseries()
        limit = stages.pending_limit or (MAX_ROWS if series else DEFAULT_ROWS)
        columns = tuple(
            Column(name, value.kind, f"r{number}") for number, (name, value) in enumerate(shown)
        )
        selected = ", ".join(
            f"{_answer(value)} AS {column.key}"
            for column, (_, value) in zip(columns, shown, strict=True)
        )
        ctes = ", ".join(f"{name} AS ({sql})" for name, sql in stages.queries)
        sql = (
            f"WITH {ctes} SELECT {selected} FROM {stages.relation}{stages.ordered()} LIMIT {limit}"
        )
        check_size(self.text, sql)
        return CompiledQuery(sql, self.parameters.values, columns, series, self.signal, limit)

    def _command(self, index: int) -> int:
        """Compile the command at ``index`` and return how many commands that took."""
        command = self.commands[index]
        if isinstance(command, tree.Pattern):
            following = self.commands[index + 1 : index + 2]
            by = [item for item in following if isinstance(item, tree.Diff | tree.Anomaly)]
            self.stages.pattern(command, by[0] if by else None)
            return 1 + len(by)
        if isinstance(command, tree.Diff):
            message = tree.Name("@message", command.position)
            self.stages.pattern(tree.Pattern(message, command.position), command)
        elif isinstance(command, tree.Search):
            self._search(command)
        elif isinstance(command, tree.Source):
            raise RefusedError(
                "source comes first or not at all", command.position, "move it to the start"
            )
        else:
            self.stages.add(command)
        return 1

    def _search(self, command: tree.Search) -> None:
        if not self.stages.scope.raw:
            raise RefusedError(
                "search reads records, and there are none left here",
                command.offsets[0],
                "move it before stats and pattern, or use filter",
            )
        try:
            condition = compile_search(command.text, self.signal, parameters=self.parameters)
        except QuerySyntaxError as error:
            # Point into the query instead of the string inside it.
            message = re.sub(r" \((?:line \d+, )?column \d+\)$", "", error.message)
            position = command.offsets[min(error.position or 0, len(command.offsets) - 1)]
            raise syntax_error(self.text, position, message, remedy=error.remedy) from error
        self.stages.where(condition.sql)


def _answer(value: Value) -> str:
    return f"toBool({value.sql})" if value.kind is Kind.BOOL else value.sql
