"""Patterns of log messages in a range, and how they changed against the period before."""

from __future__ import annotations

from dataclasses import dataclass

from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.query.language import LOGS, Signal, compile_search, pattern_stages

SAMPLED_ROWS = 500_000
"""Patterns are made of the newest matching records, up to this many."""

_ROWS = """
SELECT Timestamp, Body
FROM @otel_logs
WHERE {time_range} AND ({condition})
ORDER BY toStartOfFiveMinutes(TimestampTime) DESC, Timestamp DESC
LIMIT {sampled}
"""
_SHOWN = """
WITH rows AS ({rows}), {stages}
SELECT pattern, occurrences, previous, total, sample
FROM {last}
ORDER BY {order}, pattern
LIMIT {{limit:UInt32}}
"""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of message.

    Attributes:
        pattern: the message with ``<*>`` for what varies.
        count: messages of the kind in the range.
        share: of all messages in the range, 0 to 1.
        previous: messages in the period of the same length before; None where not compared.
        sample: one message.

    """

    pattern: str
    count: int
    share: float
    previous: int | None
    sample: str


def patterns(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    text: str = "",
    *,
    limit: int = 50,
    compare: bool = False,
    query_id: str | None = None,
) -> list[Pattern]:
    """Return the patterns of matching messages, most frequent first.

    With ``compare``, the period of the same length before counts too, and patterns come by how
    much they changed: new and vanished ones first.
    """
    condition = compile_search(text, Signal.LOGS)
    length = time_range.end - time_range.start
    params = {
        **condition.params,
        "start": time_range.start - length if compare else time_range.start,
        "end": time_range.end,
        "limit": limit,
        "middle": time_range.start,
    }
    stages = pattern_stages(
        "rows",
        "Body",
        "stage",
        time="Timestamp",
        previous="(Timestamp < {middle:DateTime64(9)})" if compare else None,
    )
    sql = _SHOWN.format(
        rows=_ROWS.format(
            time_range=LOGS.in_time_range(), condition=condition.sql, sampled=SAMPLED_ROWS
        ),
        stages=", ".join(f"{name} AS ({query})" for name, query in stages),
        last=stages[-1][0],
        order=(
            "abs(toInt64(occurrences) - toInt64(previous)) / (occurrences + previous + 1) DESC"
            if compare
            else "occurrences DESC"
        ),
    )
    answer = runner.run(account, sql, params, query_id=query_id)
    return [
        Pattern(
            pattern=row["pattern"],
            count=row["occurrences"],
            share=row["occurrences"] / row["total"] if row["total"] else 0.0,
            previous=row["previous"] if compare else None,
            sample=row["sample"],
        )
        for row in answer.records()
    ]
