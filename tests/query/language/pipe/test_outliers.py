"""Patterns, differences between periods and anomalies, as commands of the pipe language."""

from __future__ import annotations

from datetime import timedelta

import pytest

from vedette.query.language import compile_pipe


@pytest.fixture(scope="module", autouse=True)
def _records(language):
    log = language.log
    rows = []
    for minute in range(60):
        burst = 40 if minute == 30 else 2 + minute % 2
        rows += [log(minute, f"request {minute}-{n} done", service="a") for n in range(burst)]
        rows.append(log(minute, f"heartbeat {minute}", service="b"))
    rows.append(log(5, "brand new thing", 17, service="b"))
    rows += [log(minute - 60, f"heartbeat {minute}", service="b") for minute in range(30)]
    rows += [log(minute - 60, f"old thing {minute}", service="b") for minute in range(3)]
    rows += [log(minute - 1440, f"heartbeat {minute}", service="b") for minute in range(60)]
    language.insert("otel_logs", rows)


def test_pattern(language) -> None:
    rows = language.ask("pattern @message")
    # 29 even minutes of 2 requests, 30 odd ones of 3, and the burst of 40.
    total = 188 + 60 + 1
    assert [row[:3] for row in rows] == [
        ["request <*> done", 188, pytest.approx(188 / total)],
        ["heartbeat <*>", 60, pytest.approx(60 / total)],
        ["brand new thing", 1, pytest.approx(1 / total)],
    ]
    assert rows[0][3].startswith("request 59-")  # the sample is one of the latest messages
    assert rows[1][3] == "heartbeat 59"


def test_pattern_makes_a_table_like_any_other(language) -> None:
    command = "filter service = 'b' | pattern @message"
    text = f"{command} | filter `@sampleCount` > 1 | display `@pattern`, `@ratio` * 61 as n"
    assert language.ask(text) == [["heartbeat <*>", pytest.approx(60)]]


def test_diff_with_the_previous_period(language) -> None:
    rows = language.ask("filter service = 'b' | pattern @message | diff")
    assert [row[:5] for row in rows] == [
        ["heartbeat <*>", 60, 30, 30, "more"],
        ["old thing <*>", 0, 3, -3, "gone"],
        ["brand new thing", 1, 0, 1, "new"],
    ]


def test_diff_with_the_previous_day_and_by_itself(language) -> None:
    rows = language.ask("filter service = 'b' | diff previousDay")
    assert [row[:5] for row in rows] == [
        ["brand new thing", 1, 0, 1, "new"],
        ["heartbeat <*>", 60, 60, 0, "same"],
    ]


def test_diff_compares_periods_of_one_length(language) -> None:
    half = language.START + timedelta(minutes=30)
    rows = language.ask("filter service = 'b' | diff", start=half)
    assert ["heartbeat <*>", 30, 30, 0, "same"] in [row[:5] for row in rows]


def test_anomaly_flags_points_in_their_own_series(language) -> None:
    rows = language.ask("stats count(*) as n by bin(1m), service | anomaly")
    flagged = [(row[0], row[1], row[2]) for row in rows if row[3]]
    # The burst of 40 among 2 and 3, and the one 2 among ones.
    assert flagged == [
        ("2026-03-02T10:05:00.000000000Z", "b", 2),
        ("2026-03-02T10:30:00.000000000Z", "a", 40),
    ]
    assert len(rows) == 120
    query = compile_pipe("stats count(*) as n by bin(1m), service | anomaly")
    assert [column.name for column in query.columns][2:] == ["n", "@anomaly", "@anomalyScore"]
    assert query.is_timeseries


@pytest.mark.parametrize(
    ("service", "time", "score"),
    [
        # 29 of 2, 30 of 3 and a 40: median 3, median absolute deviation 0.5.
        ("a", "2026-03-02T10:30:00.000000000Z", 0.6745 * 37 / 0.5),
        # 59 of 1 and a 2: the median deviation is 0, so the mean one counts, 1/60.
        ("b", "2026-03-02T10:05:00.000000000Z", 1 / (1.253314 / 60)),
        ("b", "2026-03-02T10:06:00.000000000Z", 0),
    ],
)
def test_anomaly_score(language, service: str, time: str, score: float) -> None:
    text = f"filter service = '{service}' | stats count(*) as n by bin(1m) | anomaly n"
    scores = {row[0]: row[3] for row in language.ask(text)}
    assert scores[time] == pytest.approx(score)


def test_anomaly_after_pattern_watches_each_pattern_over_time(language) -> None:
    rows = language.ask("pattern @message | anomaly")
    assert {row[0]: row[3] for row in rows} == {
        "request <*> done": True,
        "heartbeat <*>": False,
        "brand new thing": False,
    }
    assert rows[0][0] == "request <*> done"
