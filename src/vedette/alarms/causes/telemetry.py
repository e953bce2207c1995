"""Causes that telemetry shows: new versions, failing services, bursts of errors, new messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from vedette.alarms.causes.model import Candidate, Question, moment_of
from vedette.core.time import TimeRange
from vedette.telemetry.logs.patterns import patterns
from vedette.telemetry.ranges import bound_range
from vedette.telemetry.traces.root_cause import root_causes
from vedette.telemetry.traces.service_map import ServiceMap

VERSION_HISTORY = timedelta(days=1)
MIN_ERRORS = 5
BURST_RATIO = 3.0
MIN_NEW_MESSAGES = 3
MAX_MESSAGES = 5

_VERSIONS = """
SELECT
    Service, Version, min(First) AS FirstTime, max(Last) AS LastTime, sum(Number) AS Total
FROM
(
    SELECT
        ServiceName AS Service, ResourceAttributes['service.version'] AS Version,
        min(Timestamp) AS First, max(Timestamp) AS Last, count() AS Number
    FROM @otel_traces
    WHERE Timestamp >= {start:DateTime64(9, 'UTC')} AND Timestamp < {end:DateTime64(9, 'UTC')}
        AND ResourceAttributes['service.version'] != ''
    GROUP BY Service, Version
    UNION ALL
    SELECT
        ServiceName AS Service, ResourceAttributes['service.version'] AS Version,
        min(Timestamp) AS First, max(Timestamp) AS Last, count() AS Number
    FROM @otel_logs
    WHERE TimestampTime >= toDateTime({start:DateTime64(9, 'UTC')})
        AND TimestampTime <= toDateTime({end:DateTime64(9, 'UTC')})
        AND Timestamp >= {start:DateTime64(9, 'UTC')} AND Timestamp < {end:DateTime64(9, 'UTC')}
        AND ResourceAttributes['service.version'] != ''
    GROUP BY Service, Version
)
GROUP BY Service, Version
ORDER BY Service, FirstTime
LIMIT 1000
"""
_BURSTS = """
SELECT
    ServiceName AS Service,
    countIf(Timestamp >= {middle:DateTime64(9, 'UTC')}) AS Now,
    countIf(Timestamp < {middle:DateTime64(9, 'UTC')}) AS Previously,
    minIf(Timestamp, Timestamp >= {middle:DateTime64(9, 'UTC')}) AS Began
FROM @otel_logs
WHERE TimestampTime >= toDateTime({start:DateTime64(9, 'UTC')})
    AND TimestampTime <= toDateTime({end:DateTime64(9, 'UTC')})
    AND Timestamp >= {start:DateTime64(9, 'UTC')} AND Timestamp < {end:DateTime64(9, 'UTC')}
    AND SeverityNumber >= 17
