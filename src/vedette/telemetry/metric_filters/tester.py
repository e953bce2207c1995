"""Trying a filter before it is saved: on stored events, or on events that are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError
from vedette.query.language.parameters import Parameters
from vedette.telemetry.metric_filters.statements import extraction
from vedette.telemetry.ranges import bound_range

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner
    from vedette.telemetry.metric_filters.model import FilterDefinition

MAX_SHOWN = 100
"""Most matching events of an answer."""
MAX_EVENTS = 50
"""Most events that can be given."""
MAX_EVENT = 65_536
SHOWN_BODY = 4096
"""Longest part of an event that is shown, in characters."""

_STORED = """
SELECT
    count() AS Tested, countIf(Matched) AS Matches, countIf(Matched AND isNull(Number)) AS Bad,
    arrayReverseSort(one -> one.1, groupArrayIf({shown:UInt32})(
        (Timestamp, ServiceName, leftUTF8(Body, {body:UInt32}), Number, Labels), Matched)) AS Shown
FROM
(
    SELECT
        Timestamp, ServiceName, Body, toBool($condition) AS Matched,
        if(Matched, $number, NULL) AS Number,
        if(Matched, $labels, CAST(map(), 'Map(String, String)')) AS Labels
    FROM @otel_logs
    WHERE $range AND ({service:String} = '' OR ServiceName = {service:String})
    ORDER BY Timestamp DESC
    LIMIT {most:UInt32}
)
"""
_RANGE = """Timestamp >= {start:DateTime64(9, 'UTC')} AND Timestamp < {end:DateTime64(9, 'UTC')}
        AND TimestampTime >= toDateTime({start:DateTime64(9, 'UTC')})
        AND TimestampTime <= toDateTime({end:DateTime64(9, 'UTC')})"""
_GIVEN = """
SELECT
    toBool($condition) AS Matched, if(Matched, $number, NULL) AS Number,
    if(Matched, $labels, CAST(map(), 'Map(String, String)')) AS Labels
FROM (SELECT one.1 AS Place, one.2 AS Body FROM
    (SELECT arrayJoin(arrayZip(arrayEnumerate({events:Array(String)}), {events:Array(String)})) AS one))
ORDER BY Place
"""


@dataclass(frozen=True, slots=True)
class Match:
    """An event that a filter matches.

    Attributes:
        time: RFC 3339; empty where the event was given.
        service: its service.
        body: its beginning.
        value: the number that would be stored; None where the value is no number.
        dimensions: labels with their values.

    """

    time: str
    service: str
    body: str
    value: float | None
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a filter would have done.

    Attributes:
        tested: events that were looked at.
        matches: how many of them match.
        without_value: how many of these have no number as the value; they would be rejected.
        events: the newest matching events, newest first.

    """

    tested: int
    matches: int
    without_value: int
    events: tuple[Match, ...]


def try_stored(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    definition: FilterDefinition,
    *,
    most: int = 100_000,
    shown: int = 20,
) -> Trial:
    """Try a filter on the newest stored events of a range.

    Args:
        runner: runs the statement.
        account: whose events.
        time_range: of the events' own times.
        definition: the filter.
        most: how many events are looked at.
        shown: how many matching ones are returned.

    Raises:
        InvalidInputError: the definition is wrong.

    """
    sql, params = _filled(_STORED, definition)
    found = runner.run(
        account,
        sql.replace("$range", _RANGE),
        {
            **params,
            **bound_range(time_range),
            "service": definition.service,
            "most": most,
            "shown": shown,
            "body": SHOWN_BODY,
        },
    )
    rows = found["Shown"][0] if found.rows else []
    return Trial(
        tested=found["Tested"][0],
        matches=found["Matches"][0],
        without_value=found["Bad"][0],
        events=tuple(Match(*row) for row in rows),
    )


def try_events(
    runner: QueryRunner, account: str, events: Sequence[str], definition: FilterDefinition
) -> Trial:
    """Try a filter on events that are given, up to 50 of 64 kB each; see ``try_stored``."""
    if len(events) > MAX_EVENTS or any(len(event) > MAX_EVENT for event in events):
        raise InvalidInputError(
            "too many events, or too long ones",
            field="events",
            remedy=f"give up to {MAX_EVENTS} of up to {MAX_EVENT} characters",
        )
    sql, params = _filled(_GIVEN, definition)
    found = runner.run(account, sql, {**params, "events": list(events)})
    matches = tuple(
        Match("", "", event[:SHOWN_BODY], number, labels)
        for event, matched, number, labels in zip(
            events, found["Matched"], found["Number"], found["Labels"], strict=True
        )
        if matched
    )
    without = sum(one.value is None for one in matches)
    return Trial(len(events), len(matches), without, matches)


def check_by_engine(runner: QueryRunner, account: str, definition: FilterDefinition) -> None:
    """Have the engine refuse now what it would refuse later, such as an expression RE2 lacks.

    Raises:
        InvalidInputError: the definition is wrong.

    """
    try:
        try_events(runner, account, ["{}"], definition)
    except InvalidInputError as error:
        if error.field is None:
            error.field = "pattern"
        raise


def _filled(sql: str, definition: FilterDefinition) -> tuple[str, dict[str, Any]]:
    pattern, parameters = definition.checked(), Parameters("f")
    condition = pattern.condition(parameters)
    number, labels = extraction(definition, pattern, parameters)
    filled = (
        sql.replace("$condition", condition).replace("$number", number).replace("$labels", labels)
    )
    return filled, parameters.values
