"""All commands of the pipe language, each a named query (CTE) over the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.query.language.dialect import END, START
from vedette.query.language.errors import RefusedError
from vedette.query.language.patterns import pattern_stages, series_interval, series_score
from vedette.query.language.pipe import tree
from vedette.query.language.pipe.aggregates import Aggregates
from vedette.query.language.pipe.rows import PREVIOUS, RowStages, stored
from vedette.query.language.pipe.values import Kind, Value, as_number, as_text

if TYPE_CHECKING:
    from collections.abc import Callable

# Iglewicz and Hoaglin's modified z-score: 0.6745 (x - median) / MAD, unusual beyond 3.5; where
# more than half of the values are equal the MAD is 0, and the mean deviation takes its place.
_MAD_FACTOR = 0.6745
_MEAN_FACTOR = 1.253314
_UNUSUAL = 3.5


class Stages(RowStages):
    """Adds the commands after which rows are records no more: groups, patterns, anomalies."""

    def add(self, command: tree.Command) -> None:
        """Add a command that stands by itself."""
        handlers: dict[type, Callable[[Any], None]] = {
            tree.Fields: self.fields,
            tree.Filter: self.filter,
            tree.Parse: self.parse,
            tree.Unnest: self.unnest,
            tree.Sort: self.sort,
            tree.Limit: self.limit,
            tree.Dedup: self.dedup,
            tree.Stats: self.stats,
            tree.Anomaly: self.anomaly,
        }
        handlers[type(command)](command)

    # Commands that replace records -------------------------------------------------------

    def stats(self, command: tree.Stats) -> None:
        """Aggregate rows by groups."""
        self.settle()
        made: list[tuple[str, Value, str]] = []
        aggregates = Aggregates(self.scope, self.budget)
        for compiler, items in (
            (self.expressions(), command.groups),
            (aggregates, command.aggregates),
        ):
            for item in items:
                value = compiler.value(item.expression)
                made.append((item.name, value, self.column()))
        names = [name for name, _, _ in made]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise RefusedError(
                f"stats makes two columns named {twice!r}", command.position, "name one with 'as'"
            )
        selected = ", ".join(f"{value.sql} AS {column}" for _, value, column in made)
        keys = [column for _, _, column in made[: len(command.groups)]]
        grouping = f" GROUP BY {', '.join(keys)}" if keys else ""
        self.add_query(f"SELECT {selected} FROM {self.relation}{grouping}")
        kept = [(name, stored(value, column)) for name, value, column in made]
        self._replace(kept)
        self.keys = [value for _, value in kept[: len(keys)]]
        if any(value.binned for value in self.keys):
            self.order = [value.sql for value in sorted(self.keys, key=lambda key: not key.binned)]
        elif keys:
            self.order = [f"{kept[len(keys)][1].sql} DESC NULLS LAST", *keys]

    def pattern(self, command: tree.Pattern, by: tree.Diff | tree.Anomaly | None) -> None:
        """Group rows by the pattern of a text, comparing periods or watching them over time."""
        value = self.expressions().value(command.expression)
        self.settle()
        if isinstance(by, tree.Diff) or self.compared:
            self._check_diff(by, command.position)
        if isinstance(by, tree.Anomaly) and not self.scope.raw:
            raise RefusedError(
                "anomaly after pattern needs the records' times",
                by.position,
                "remove stats before it",
            )
        time = self.dialect.time if self.scope.raw else None
        stages = pattern_stages(
            self.relation,
            as_text(value),
            f"p{len(self.queries)}x",
            time=time,
            previous=PREVIOUS if isinstance(by, tree.Diff) else None,
            series=series_interval(time, START, END)
            if isinstance(by, tree.Anomaly) and time
            else None,
        )
        self.queries += stages
        self._pattern_columns(by)

    def _pattern_columns(self, by: tree.Diff | tree.Anomaly | None) -> None:
        columns: list[tuple[str, str, Kind]] = [
            ("@pattern", "pattern", Kind.TEXT),
            ("@sampleCount", "occurrences", Kind.NUMBER),
        ]
        order = ["occurrences DESC", "pattern"]
        if isinstance(by, tree.Diff):
            difference = "toInt64(occurrences) - toInt64(previous)"
            change = (
                "multiIf(previous = 0, 'new', occurrences = 0, 'gone',"
                " occurrences > previous, 'more', occurrences < previous, 'fewer', 'same')"
            )
            columns += [
                ("@previousCount", "previous", Kind.NUMBER),
                ("@difference", difference, Kind.NUMBER),
                ("@change", change, Kind.TEXT),
            ]
            order = [f"abs({difference}) DESC", "pattern"]
        else:
            columns.append(("@ratio", "occurrences / greatest(total, 1)", Kind.NUMBER))
        if isinstance(by, tree.Anomaly):
            score = series_score()
            columns += [
                ("@anomaly", f"{score} > 0", Kind.BOOL),
                ("@anomalyScore", score, Kind.NUMBER),
            ]
            order = [f"{score} DESC", *order]
        columns.append(("@sample", "sample", Kind.TEXT))
        kept: list[tuple[str, Value]] = []
        selected: list[str] = []
        for name, sql, kind in columns:
            column = self.column()
            selected.append(f"{sql} AS {column}")
            whole = name in {"@sampleCount", "@previousCount", "@difference"}
            kept.append((name, Value(column, kind, nullable=False, integer=whole)))
        position = self.column()
        selected.append(f"row_number() OVER (ORDER BY {', '.join(order)}) AS {position}")
        self.add_query(f"SELECT {', '.join(selected)} FROM {self.relation}")
        self._replace(kept)
        self.order = [position]

    def anomaly(self, command: tree.Anomaly) -> None:
        """Flag the points of each series of ``stats ... by bin()`` that are unusual in it."""
        axis = [key for key in self.keys if key.binned]
        if not axis:
            raise RefusedError(
                "anomaly needs a series: it follows stats by bin(), or pattern directly",
                command.position,
                "write for example: stats count(*) by bin(5m) | anomaly",
            )
        watched = self._watched(command)
        self.settle()
        labels = [key.sql for key in self.keys if not key.binned]
        window = f"OVER (PARTITION BY {', '.join(labels)})" if labels else "OVER ()"
        number = as_number(watched)
        middle, spread, mean, score, flag = (self.column() for _ in range(5))
        self.extend([f"quantileExactInclusive(0.5)({number}) {window} AS {middle}"])
        deviation = f"abs({number} - {middle})"
        self.extend(
            [
                f"quantileExactInclusive(0.5)({deviation}) {window} AS {spread}",
                f"avg({deviation}) {window} AS {mean}",
            ]
        )
        distance = f"({number} - {middle})"
        scored = (
            f"multiIf({spread} > 0, {_MAD_FACTOR} * {distance} / {spread},"
            f" {mean} > 0, {distance} / ({_MEAN_FACTOR} * {mean}), 0)"
        )
        self.extend([f"{scored} AS {score}", f"ifNull(abs({scored}) > {_UNUSUAL}, 0) AS {flag}"])
        for name, value in (
            ("@anomaly", Value(flag, Kind.BOOL, nullable=False)),
            ("@anomalyScore", Value(score, Kind.NUMBER)),
        ):
            self.scope.columns[name] = value
            self.shown = [*self.shown_columns(), (name, value)]

    def _watched(self, command: tree.Anomaly) -> Value:
        if command.name is not None:
            value = self.expressions().value(command.name)
            if value.kind is Kind.NUMBER:
                return value
            raise RefusedError(
                f"{command.name.name!r} is no number", command.name.position, "name an aggregate"
            )
        numbers = [value for value in self.scope.columns.values() if value.kind is Kind.NUMBER]
        numbers = [value for value in numbers if value not in self.keys]
        if not numbers:
            raise RefusedError(
                "there is no number to watch", command.position, "add an aggregate to stats"
            )
        return numbers[0]

    def _check_diff(self, by: tree.Diff | tree.Anomaly | None, position: int) -> None:
        if not isinstance(by, tree.Diff) or not self.scope.raw or self.reduced:
            compared = self.compared.position if self.compared else position
            raise RefusedError(
                "diff compares the patterns of two periods: it follows pattern directly, and no"
                " stats, limit or dedup may be before it",
                compared,
                "write for example: filter level = 'error' | pattern @message | diff",
            )

    def _replace(self, columns: list[tuple[str, Value]]) -> None:
        """Let rows be something else than records from here on."""
        self.scope.columns = dict(columns)
        self.scope.raw = False
        self.shown = columns
        self.parsed = []
        self.keys = []
        self.order = []
        self.reduced = True
