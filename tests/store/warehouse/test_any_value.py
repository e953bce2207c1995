"""Arrays and maps of OTLP come out as the JSON that they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from vedette.core.time import now_ns
from vedette.ingest import Source
from vedette.query import QueryRunner
from vedette.receivers.otlp import SIGNALS

VALUES: list[Any] = [
    {"a": 1},
    {"a": [1, 2, "x"], "b": {"c": True, "d": 1.5}},
    [],
    {},
    [[]],
    [{}],
    {"empty": {}, "none": [], "null": None},
    {'q"uo}te': 'v"al}}\\', "/": "a/b"},
    [None, None],
    [']},"bytes_value":""}', '{"value":"no"', '"kvlist_value":{"values":[]}'],
    [1e300, -5, 0, False, "", -0.5],
    [[1, 2], {"m": "ü\n\u0001"}],
]


def any_value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    if isinstance(value, dict):
        pairs = [{"key": key, "value": any_value(item)} for key, item in value.items()]
        return {"kvlistValue": {"values": pairs}}
    return {}


def test_arrays_and_maps_are_json(submit: Callable[..., list[Any]], runner: QueryRunner) -> None:
    records = [
        {"timeUnixNano": str(now_ns() + number), "body": any_value(value)}
        for number, value in enumerate(VALUES)
    ]
    document = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
    body = SIGNALS[Source.OTLP_LOGS].protobuf_from_json(json.dumps(document).encode())
    (receipt,) = submit(Source.OTLP_LOGS, "any-value", body)
    assert receipt.rejected == {}
    stored = runner.run("any-value", "SELECT Body AS body FROM @otel_logs ORDER BY Timestamp")
    assert [json.loads(text) for text in stored["body"]] == VALUES


@pytest.mark.parametrize(("value", "text"), [(7, "7"), (True, "true"), (0.5, "0.5"), ("x", "x")])
def test_scalars_are_plain_text(
    submit: Callable[..., list[Any]], runner: QueryRunner, value: Any, text: str
) -> None:
    account = f"any-value-{type(value).__name__}"
    attribute = {"key": "k", "value": any_value(value)}
    record = {"timeUnixNano": str(now_ns()), "body": any_value(value), "attributes": [attribute]}
    document = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    body = SIGNALS[Source.OTLP_LOGS].protobuf_from_json(json.dumps(document).encode())
    submit(Source.OTLP_LOGS, account, body)
    stored = runner.run(account, "SELECT Body AS b, LogAttributes['k'] AS a FROM @otel_logs")
    assert stored.records() == [{"b": text, "a": text}]


def test_attributes_may_mix_scalars_with_arrays_and_maps(
    submit: Callable[..., list[Any]], runner: QueryRunner
) -> None:
    values = {"n": 7, "list": ["a", 1, True], "map": {"k": "v", "x": 0.5}, "text": "plain"}
    attributes = [{"key": key, "value": any_value(value)} for key, value in values.items()]
    attributes.append({"key": "octets", "value": {"bytesValue": "AAH/"}})
    record = {"timeUnixNano": str(now_ns()), "attributes": attributes}
    plain = {"timeUnixNano": str(now_ns()), "attributes": attributes[:1]}
    document = {
        "resourceLogs": [
            {
                "resource": {"attributes": attributes},
                "scopeLogs": [{"logRecords": [record, plain]}],
            }
        ]
    }
    body = SIGNALS[Source.OTLP_LOGS].protobuf_from_json(json.dumps(document).encode())
    submit(Source.OTLP_LOGS, "any-mixed", body)
    stored = runner.run(
        "any-mixed",
        "SELECT LogAttributes AS log, ResourceAttributes AS resource FROM @otel_logs "
        "ORDER BY length(LogAttributes) DESC",
    ).records()
    expected = {"n": "7", "text": "plain", "octets": "AAH/"}
    for found in (stored[0]["log"], stored[0]["resource"], stored[1]["resource"]):
        assert {key: found[key] for key in expected} == expected
        assert json.loads(found["list"]) == values["list"]
        assert json.loads(found["map"]) == values["map"]
    assert stored[1]["log"] == {"n": "7"}
