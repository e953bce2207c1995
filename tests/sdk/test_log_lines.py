from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.sdk.log_lines import moment_ns, parse_line
from vedette.sdk.log_records import encode_record

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
MOMENT = 1_704_164_645_250_000_000  # 2024-01-02T03:04:05.25Z


@pytest.fixture
def in_tokyo(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_json_gives_up_its_known_members():
    line = parse_line(
        json.dumps(
            {
                "time": "2024-01-02T03:04:05.250Z",
                "level": "warning",
                "msg": "slow",
                "trace_id": TRACE,
                "span_id": SPAN,
                "http": {"status": 503, "path": "/x"},
                "tags": ["a", "b"],
                "none": None,
                "big": 2**70,
            }
        )
    )
    assert line.body == "slow"
    assert line.time_ns == MOMENT
    assert (line.severity_number, line.severity_text) == (13, "WARNING")
    assert (line.trace_id.hex(), line.span_id.hex()) == (TRACE, SPAN)
    assert line.attributes == {
        "http.status": 503,
        "http.path": "/x",
        "tags": '["a", "b"]',
        "big": str(2**70),
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1704164645, 1704164645 * 10**9),
        (1704164645250, MOMENT),
        (1704164645250000, MOMENT),
        (MOMENT, MOMENT),
        (1704164645.25, MOMENT),
        ("1704164645.25", MOMENT),
        ("2024-01-02T03:04:05.25+00:00", MOMENT),
        ("2024-01-02 03:04:05,250 +0000", MOMENT),
        ("2024-01-02T12:04:05.250+09:00", MOMENT),
        ("soon", None),
        (True, None),
        (-5, None),
        (float("nan"), None),
        (float("inf"), None),
        ("9999999999999999999999999", None),
        (None, None),
    ],
)
def test_times(value, expected):
    assert moment_ns(value) == expected


def test_a_time_without_a_zone_is_local(in_tokyo):
    assert moment_ns("2024-01-02T12:04:05.250") == MOMENT


@pytest.mark.parametrize(
    ("value", "number"),
    [("INFO", 9), ("Error", 17), ("notice", 10), (30, 9), (50, 17), ("40", 13), (60, 21)],
)
def test_levels(value, number):
    assert parse_line(json.dumps({"level": value, "msg": "x"})).severity_number == number


def test_an_unknown_level_stays_an_attribute():
    line = parse_line('{"level": "shout", "msg": "x"}')
    assert (line.severity_number, line.attributes) == (0, {"level": "shout"})


def test_ids_of_other_shapes():
    assert parse_line('{"trace_id": "b7ad6b7169203331"}').trace_id.hex() == "0" * 16 + SPAN
    assert parse_line('{"trace_id": "nonsense"}').attributes == {"trace_id": "nonsense"}
    assert parse_line('{"trace_id": "' + "0" * 32 + '"}').trace_id == b""
    assert parse_line('{"trace_id": 7}').attributes == {"trace_id": 7}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2024-01-02 03:04:05,250 ERROR app: boom", 17),
        ("2024-01-02T03:04:05.250Z INFO ok", 9),
        ("[warn] disk", 13),
        ("level=debug msg=x", 5),
        ("E0102 03:04:05.1 file.go:1] boom", 17),
        ("Traceback (most recent call last):\n  File", 17),
        ("an informational sentence about errors", 0),
        ("INFORMATION_SCHEMA is not a level", 0),
        ("CRITICAL: all lost", 21),
    ],
)
def test_plain_severity(text, number):
    line = parse_line(text)
    assert line.severity_number == number
    assert line.body == text


def test_plain_times(in_tokyo):
    assert parse_line("2024-01-02 12:04:05,250 INFO x").time_ns == MOMENT
    clf = '1.2.3.4 - - [02/Jan/2024:03:04:05 +0000] "GET / HTTP/1.1" 200 5'
    assert parse_line(clf).time_ns == 1704164645 * 10**9
    assert parse_line("no time here").time_ns == 0
    assert parse_line("2024-99-99 12:04:05 x").time_ns == 0


def test_broken_json_is_plain():
    text = '{"level": "info", "msg": '
    assert parse_line(text).body == text
    assert parse_line("[1, 2]").body == "[1, 2]"
    assert parse_line('{"msg": "x"}', "plain").body == '{"msg": "x"}'
    deep = "{" + '"a":{' * 5000 + "}" * 5001
    assert parse_line(deep).body


def test_json_without_a_message_keeps_the_line():
    text = '{"a": 1}'
    assert parse_line(text).body == text


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)
_NAMES = st.text() | st.sampled_from(["time", "level", "msg", "trace_id", "span_id", "ts"])


@given(st.dictionaries(_NAMES, _VALUES, max_size=10))
def test_any_json_becomes_a_record_that_can_be_encoded(members):
    assert encode_record(parse_line(json.dumps(members)), 1).SerializeToString()


@given(st.text())
def test_any_text_becomes_a_record_that_can_be_encoded(text):
    assert encode_record(parse_line(text), 1).SerializeToString()


def test_half_a_surrogate_pair_is_replaced():
    record = encode_record(parse_line('{"msg": "\\ud800", "\\udfff": "\\ud800"}'), 1)
    assert record.SerializeToString()
