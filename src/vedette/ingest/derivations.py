"""Which tables are derived from which facts, and the statements that do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vedette.store.warehouse.migrate import METRIC_KINDS, ROLLUP_TIERS, derivation

SAMPLED_RECORDS = 20_000
"""Of a window's logs, and of its spans, at most about twice as many are looked at for facets."""
MOST_VALUES = 200
"""A key with more values in one window identifies things: its values are not kept."""
_METRICS = tuple(f"otel_metrics_{kind}" for kind in METRIC_KINDS)
FACTS = ("otel_traces", "otel_logs", *_METRICS)


@dataclass(frozen=True, slots=True)
class Derivation:
    """A derived table.

    Attributes:
        target: its name; its columns are those of the template and ``DerivedUpTo``.
        sources: the facts that it is derived from.
        partition: its partition key, over its columns.
        template: name of the SELECT.
        values: what the template is rendered with.

    """

    target: str
    sources: tuple[str, ...]
    partition: str
    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def statement(
        self,
        window: Window,
        *,
        counts: Mapping[str, int],
        local: str = "",
        without: Sequence[str] = (),
    ) -> str:
        """Return the insert of one window.

        Args:
            window: what is derived.
            counts: fact table to its rows in the window; more are sampled more thinly for facets.
            local: what ends the name of the table of one node in a cluster.
            without: partitions that hold the window already.

        """
        weights = {table: max(1, counts.get(table, 0) // SAMPLED_RECORDS) for table in FACTS}
        select = derivation(
            self.template,
            window=window.condition,
            weights=weights,
            most_values=MOST_VALUES,
            **self.values,
        )
        done = ", ".join(f"'{partition}'" for partition in without)
        keep = f"WHERE toString({self.partition}) NOT IN ({done})" if done else ""
        return (
            f"INSERT INTO {self.target}{local} "
            f"SELECT *, fromUnixTimestamp64Milli({window.to}) FROM ({select}) {keep}"
        )


@dataclass(frozen=True, slots=True)
class Window:
    """What was received from ``start`` until before ``to``, milliseconds since the epoch."""

    start: int
    to: int

    @property
    def condition(self) -> str:
        """SQL over a fact table."""
        return (
            f"ReceivedTime >= fromUnixTimestamp64Milli({self.start}) "
            f"AND ReceivedTime < fromUnixTimestamp64Milli({self.to})"
        )


DERIVATIONS = (
    Derivation(
        "otel_traces_trace_id_ts", ("otel_traces",), "toDate(Start)", "otel_traces_trace_id_ts"
    ),
    Derivation("span_metrics_1m", ("otel_traces",), "toDate(Minute)", "span_metrics_1m"),
    Derivation("metric_series", _METRICS, "toStartOfMonth(Day)", "metric_series"),
    *(
        Derivation(
            f"metric_rollup_{tier['name']}",
            ("otel_metrics_gauge", "otel_metrics_sum"),
            f"{tier['partition']}(Time)",
            "metric_rollup",
            {"seconds": tier["seconds"]},
        )
        for tier in ROLLUP_TIERS
    ),
    Derivation("kpi_values", ("otel_metrics_gauge",), "toStartOfMonth(Time)", "kpi_values"),
    Derivation("resources", FACTS, "toStartOfMonth(Hour)", "resources"),
    Derivation(
        "attribute_values", ("otel_logs", "otel_traces"), "toDate(Bucket)", "attribute_values"
    ),
)