GROUP BY Service
HAVING Now >= {least:UInt32} AND Now > Previously * {ratio:Float64}
ORDER BY Now / (Previously + 1) DESC
LIMIT 50
"""


class NewVersions:
    """A version of a service that was first seen shortly before: a deployment."""

    name = "versions"

    def find(self, question: Question) -> Sequence[Candidate]:
        """See ``CauseSource``."""
        window = question.window
        seen = TimeRange(window.start - VERSION_HISTORY, window.end)
        columns = question.runner.run(question.account, _VERSIONS, bound_range(seen))
        of_service: dict[str, list[tuple[str, datetime]]] = {}
        for service, version, first in zip(
            columns["Service"], columns["Version"], columns["FirstTime"], strict=True
        ):
            of_service.setdefault(service, []).append((version, moment_of(first)))
        found = []
        for service, versions in of_service.items():
            for number, (version, first) in enumerate(versions):
                if number == 0 or first < window.start:
                    continue  # the first that is known of may have run for long
                before = versions[number - 1][0]
                found.append(
                    Candidate(
                        "version", f"{service} went from {before} to {version}",
                        "a new version began to send telemetry", first, 1.0, service,
                        {"before": before, "after": version},
                        question.link(
                            "/traces", q=f'{_of(service)} resource.service.version:"{version}"'
                        ),
                    )
                )  # fmt: skip
        return found


class FailingDependencies:
    """The farthest failing service downstream, and services that answer much worse than before."""

    name = "dependencies"

    def find(self, question: Question) -> Sequence[Candidate]:
        """See ``CauseSource``."""
        now, usual = question.service_map, question.usual
        if now is None:
            return []
        rates = _fault_rates(usual) if usual else {}
        found = []
        for cause in root_causes(now, usual=rates):
            name = cause.node.partition(":")[2]
            below = len(cause.path) - 1
            place = f", {below} calls below where it shows" if below else ""
            found.append(
                Candidate(
                    "dependency", f"{name} fails {cause.fault_rate:.0%} of its calls{place}",
                    "nothing that it calls fails: the failure begins here", question.since, 0.95,
                    name,
                    {"path": list(cause.path), "fault_rate": cause.fault_rate,
                     "usual": rates.get(cause.node, 0.0)},
                    question.link("/map", selected=cause.node),
                )
            )  # fmt: skip
        return found + self._slower(question, now, usual)

    @staticmethod
    def _slower(question: Question, now: ServiceMap, usual: ServiceMap | None) -> list[Candidate]:
        before = {node.id: node for node in usual.nodes} if usual else {}
        found = []
        for node in now.nodes:
            then = before.get(node.id)
            if then is None or min(node.statistics.count, then.statistics.count) < MIN_ERRORS:
                continue
            slow, usually = node.statistics.quantile_ns(0.95), then.statistics.quantile_ns(0.95)
            if usually and slow and slow > usually * BURST_RATIO:
                found.append(
                    Candidate(
                        "latency",
                        f"{node.name} became {slow / usually:.1f} times slower (p95 {slow / 1e6:.0f} ms)",
                        "slowness travels to those who call it", question.since, 0.7, node.name,
                        {"p95_ms": slow / 1e6, "usual_p95_ms": usually / 1e6},
                        question.link("/traces", q=_of(node.name), sort="duration"),
                    )
                )  # fmt: skip
        return found


class ErrorBursts:
    """Many more error records of a service than in the period before."""

    name = "errors"

    def find(self, question: Question) -> Sequence[Candidate]:
        """See ``CauseSource``."""
        window = question.window
        params = {
            **bound_range(TimeRange(question.before.start, window.end)),
            "middle": bound_range(window)["start"],
            "least": MIN_ERRORS,
            "ratio": BURST_RATIO,
        }
        columns = question.runner.run(question.account, _BURSTS, params)
        return [
            Candidate(
                "errors", f"{service or 'a source without a name'} wrote {now:,} errors, {before:,} before",
                "a burst of error records", moment_of(began), 0.8, service,
                {"errors": now, "previous": before},
                question.link("/logs", q=f"level:error {_of(service)}"),
            )
            for service, now, before, began in zip(
                columns["Service"], columns["Now"], columns["Previously"], columns["Began"],
                strict=True,
            )
        ]  # fmt: skip


class NewMessages:
    """Kinds of warnings and errors that were not written in the period before."""

    name = "messages"

    def find(self, question: Question) -> Sequence[Candidate]:
        """See ``CauseSource``."""
        text = "level:>=warn"
        if question.services:
            names = " OR ".join(
                _of(name) for name in sorted({*question.services, *question.distances})[:20]
            )
            text = f"{text} ({names})"
        found = patterns(
            question.runner, question.account, question.window, text, limit=50, compare=True
        )
        new = [one for one in found if one.previous == 0 and one.count >= MIN_NEW_MESSAGES]
        return [
            Candidate(
                "message", f"new message, {one.count:,} times: {one.sample[:200]}",
                "this kind of message was not written before", question.since, 0.6, "",
                {"pattern": one.pattern[:500], "count": one.count, "sample": one.sample[:500]},
                question.link("/logs", q=text),
            )
            for one in new[:MAX_MESSAGES]
        ]  # fmt: skip


def _of(service: str) -> str:
    """Return the search for what a service sent."""
    return f'service:"{service}"'


def _fault_rates(service_map: ServiceMap) -> dict[str, float]:
    return {node.id: node.statistics.fault_rate for node in service_map.nodes}
