"""Log search, counts, facets, patterns and tail over real records."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.core.time import TimeRange, now_ns, utc_now
from vedette.ingest import Source
from vedette.query import QueryRunner
from vedette.query.language import Signal
from vedette.receivers.otlp import SIGNALS
from vedette.telemetry import logs
from vedette.telemetry.facets import known_keys, known_values

SECOND = 10**9
Send = Callable[..., Any]


@pytest.fixture
def hour() -> TimeRange:
    now = utc_now()
    return TimeRange(now - timedelta(hours=1), now + timedelta(minutes=1))


@pytest.fixture
def send(submit: Callable[..., list[Any]]) -> Send:
    def run(account: str, records: list[dict[str, Any]]) -> None:
        resource = [{"key": "host.name", "value": {"stringValue": "web-1"}}]
        block = {"resource": {"attributes": resource}, "scopeLogs": [{"logRecords": records}]}
        document = json.dumps({"resourceLogs": [block]}).encode()
        body = SIGNALS[Source.OTLP_LOGS].protobuf_from_json(document)
        (receipt,) = submit(Source.OTLP_LOGS, account, body)
        assert receipt.rejected == {}

    return run


def record(text: str, *, age: int, severity: int = 9, **attributes: str) -> dict[str, Any]:
    return {
        "timeUnixNano": str(now_ns() - age * SECOND),
        "severityNumber": severity,
        "body": {"stringValue": text},
        "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()],
    }


def test_pages_go_through_all_records_once_newest_first(
    runner: QueryRunner, send: Send, hour: TimeRange
) -> None:
    same = str(now_ns() - 100 * SECOND)
    records = [record(f"n{number}", age=number) for number in range(20)]
    records += [{**record(f"same{number}", age=0), "timeUnixNano": same} for number in range(5)]
    send("logs-pages", records)
    seen: list[str] = []
    cursor = None
    while True:
        page = logs.search_logs(runner, "logs-pages", hour, limit=4, cursor=cursor)
        seen += [row["body"] for row in page.records]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen[:20] == [f"n{number}" for number in range(20)]
    assert sorted(seen[20:]) == [f"same{number}" for number in range(5)]


def test_search_narrows_and_bad_text_says_where(
    runner: QueryRunner, send: Send, hour: TimeRange
) -> None:
    send("logs-search", [record("payment timeout", age=1, severity=17), record("paid", age=2)])
    found = logs.search_logs(runner, "logs-search", hour, "level:error timeout")
    assert [row["body"] for row in found.records] == ["payment timeout"]
    assert found.terms == ("timeout",)
    with pytest.raises(QuerySyntaxError) as error:
        logs.search_logs(runner, "logs-search", hour, "level:(error")
    assert error.value.position is not None
    with pytest.raises(InvalidInputError, match="cursor"):
        logs.search_logs(runner, "logs-search", hour, cursor="nonsense")
    assert logs.search_logs(runner, "somebody-else", hour).records == []


def test_histogram_counts_every_record_by_level(
    runner: QueryRunner, send: Send, hour: TimeRange
) -> None:
    send(
        "logs-histogram",
        [record("a", age=n, severity=17 if n % 3 == 0 else 9) for n in range(30)],
    )
    counts = logs.histogram(runner, "logs-histogram", hour, points=30)
    assert {level: sum(series) for level, series in counts["series"].items()} == {
        "error": 10,
        "info": 20,
    }
    assert all(len(series) == len(counts["times"]) for series in counts["series"].values())


def test_facets_count_values_and_fall_back_to_the_resource(
    runner: QueryRunner, send: Send, hour: TimeRange
) -> None:
    send("logs-facets", [record("a", age=n, color="red" if n < 7 else "blue") for n in range(10)])
    found = logs.facets(runner, "logs-facets", hour, "", ["color", "host.name", "absent"])
    assert found.counted == 10
    assert [facet.values for facet in found.facets] == [
        (("red", 7), ("blue", 3)),
        (("web-1", 10),),
        (),
    ]
    assert found.facets[0].distinct == 2
    keys = dict(known_keys(runner, "logs-facets", hour, Signal.LOGS))
    assert (keys["color"], keys["resource.host.name"]) == (10, 10)
    values = known_values(runner, "logs-facets", hour, Signal.LOGS, "color", "BL")
    assert values == [("blue", 3)]
    with pytest.raises(InvalidInputError, match="keys"):
        logs.facets(runner, "logs-facets", hour, "", [f"k{number}" for number in range(21)])


def test_a_level_is_one_facet_however_it_is_written(
    runner: QueryRunner, send: Send, hour: TimeRange
) -> None:
    texts = [("INFO", 9), ("info", 9), ("Information", 10), ("NOTICE", 0), ("", 0), ("", 17)]
    records = [
        {**record("a", age=1, severity=number), "severityText": text} for text, number in texts
    ]
    send("logs-level-facet", records)
    (facet,) = logs.facets(runner, "logs-level-facet", hour, "", ["level"]).facets
    counts = dict(facet.values)
    assert counts == {"info": 4, "error": 1}
    for level, count in counts.items():
        found = logs.search_logs(runner, "logs-level-facet", hour, f"level:{level}")
        assert len(found.records) == count


def test_patterns_group_what_varies_and_compare_with_before(
    runner: QueryRunner, send: Send, hour: TimeRange
) -> None:
    now = [record(f"user {number} signed in", age=number) for number in range(20)]
    before = [record(f"disk {number} is full", age=3600 + 60 + number) for number in range(5)]
    send("logs-patterns", [*now, *before])
    (found,) = logs.patterns(runner, "logs-patterns", hour)
    assert (found.pattern, found.count, found.previous) == ("user <*> signed in", 20, None)
    compared = {p.pattern: (p.count, p.previous) for p in logs.patterns(
        runner, "logs-patterns", hour, compare=True
    )}  # fmt: skip
    assert compared == {"user <*> signed in": (20, 0), "disk <*> is full": (0, 5)}


def test_a_tail_shows_each_new_match_once(runner: QueryRunner, send: Send) -> None:
    send("logs-tail", [record("old error", age=5)])
    tail = logs.LogTail(runner, "logs-tail", "error")
    first = tail.look()
    send("logs-tail", [record("new error", age=1), record("fine", age=1)])
    second, third = tail.look(), tail.look()
    assert [row["body"] for row in first.records] == []
    assert [row["body"] for row in second.records] == ["new error"]
    assert (second.dropped, third.records) == (0, [])


@pytest.mark.parametrize(
    ("file_format", "begins"), [("csv", b'"time'), ("ndjson", b'{"time'), ("parquet", b"PAR1")]
)
def test_export_writes_files(
    runner: QueryRunner, send: Send, hour: TimeRange, file_format: str, begins: bytes
) -> None:
    account = f"logs-export-{file_format}"
    send(account, [record(f"n{number}", age=number) for number in range(3)])
    pieces = logs.export_logs(runner, account, hour, "", file_format=file_format, limit=10)
    assert b"".join(pieces).startswith(begins)
    with pytest.raises(InvalidInputError, match="format"):
        logs.export_logs(runner, account, hour, "", file_format="exe", limit=10)
