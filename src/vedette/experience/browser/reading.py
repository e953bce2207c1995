"""What browsers tell: web vitals by page, JavaScript errors, sessions, and who a failure reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.query.language import LOGS, Parameters, Signal, compile_search
from vedette.telemetry.ranges import bound_range
from vedette.telemetry.traces.filters import in_range

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

THRESHOLDS = {
    "LCP": (2500.0, 4000.0),
    "INP": (200.0, 500.0),
    "CLS": (0.1, 0.25),
    "FCP": (1800.0, 3000.0),
    "TTFB": (800.0, 1800.0),
}
"""Good up to the first, poor above the second (https://web.dev/articles/vitals), of the 75th percentile."""
MAX_PAGES, MAX_GROUPS, MAX_SESSIONS, MAX_EVENTS = 200, 200, 500, 2000
_NAMES = ", ".join(f"'{name}'" for name in THRESHOLDS)
_GOOD = ", ".join(str(good) for good, _ in THRESHOLDS.values())
_POOR = ", ".join(str(poor) for _, poor in THRESHOLDS.values())
_VITALS = f"""
SELECT page, name, count() AS samples, quantile(0.75)(value) AS p75,
    countIf(value <= transform(name, [{_NAMES}], [{_GOOD}], 0.0)) AS good,
    countIf(value > transform(name, [{_NAMES}], [{_POOR}], 0.0)) AS poor
FROM
(
    SELECT $page AS page, LogAttributes['browser.web_vital.name'] AS name,
        LogAttributes['browser.web_vital.id'] AS load,
        argMax(toFloat64OrZero(LogAttributes['browser.web_vital.value']), Timestamp) AS value
    FROM @otel_logs
    WHERE {LOGS.in_time_range()} AND EventName = 'browser.web_vital' $narrowed
    GROUP BY page, name, load
)
WHERE name IN ({_NAMES})
GROUP BY page, name
ORDER BY samples DESC, page, name
LIMIT {MAX_PAGES * len(THRESHOLDS)}
"""
_PAGES = f"""
SELECT LogAttributes['vedette.page'] AS page, count() AS views,
    uniqExact(LogAttributes['session.id']) AS sessions
FROM @otel_logs
WHERE {LOGS.in_time_range()} AND EventName = 'browser.page_view' $narrowed
GROUP BY page ORDER BY views DESC, page LIMIT {MAX_PAGES}
"""
# Alike: the type, the message without its numbers and ids, and where it was thrown but for the line.
_PRINT = r"""
cityHash64(
    LogAttributes['exception.type'],
    replaceRegexpAll(LogAttributes['exception.message'], '[0-9a-fA-F]{8,}|[0-9]+|\'[^\']*\'|"[^"]*"', '#'),
    replaceRegexpAll(
        extract(LogAttributes['exception.stacktrace'], '\n?\\s*at ([^\n]+)|@([^\n]+)'), '[?:][0-9:]*', ''
    )
)
"""
_ERRORS = f"""
SELECT toString({_PRINT}) AS print, count() AS events,
    uniqExact(LogAttributes['session.id']) AS sessions, uniqExact(LogAttributes['user.id']) AS users,
    min(Timestamp) AS first, max(Timestamp) AS last,
    argMax(LogAttributes['exception.type'], Timestamp) AS type,
    argMax(LogAttributes['exception.message'], Timestamp) AS message,
    argMax(LogAttributes['exception.stacktrace'], Timestamp) AS stacktrace,
    argMax(TraceId, Timestamp) AS trace_id,
    argMax(LogAttributes['session.id'], Timestamp) AS session,
    topK(5)(LogAttributes['vedette.page']) AS pages,
    topK(5)(ResourceAttributes['service.version']) AS versions,
    any(ServiceName) AS service
FROM @otel_logs
WHERE {LOGS.in_time_range()} AND EventName = 'exception' AND ScopeName = 'vedette.browser' $narrowed
GROUP BY print ORDER BY sessions DESC, events DESC LIMIT {MAX_GROUPS}
"""
_SESSIONS = f"""
SELECT LogAttributes['session.id'] AS session, any(LogAttributes['user.id']) AS user,
    any(ServiceName) AS service, min(Timestamp) AS start, max(Timestamp) AS end,
    countIf(EventName = 'browser.page_view') AS views, countIf(EventName = 'exception') AS errors,
    argMinIf(LogAttributes['url.path'], Timestamp, EventName = 'browser.page_view') AS entry,
    any(ResourceAttributes['service.version']) AS version,
    any(ResourceAttributes['user_agent.original']) AS user_agent
FROM @otel_logs
WHERE {LOGS.in_time_range()} AND ScopeName = 'vedette.browser' AND LogAttributes['session.id'] != '' $narrowed
GROUP BY session $having ORDER BY start DESC LIMIT {{limit:UInt32}}
"""
_TOTALS = f"""
SELECT uniqExact(LogAttributes['session.id']) AS sessions, uniqExact(LogAttributes['user.id']) AS users,
    countIf(EventName = 'browser.page_view') AS views, countIf(EventName = 'exception') AS errors,
    uniqExactIf(LogAttributes['session.id'], EventName = 'exception') AS sessions_with_errors
FROM @otel_logs WHERE {LOGS.in_time_range()} AND ScopeName = 'vedette.browser' $narrowed
"""
_EVENTS = f"""
SELECT Timestamp AS time, EventName AS name, LogAttributes['url.path'] AS path,
    multiIf(
        EventName = 'exception',
        concat(LogAttributes['exception.type'], ': ', LogAttributes['exception.message']),
        EventName = 'browser.web_vital',
        concat(LogAttributes['browser.web_vital.name'], ' ', LogAttributes['browser.web_vital.value']),
        Body
    ) AS text,
    TraceId AS trace_id
FROM @otel_logs
WHERE {LOGS.in_time_range()} AND has(mapValues(LogAttributes), {{session:String}})
    AND LogAttributes['session.id'] = {{session:String}}
ORDER BY time LIMIT {MAX_EVENTS}
"""
_REQUESTS = f"""
SELECT Timestamp AS time, SpanName AS name, SpanAttributes['url.full'] AS url, Duration / 1e6 AS duration_ms,
    StatusCode = 'Error' AS failed, SpanAttributes['http.response.status_code'] AS status, TraceId AS trace_id
FROM @otel_traces
WHERE {in_range()} AND has(mapValues(SpanAttributes), {{session:String}})
    AND SpanAttributes['session.id'] = {{session:String}}
ORDER BY time LIMIT {MAX_EVENTS}
"""
_TOUCHED = f"""
SELECT DISTINCT TraceId FROM @otel_traces WHERE {in_range()} AND ($condition)
"""
_REACHED = f"""
SELECT uniqExactIf(SpanAttributes['session.id'], Touched) AS sessions,
    uniqExactIf(SpanAttributes['user.id'], Touched AND SpanAttributes['user.id'] != '') AS users,
    uniqExactIf(TraceId, Touched) AS traces,
    uniqExact(SpanAttributes['session.id']) AS all_sessions,
    uniqExactIf(SpanAttributes['user.id'], SpanAttributes['user.id'] != '') AS all_users
FROM
(
    SELECT SpanAttributes, TraceId, TraceId IN ({_TOUCHED}) AS Touched
    FROM @otel_traces WHERE {in_range()} AND ScopeName = 'vedette.browser'
)
"""
_REACHED_PAGES = f"""
SELECT SpanAttributes['vedette.page'] AS page, ServiceName AS service,
    uniqExact(SpanAttributes['session.id']) AS sessions, uniqExact(SpanAttributes['user.id']) AS users,
    groupUniqArray(5)(TraceId) AS traces, groupUniqArray(5)(SpanAttributes['session.id']) AS examples
FROM @otel_traces
WHERE {in_range()} AND ScopeName = 'vedette.browser' AND TraceId IN ({_TOUCHED})
GROUP BY page, service ORDER BY sessions DESC, page LIMIT 100
"""


class BrowserReader:
    """Reads what browsers told. Thread-safe; every method blocks its thread."""

    def __init__(self, runner: QueryRunner, account: str) -> None:
        self._runner = runner
        self._account = account

    def vitals(
        self, range_: TimeRange, *, service: str = "", whole: bool = False
    ) -> list[dict[str, Any]]:
        """Return web vitals by page, or of all pages together: rows of ``page`` and ``name``."""
        page = "''" if whole else "LogAttributes['vedette.page']"
        rows = self._rows(_VITALS.replace("$page", page), range_, service)
        for row in rows:
            row["rating"] = rating_of(row["name"], row["p75"])
        return rows

    def pages(self, range_: TimeRange, *, service: str = "") -> list[dict[str, Any]]:
        """Return pages by views."""
        return self._rows(_PAGES, range_, service)

    def errors(self, range_: TimeRange, *, service: str = "") -> list[dict[str, Any]]:
        """Return groups of JavaScript errors, those that reached most sessions first."""
        return self._rows(_ERRORS, range_, service)

    def totals(self, range_: TimeRange, *, service: str = "") -> dict[str, Any]:
        """Return how many sessions, users, views and errors there were."""
        return self._rows(_TOTALS, range_, service)[0]

    def sessions(
        self, range_: TimeRange, *, service: str = "", with_errors: bool = False, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return sessions, newest first."""
        sql = _SESSIONS.replace("$having", "HAVING errors > 0" if with_errors else "")
        return self._rows(sql, range_, service, limit=min(limit, MAX_SESSIONS))

    def session(self, range_: TimeRange, session: str) -> dict[str, list[dict[str, Any]]]:
        """Return what happened in a session, oldest first: events and requests."""
        params = {**bound_range(range_), "session": session}
        events = self._runner.run(self._account, _EVENTS, params).records()
        requests = self._runner.run(self._account, _REQUESTS, params).records()
        for row in requests:
            row["failed"] = bool(row["failed"])
        return {"events": events, "requests": requests}

    def impact(
        self,
        range_: TimeRange,
        *,
        service: str,
        version: str = "",
        text: str = "",
        slower_than_ms: float | None = None,
        failed: bool = True,
    ) -> dict[str, Any]:
        """Return whom spans of a service reached: sessions and users whose traces hold such a span.

        Args:
            range_: of the spans.
            service: whose spans.
            version: its ``service.version``, or a model's ``vedette.model.version``; any where empty.
            text: search-box syntax that the spans match, such as ``model.name:churn``.
            slower_than_ms: spans of this duration or more count, too.
            failed: spans that failed count.

        """
        bind = Parameters("t")
        parts = [f"ServiceName = {bind.text(service)}"]
        if version:
            name = bind.text(version)
            parts.append(
                f"(ResourceAttributes['service.version'] = {name}"
                f" OR SpanAttributes['vedette.model.version'] = {name})"
            )
        if text.strip():
            parts.append(f"({compile_search(text, Signal.SPANS, parameters=bind).sql})")
        bad = ["StatusCode = 'Error'"] if failed else []
        if slower_than_ms is not None:
            bad.append(f"Duration >= {bind.integer(round(slower_than_ms * 1e6))}")
        if bad:
            parts.append(f"({' OR '.join(bad)})")
        condition = " AND ".join(parts)
        params = {**bound_range(range_), **bind.values}
        reached = self._runner.run(
            self._account, _REACHED.replace("$condition", condition), params
        ).records()[0]
        pages = self._runner.run(
            self._account, _REACHED_PAGES.replace("$condition", condition), params
        ).records()
        return {**reached, "pages": pages}

    def _rows(self, sql: str, range_: TimeRange, service: str, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - parameters
        narrowed = "AND ServiceName = {service:String}" if service else ""
        params = {**bound_range(range_), **more}
        if service:
            params["service"] = service
        sql = sql.replace("$narrowed", narrowed)
        return self._runner.run(self._account, sql, params).records()


def rating_of(name: str, value: float) -> str:
    """Return ``good``, ``needs improvement`` or ``poor``."""
    good, poor = THRESHOLDS[name]
    return "good" if value <= good else "needs improvement" if value <= poor else "poor"
