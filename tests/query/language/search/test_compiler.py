from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vedette.core.errors import QuerySyntaxError
from vedette.query.language import Signal, compile_search


@pytest.fixture(scope="module", autouse=True)
def _records(language):
    log, span = language.log, language.span
    language.insert(
        "otel_logs",
        [
            log(1, "Connection timed out after 30s", 17, service="checkout", TraceId="ab" * 16),
            log(2, "timeout while reading; out of time", 13, service="cart"),
            log(3, "GET /api/users/42 200", 9, attributes={"http.status": "200", "took": "12.5"}),
            log(4, "GET /api/users/43 500", 9, attributes={"http.status": "500", "took": "1e3"}),
            log(5, 'user_id=7 said "hi"', 5, attributes={"took": "slow", "empty": ""}),
            log(6, "Ärger im Büro", 0, severity="Error", resource={"host.name": "web-1"}),
            log(7, "disk 100% full \\ done", 21, resource={"zone": "eu", "k": "resource"}),
            log(8, "debugging", 1, attributes={"k": "own"}, EventName="user.login"),
            log(9, "custom", 0, severity="AUDIT", ScopeName="app.audit"),
        ],
    )
    language.insert(
        "otel_traces",
        [
            span(1, "GET /users", 12.5, kind="Server", status="Ok", attributes={"db": "pg"}),
            span(2, "SELECT users", 700, kind="Client", status="Error", StatusMessage="timed out"),
            span(
                3,
                "publish",
                90_000,
                kind="Producer",
                **{
                    "Events.Timestamp": ["2026-03-02 10:03:00"],
                    "Events.Name": ["exception"],
                    "Events.Attributes": [{}],
                },
            ),
        ],
    )


