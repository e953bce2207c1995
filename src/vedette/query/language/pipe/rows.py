"""The commands that keep rows as they are: filters, new columns, order and number."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vedette.query.language.dialect import END, START, Dialect, Signal
from vedette.query.language.pipe import tree
from vedette.query.language.pipe.expressions import Budget, Expressions
from vedette.query.language.pipe.scope import Scope
from vedette.query.language.pipe.values import Kind, Value, as_number, as_text
from vedette.store.warehouse.severity import number_sql

if TYPE_CHECKING:
    from vedette.query.language.parameters import Parameters

_DAY_NS = 86_400_000_000_000
_BASELINES = {"previousday": _DAY_NS, "previousweek": 7 * _DAY_NS}
PREVIOUS = "previous_period"
"""The column that tells the records of the period that ``diff`` compares with."""

_SHOWN = {
    Signal.LOGS: ("@timestamp", "level", "service", "@message", "trace_id", "span_id"),
    Signal.SPANS: ("@timestamp", "service", "name", "duration", "status", "trace_id", "span_id"),
}


class RowStages:
    """Adds one query after another.

    Args:
        dialect: the signal's table.
        parameters: where values are bound.
        compared: the ``diff`` command of the query, if there is one: the records of the period
            it compares with are then read too.

    """

    def __init__(
        self, dialect: Dialect, parameters: Parameters, compared: tree.Diff | None
    ) -> None:
        self.dialect = dialect
        self.scope = Scope(dialect, parameters)
        self.budget = Budget()
        self.queries: list[tuple[str, str]] = []
        self.pending_limit: int | None = None
        self.order: list[str] = []
        self.shown: list[tuple[str, Value]] | None = None
        self.parsed: list[tuple[str, Value]] = []
        self.keys: list[Value] = []
        self.compared = compared
        self.reduced = False
        self._made = 0
        self.add_query(self._source())

    # The state between commands ----------------------------------------------------------

    @property
    def relation(self) -> str:
        """The name of the latest query."""
        return self.queries[-1][0]

    def ordered(self) -> str:
        """Return the ORDER BY clause of the order that holds now."""
        keys = self.order or ([f"{self.dialect.time} DESC"] if self.scope.raw else [])
        return f" ORDER BY {', '.join(keys)}" if keys else ""

    def shown_columns(self) -> list[tuple[str, Value]]:
        """Return the columns of the result."""
        if self.shown is not None:
            return self.shown
        names = _SHOWN[self.dialect.signal]
        return [(name, self.scope.resolve(tree.Name(name))) for name in names] + self.parsed

    def is_timeseries(self) -> bool:
        """Tell whether rows are points of series."""
        kinds = [value.kind for _, value in self.shown_columns()]
        axis = [value for value in self.keys if value.binned]
        return (
            len(axis) == 1
            and kinds.count(Kind.TIME) == 1
            and Kind.NUMBER in kinds
            and any(value == axis[0] for _, value in self.shown_columns())
        )

    def expressions(self) -> Expressions:
        """Return a compiler of expressions over the fields that there are now."""
        return Expressions(self.scope, self.budget)

    def add_query(self, sql: str) -> None:
        """Read on from a new query, over the latest one."""
        self.queries.append((f"s{len(self.queries)}", sql))

    def extend(self, columns: list[str]) -> None:
        """Add columns to the rows."""
        self.add_query(f"SELECT *, {', '.join(columns)} FROM {self.relation}")

    def column(self) -> str:
        """Return a new name for a column."""
        self._made += 1
        return f"c{self._made}"

    def settle(self) -> None:
        """Apply a limit before a command that would change which rows it means."""
        if self.pending_limit is not None:
            limit = self.pending_limit
            self.pending_limit = None
            self.reduced = True
            self.add_query(f"SELECT * FROM {self.relation}{self.ordered()} LIMIT {limit}")

    def _source(self) -> str:
        dialect = self.dialect
        if self.compared is None:
            return f"SELECT * FROM {dialect.table} WHERE {dialect.in_time_range()}"
        start, end = self._baseline()
        time, prune = dialect.time, dialect.time_prune
        return (
            f"SELECT *, {time} < {START} AS {PREVIOUS} FROM {dialect.table}"
            f" WHERE (({time} >= {START} AND {time} < {END})"
            f" OR ({time} >= {start} AND {time} < {end} AND {time} < {START}))"
            f" AND {prune} >= toDateTime({start}) AND {prune} <= toDateTime({END})"
        )

    def _baseline(self) -> tuple[str, str]:
        """Return start and end of the period that ``diff`` compares with."""
        first, last = f"toUnixTimestamp64Nano({START})", f"toUnixTimestamp64Nano({END})"
        baseline = self.compared.baseline if self.compared else ""
        shift = str(_BASELINES.get(baseline, f"({last} - {first})"))
        return tuple(f"fromUnixTimestamp64Nano({edge} - {shift})" for edge in (first, last))  # type: ignore[return-value]

    # Commands that keep records ----------------------------------------------------------

    def where(self, condition: str) -> None:
        """Keep the rows for which an SQL condition holds."""
        self.settle()
        self.add_query(f"SELECT * FROM {self.relation} WHERE {condition}")

    def filter(self, command: tree.Filter) -> None:
        """Keep the rows for which the condition holds."""
        self.where(self.expressions().condition(command.condition))

    def fields(self, command: tree.Fields) -> None:
        """Show fields; expressions become columns that later commands can name."""
        shown = [] if command.replace or self.shown is None else list(self.shown)
        made: dict[str, Value] = {}
        columns: list[str] = []
        for item in command.items:
            value = self.expressions().value(item.expression)
            if not isinstance(item.expression, tree.Name):
                column = self.column()
                columns.append(f"{value.sql} AS {column}")
                value = stored(value, column)
            if item.alias or not isinstance(item.expression, tree.Name):
                made[item.name] = value
            shown.append((item.name, value))
        if columns:
            self.settle()
            self.extend(columns)
        self.scope.columns.update(made)
        self.shown = shown

    def parse(self, command: tree.Parse) -> None:
        """Make a field of each group of an expression; missing where it does not match."""
        source = self.expressions().value(command.source)
        self.settle()
        groups = self.column()
        pattern = self.scope.parameters.text(command.pattern)
        self.extend([f"extractGroups(ifNull({as_text(source)}, ''), {pattern}) AS {groups}"])
        for name, number in command.groups:
            value = Value(f"if(empty({groups}), NULL, {groups}[{number}])", Kind.TEXT)
            self.scope.columns[name.name] = value
            shown = self.parsed if self.shown is None else self.shown
            shown.append((name.name, value))

    def unnest(self, command: tree.Unnest) -> None:
        """Make a row of each item of a list, or of a JSON array in a text."""
        value = self.expressions().value(command.expression)
        self.settle()
        column = self.column()
        items = value.sql
        if value.kind is not Kind.LIST:
            items = f"JSONExtract(ifNull({as_text(value)}, ''), 'Array(Nullable(String))')"
        self.extend([f"arrayJoin({items}) AS {column}"])
        item = Value(column, Kind.TEXT)
        self.scope.columns[command.name.name] = item
        shown = self.parsed if self.shown is None else self.shown
        shown.append((command.name.name, item))

    # Commands on order and number --------------------------------------------------------

    def sort(self, command: tree.Sort) -> None:
        """Order rows: numbers by size before other text, missing values last."""
        self.settle()
        order: list[str] = []
        for expression, descending in command.keys:
            value = self.expressions().value(expression)
            direction = "DESC" if descending else "ASC"
            if value.kind is Kind.LEVEL:
                value = Value(number_sql(f"ifNull({value.sql}, '')"), Kind.NUMBER)
            if value.kind is Kind.TEXT:
                order.append(f"{as_number(value)} {direction} NULLS LAST")
            order.append(f"{value.sql} {direction} NULLS LAST")
        self.order = order

    def limit(self, command: tree.Limit) -> None:
        """Keep the first rows of the order that holds."""
        known = self.pending_limit
        self.pending_limit = command.count if known is None else min(known, command.count)

    def dedup(self, command: tree.Dedup) -> None:
        """Keep the first row of each combination; rows without one of the fields all stay."""
        self.settle()
        self.reduced = True
        values = [self.expressions().value(name) for name in command.names]
        keys = [value.sql for value in values]
        nullable = [f"isNull({value.sql})" for value in values if value.nullable]
        if nullable:
            keys.append(f"if({' OR '.join(nullable)}, rowNumberInAllBlocks() + 1, 0)")
        self.add_query(
            f"SELECT * FROM {self.relation}{self.ordered()} LIMIT 1 BY {', '.join(keys)}"
        )


def stored(value: Value, column: str) -> Value:
    """Describe a value after it has become a column."""
    return replace(value, sql=column, constant=None, plain=None, level=False, column=None)
