"""Live tail: log records as they are stored, in the order in which they arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vedette.core.time import utc_now
from vedette.query import QueryRunner
from vedette.query.language import Signal, compile_search
from vedette.telemetry.logs.record import RECORD

MAX_RECORDS = 500
"""Records that one look shows; of more, the newest are shown and the others counted."""
_OVERLAP = timedelta(seconds=10)
_REACH = timedelta(hours=24)

_IDENTITY = "cityHash64(Timestamp, ServiceName, Body, TraceId, SpanId, LogAttributes, ReceivedTime)"
_NEW = """
SELECT
    {record},
    toString({identity}) AS id,
    count() OVER () AS matching
FROM @otel_logs
WHERE ReceivedTime >= {{since:DateTime64(3)}}
    AND TimestampTime >= toDateTime({{oldest:DateTime64(3)}})
    AND ({condition})
    AND toString({identity}) NOT IN {{seen:Array(String)}}
ORDER BY ReceivedTime DESC, Timestamp DESC
LIMIT {limit}
"""


@dataclass(frozen=True, slots=True)
class TailLook:
    """What came since the last look.

    Attributes:
        records: oldest first, at most ``MAX_RECORDS``; each has an ``id`` of its own, too.
        dropped: matching records that came and are not shown.

    """

    records: list[dict[str, Any]]
    dropped: int


class LogTail:
    """One follower of matching records.

    A group is stored a little after its records were received, so each look goes back over the
    last seconds and leaves out what it has shown.
    """

    def __init__(self, runner: QueryRunner, account: str, text: str = "") -> None:
        self._runner = runner
        self._account = account
        self._condition = compile_search(text, Signal.LOGS)
        self._begin = utc_now()
        self._shown: dict[str, float] = {}

    def look(self) -> TailLook:
        """Return what was stored since the last look; blocks for one query."""
        now = utc_now()
        answer = self._runner.run(
            self._account,
            _NEW.format(
                record=RECORD, identity=_IDENTITY, condition=self._condition.sql, limit=MAX_RECORDS
            ),
            {
                **self._condition.params,
                "since": max(self._begin, now - _OVERLAP),
                "oldest": now - _REACH,
                "seen": list(self._shown),
            },
            limits=self._runner.limits(rows=MAX_RECORDS, seconds=5.0),
        )
        records = answer.records()
        matching = records[0]["matching"] if records else 0
        horizon = (now - _OVERLAP).timestamp()
        self._shown = {id_: at for id_, at in self._shown.items() if at >= horizon - 5}
        for record in records:
            self._shown[record["id"]] = now.timestamp()
            del record["matching"]
        if matching > len(records):
            # What was not shown now is not shown later either: the tail stays at the present.
            self._begin = now
        return TailLook(records[::-1], matching - len(records))