def minutes(language, text: str) -> list[int]:
    """Search and return the minutes of the logs that match."""
    bodies = [
        "Connection timed out after 30s",
        "timeout while reading; out of time",
        "GET /api/users/42 200",
        "GET /api/users/43 500",
        'user_id=7 said "hi"',
        "Ärger im Büro",
        "disk 100% full \\ done",
        "debugging",
        "custom",
    ]
    return [bodies.index(body) + 1 for body in language.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Free text: whole words, without regard to case.
        ("", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("*", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("OUT", [1, 2]),
        ("time", [2]),
        ("timed out", [1]),
        ('"timed out"', [1]),
        ('"out timed"', []),
        ('"TIMED out"', [1]),
        ('"out of"', [2]),
        ("time*", [1, 2]),
        ("*ging", [8]),
        ("t*d", [1]),
        ("tim*ding", []),
        ("/api/users/42", [3]),
        ("/api/users/*", [3, 4]),
        ("user_id", [5]),
        ("user", [5]),
        ("users", [3, 4]),
        ("Ärger", [6]),
        ("BÜRO", []),  # only ASCII letters are folded
        ("bürO", [6]),
        ('"100%"', [7]),
        ("100\\%", [7]),
        ("\\\\", [7]),
        ('"\\"hi\\""', [5]),
        ('""', [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        # Operators.
        ("users -500", [3]),
        ("users NOT 500", [3]),
        ("debugging OR custom", [8, 9]),
        ("(debugging OR custom) -custom", [8]),
        ("NOT (users OR out)", [5, 6, 7, 8, 9]),
        ("--users", [3, 4]),
        # Built-in fields.
        ("service:checkout", [1]),
        ("service:c*", [1, 2]),
        ("service:(checkout OR cart)", [1, 2]),
        ("service:/^ca/", [2]),
        ("service.name:cart", [2]),
        ("message:timed", [1]),
        ('body:"out of"', [2]),
        ("message:/[0-9]{2}s$/", [1]),
        ("message:tim*", [1, 2]),
        (f"trace_id:{'AB' * 16}", [1]),
        ("trace_id:*", [1]),
        ("trace_id:ab*", [1]),
        ("event:user.login", [8]),
        ("event:*", [8]),
        ("scope:app.*", [9]),
        ("host:web-1", [6]),
        ("host:*", [6]),
        # Levels.
        ("level:error", [1, 6]),
        ("level:ERROR", [1, 6]),
        ("severity:err", [1, 6]),
        ("level:warning", [2]),
        ("level:audit", [9]),
        ("level:au*", [9]),
        ("level:>=warn", [1, 2, 6, 7]),
        ("level:>warn", [1, 6, 7]),
        ("level:<info", [5, 8]),
        ("level:<=info", [3, 4, 5, 8]),
        ("level:[debug TO warn]", [2, 3, 4, 5]),
        ("level:{debug TO warn}", [3, 4]),
        ("level:*", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ("-level:info", [1, 2, 5, 6, 7, 8, 9]),
        ("severity_number:>17", [7]),
        ("severity_number:[13 TO 17]", [1, 2]),
        # Attributes: the record's own before the resource's.
        ("http.status:500", [4]),
        ("attributes.http.status:500", [4]),
        ("resource.http.status:500", []),
        ("http.status:5*", [4]),
        ("http.status:>=200", [3, 4]),
        ("http.status:(>=200 <300)", [3]),
        ("http.status:[200 TO 300}", [3]),
        ("http.status:[* TO *]", [3, 4]),
        ("http.status:/^[25]00$/", [3, 4]),
        ("http.status:*", [3, 4]),
        ("-http.status:*", [1, 2, 5, 6, 7, 8, 9]),
        ("-http.status:500", [1, 2, 3, 5, 6, 7, 8, 9]),
        ("took:>100", [4]),
        ("took:<=12.5", [3]),
        ("took:slow", [5]),
        ("took:>=s", [5]),
        ('empty:""', [5]),
        ("empty:*", [5]),
        ("zone:eu", [7]),
        ("resource.zone:eu", [7]),
        ("attributes.zone:eu", []),
        ("k:own", [8]),
        ("k:resource", [7]),
        ("k:*", [7, 8]),
        ("host.name:web-1", [6]),
        # Time.
        ("time:>=2026-03-02T10:08:00Z", [8, 9]),
        ("time:<2026-03-02T10:02:00+00:00", [1]),
        ('time:["2026-03-02 10:02:00" TO 2026-03-02T10:03:00Z]', [2, 3]),
        ("@timestamp:2026-03-02T10:05:00Z", [5]),
        ("time:[* TO *]", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_logs(language, text: str, expected: list[int]) -> None:
    assert minutes(language, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("users", ["GET /users", "SELECT users"]),
        ('"timed out"', ["SELECT users"]),
        ("name:publish", ["publish"]),
        ("name:GET*", ["GET /users"]),
        ("operation:publish", ["publish"]),
        ("message:timed", ["SELECT users"]),
        ("kind:server", ["GET /users"]),
        ("kind:CLIENT", ["SELECT users"]),
        ("kind:(client OR producer)", ["SELECT users", "publish"]),
        ("status:error", ["SELECT users"]),
        ("-status:error", ["GET /users", "publish"]),
        ("duration:>500", ["SELECT users", "publish"]),
        ("duration:>500ms", ["SELECT users", "publish"]),
        ("duration:>=1.5m", ["publish"]),
        ("duration:12.5", ["GET /users"]),
        ("duration:12500us", ["GET /users"]),
        ("duration:[10ms TO 1s]", ["GET /users", "SELECT users"]),
        ("event:exception", ["publish"]),
        ("event:exc*", ["publish"]),
        ("-event:*", ["GET /users", "SELECT users"]),
        ("db:pg", ["GET /users"]),
        ("parent_span_id:*", []),
    ],
)
def test_spans(language, text: str, expected: list[str]) -> None:
    assert language.find(text, Signal.SPANS) == expected


@pytest.mark.parametrize(
    ("text", "signal", "position", "message", "remedy"),
    [
        ("a kind:servr", Signal.SPANS, 2, "'servr' is not a kind", "server"),
        ("duration:>fast", Signal.SPANS, 0, "'fast' is not a duration", "ms"),
        ("duration:a*", Signal.SPANS, 0, "cannot be matched by a wildcard", "duration:>"),
        ("x time:>yesterday", Signal.LOGS, 2, "not a time", "RFC 3339"),
        ("time:>1500-01-01", Signal.LOGS, 0, "out of range", "1900"),
        ("level:>=warnin", Signal.LOGS, 0, "not a level", "warn"),
        ("severity_number:x", Signal.LOGS, 0, "not a number", "17"),
        ("took:>500ms", Signal.LOGS, 0, "no unit", "plain number"),
    ],
)
def test_a_value_that_does_not_suit_its_field(
    text: str, signal: Signal, position: int, message: str, remedy: str
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        compile_search(text, signal)
    assert caught.value.position == position
    assert message in caught.value.message
    assert remedy in (caught.value.remedy or "")


def test_terms_are_what_matching_text_contains() -> None:
    condition = compile_search('a "b c" -d NOT e time* message:f x:g (h OR a)', Signal.LOGS)
    assert condition.terms == ("a", "b c", "time", "f", "h")


def test_no_text_of_the_user_is_in_the_statement() -> None:
    condition = compile_search("evil1 evil2:evil3 evil4* evil5:/evil6/ evil7:>evil8", Signal.LOGS)
    assert "evil" not in condition.sql
    assert {"evil1", "evil2", "evil3"} <= set(condition.params.values())


@pytest.mark.parametrize("signal", list(Signal))
@given(text=st.text(max_size=40) | st.text('ab:*"()[]{}/\\<>-% 10ANDORNOTTO.@', max_size=40))
def test_any_text_compiles_or_says_why_not(signal: Signal, text: str) -> None:
    try:
        compiled = compile_search(text, signal).sql
    except QuerySyntaxError as error:
        compiled = error.message
    assert compiled


FRAGMENTS = [
    "a", "-a", '"a b"', "a*", "*", "-", "%", "\\\\", "'", "level:error", "level:>=warn", "k:*",
    "k:a*", "k:>5", "k:>a", "k:[1 TO 5]", "k:/a.*/", "time:>-1h", "time:[* TO now]", "trace_id:a*",
    "event:*", "event:a*", "message:/x/", "resource.a:b", "attributes.a:b", "k:''", 'k:""',
    "name:a", "kind:server", "status:e*", "duration:>5s", "duration:[1 TO 2m}", "host:a",
]  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=6), st.sampled_from([" ", " OR ", " NOT "]))
def test_what_compiles_runs(language, parts: list[str], operator: str) -> None:
    for signal in Signal:
        try:
            language.find(operator.join(parts), signal)
        except QuerySyntaxError:
            assert signal is Signal.LOGS or "event" in parts
