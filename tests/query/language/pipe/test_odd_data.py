"""Whatever compiles runs, over records with every kind of odd value."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vedette.core.errors import QuerySyntaxError
from vedette.query.language import Signal, compile_pipe

ODD_VALUES = [
    "nan",
    "inf",
    "-1e400",
    "1e308",
    "0x10",
    "",
    " 5",
    "5 ",
    "9" * 400,
    "\u0661",
    "-0",
    "\x00",
]
ODD_BODIES = [
    "", " ", "{", '{"a":', '{"a":{"b":[]}}', '{"items":5}', '{"items":[null,[[]],{}]}', "[1,2",
    "null",
    '{"a":{"b":' + "[" * 500, "\x00\x01", "user= took ms", "user=\ntook took xms", "x" * 5000,
    '{"a":1e999,"items":["\\ud800"]}', "%", "\\", "<*> <*>", " ".join("w" * 300),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _records(language):
    log, span = language.log, language.span
    rows = [
        log(
            minute,
            body,
            minute * 15 % 256,
            attributes={"code": ODD_VALUES[minute % len(ODD_VALUES)]},
        )
        for minute, body in enumerate(ODD_BODIES)
    ]
    rows += [log(30, "a", 255, severity=text, attributes={"code": text}) for text in ODD_VALUES]
    language.insert("otel_logs", rows)
    language.insert(
        "otel_traces",
        [
            span(1, "", 0, attributes={"code": "x", "": ""}, service=""),
            span(2, "b", 18_446_744_073_709.55, attributes={"code": "nan"}, kind="", status=""),
        ],
    )


SNIPPETS = [
    "fields @timestamp, code as c, code * 2 as d", "filter code > 5", "filter level >= 'info'",
    "parse 'user=* took *ms' as user, ms",
    "stats count(*) as n, avg(code) as m by bin(5m), service",
    "stats max(code) as m by level", "sort code desc", "sort m, n", "limit 3", "dedup service",
    "dedup c, level", "pattern @message", "pattern service", "anomaly", "anomaly m", "diff",
    "diff previousDay", "unnest items into item", "unnest service into item",
    "display level, service",
    "search 'a OR level:error'",
    "fields bin(1h) as t, if(d > 3, level, service) as z",
    "stats count(*), earliest(z), latest(code) by t", "stats count_distinct(user) as n by ms",
    "filter m > 1 or n in [1, 'x']", "fields `@pattern`, `@sampleCount` / 2 as m",
    "fields a.b, items.0, bad.x.y",
    "fields dateceil(code, 1d), fromMillis(code), datefloor(@message, 1mo)",
]  # fmt: skip


def compiles(text: str, signal: Signal) -> bool:
    try:
        compile_pipe(text, default_signal=signal)
    except QuerySyntaxError:
        return False
    return True


@pytest.mark.parametrize("signal", list(Signal))
@pytest.mark.parametrize("command", [snippet for snippet in SNIPPETS if snippet != "anomaly"])
def test_each_command_runs(language, command: str, signal: Signal) -> None:
    """Names that other commands make are read as attributes here."""
    if command.startswith("anomaly"):
        command = f"stats max(code) as m by bin(1m) | {command}"
    language.ask(command, signal)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(SNIPPETS), min_size=1, max_size=6), st.sampled_from(Signal))
def test_what_compiles_runs(language, commands: list[str], signal: Signal) -> None:
    text = " | ".join(commands)
    if compiles(text, signal):
        language.ask(text, signal)
