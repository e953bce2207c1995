"""The aggregates of ``stats``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.query.language.errors import RefusedError
from vedette.query.language.pipe import tree
from vedette.query.language.pipe.expressions import AGGREGATES, Budget, Expressions
from vedette.query.language.pipe.values import Kind, Value, as_number, as_text, finite

if TYPE_CHECKING:
    from vedette.query.language.pipe.scope import Scope

_ALL_PERCENT = 100

# NULL, not NaN or 0, where no row has the field. Quantiles are t-digests: mergeable, bounded in
# memory, and exact enough at the ends.
_NUMERIC = {
    "sum": "sumOrNull({})",
    "avg": "avgOrNull({})",
    "min": "minOrNull({})",
    "max": "maxOrNull({})",
    "stddev": "stddevSampOrNull({})",
    "median": "quantileTDigestOrNull(0.5)({})",
}
_BY_TIME = {"earliest": "argMinOrNull", "latest": "argMaxOrNull"}
_BY_TEXT = {"sortsfirst": "minOrNull", "sortslast": "maxOrNull"}


class Aggregates(Expressions):
    """Compiles expressions over aggregates, such as ``sum(a) / count(*)``."""

    def __init__(self, scope: Scope, budget: Budget) -> None:
        super().__init__(scope, budget)
        self.rows = Expressions(scope, budget)

    def value(self, node: tree.Expression) -> Value:
        """Compile an expression; a column made before is a value of rows, not of groups."""
        if isinstance(node, tree.Call) and node.name in AGGREGATES:
            return self.call(node)
        return super().value(node)

    def name(self, node: tree.Name) -> Value:
        """Refuse a bare field: it has many values in a group."""
        raise RefusedError(
            f"the field {node.name!r} has many values in a group",
            node.position,
            f"aggregate it, as in latest({node.name}), or name it after 'by'",
        )

    def call(self, node: tree.Call) -> Value:
        """Compile an aggregate, or a function of aggregates."""
        if node.name not in AGGREGATES:
            return super().call(node)
        if node.name == "count":
            return self._count(node)
        if node.name == "pct":
            return self._percentile(node)
        return self._over(node.name, self._argument(node), node.position)

    def _over(self, name: str, value: Value, position: int) -> Value:
        """Compile an aggregate of one value."""
        if name == "count_distinct":
            return Value(f"uniq({value.sql})", Kind.NUMBER, nullable=False, integer=True)
        if name in _BY_TIME:
            time = self.scope.resolve(tree.Name("@timestamp", position))
            return Value(f"{_BY_TIME[name]}({value.sql}, {time.sql})", value.kind)
        if name in _BY_TEXT:
            return Value(f"{_BY_TEXT[name]}({as_text(value)})", Kind.TEXT)
        if value.kind is Kind.TIME and name in {"min", "max"}:
            return Value(f"{name}OrNull({value.sql})", Kind.TIME)
        return Value(finite(_NUMERIC[name].format(as_number(value))), Kind.NUMBER)

    def _count(self, node: tree.Call) -> Value:
        """Count rows, rows that have a field, or rows for which a condition holds."""
        if not node.arguments or isinstance(node.arguments[0], tree.Star):
            sql = "count()"
        else:
            value = self._argument(node)
            name = "countIf" if value.kind is Kind.BOOL else "count"
            sql = f"{name}({value.sql})"
        return Value(sql, Kind.NUMBER, nullable=False, integer=True)

    def _percentile(self, node: tree.Call) -> Value:
        if len(node.arguments) == 2:  # noqa: PLR2004 - the field and the percentage
            percent = node.arguments[1]
            wanted = percent.value if isinstance(percent, tree.Literal) else None
            if isinstance(wanted, float) and 0 <= wanted <= _ALL_PERCENT:
                value = self.rows.value(node.arguments[0])
                level = self.bind.number(wanted / _ALL_PERCENT)
                sql = f"quantileTDigestOrNull({level})({as_number(value)})"
                return Value(finite(sql), Kind.NUMBER)
        raise RefusedError(
            "pct takes a field and a percentage from 0 to 100",
            node.position,
            "write for example pct(duration, 95)",
        )

    def _argument(self, node: tree.Call) -> Value:
        if len(node.arguments) != 1:
            raise RefusedError(
                f"{node.name} takes one field or expression",
                node.position,
                f"write for example {node.name}(duration)",
            )
        return self.rows.value(node.arguments[0])
