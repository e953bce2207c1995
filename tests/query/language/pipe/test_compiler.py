from __future__ import annotations

import pytest

from vedette.core.errors import QuerySyntaxError
from vedette.query.language import Column, Kind, Signal, compile_pipe

LINES = [
    (1, "user=alice took 12ms", "200"),
    (2, "user=bob took 30ms", "500"),
    (6, "user=carol took 6ms", "404"),
    (7, "user=bob took 40ms", "abc"),
]
JSON = '{"a":{"b":5,"c":[{"x":"y"}],"d.e":"dotted"},"items":["p",{"q":1},null],"ok":true}'


@pytest.fixture(scope="module", autouse=True)
def _records(language):
    log, span = language.log, language.span
    host = {"host.name": "web-1", "k8s.pod.name": "pod-1"}
    language.insert(
        "otel_logs",
        [
            *(
                log(minute, body, attributes={"code": code}, resource=host)
                for minute, body, code in LINES
            ),
            log(10, JSON, 17, service="api", TraceId="ab" * 16, attributes={"code": "9"}),
            log(
                11, "done", 0, service="api", severity="Warning", attributes={"log.file.path": "/l"}
            ),
            log(61, "too late", service="late"),
            log(-1, "too early", service="early"),
        ],
    )
    language.insert(
        "otel_traces",
        [
            span(1, "GET /a", 10, kind="Server", status="Error", attributes={"n": "1"}),
            span(2, "GET /a", 30, kind="Server", attributes={"n": "2"}),
            span(
                3,
                "work",
                1500,
                **{
                    "Events.Timestamp": ["2026-03-02 10:03:00"] * 2,
                    "Events.Name": ["retry", "exception"],
                    "Events.Attributes": [{}, {}],
                },
            ),
        ],
    )


def at(minute: int) -> str:
    return f"2026-03-02T1{minute // 60}:{minute % 60:02}:00.000000000Z"


SERVICES = ["shop", "shop", "shop", "shop", "api", "api"]


@pytest.mark.parametrize(
    ("condition", "minutes"),
    [
        ("service = 'api'", [10, 11]),
        ("service != 'api'", [1, 2, 6, 7]),
        ("'api' = service", [10, 11]),
        ("@service = 'api'", [10, 11]),
        # Text reads as a number where a number is asked for; text that is none never matches.
        ("code >= 404", [2, 6]),
        ("404 <= code", [2, 6]),
        ("code = 200", [1]),
        ("code = '200'", [1]),
        ("code > '300'", [2, 6]),
        ("code < 'b'", [1, 2, 6, 7, 10]),
        ("attributes.code = '200'", [1]),
        ("code + 100 = 300", [1]),
        ("code % 2 = 1", [10]),
        ("-code < 0 - 450", [2]),
        ("code > severity_number", [1, 2, 6]),
        # A missing field is false, and != and not are opposites.
        ("code != 200", [2, 6, 7, 10, 11]),
        ("not code = 200", [2, 6, 7, 10, 11]),
        ("nothing = 'x'", []),
        ("nothing != 'x'", [1, 2, 6, 7, 10, 11]),
        ("attributes.nothing != 'x'", [1, 2, 6, 7, 10, 11]),
        ("nothing > 0 or nothing <= 0", []),
        ("ispresent(code)", [1, 2, 6, 7, 10]),
        ("not ispresent(code)", [11]),
        ("isempty(trace_id)", [1, 2, 6, 7, 11]),
        ("@message like 'bob'", [2, 7]),
        ("@message like 'Bob'", []),
        ("@message like '='", [1, 2, 6, 7]),
        ("@message like /user=(bob|carol)/", [2, 6, 7]),
        ("@message like /BOB/i", [2, 7]),
        ("@message =~ '^done$'", [11]),
        ("@message not like /user/", [10, 11]),
        ("nothing not like 'x'", [1, 2, 6, 7, 10, 11]),
        ("code in [200, '500']", [1, 2]),
        ("code not in [200, '500']", [6, 7, 10, 11]),
        ("service in ['api', 'x'] and code = 9", [10]),
        ("strcontains(@message, 'bob') and code > 0", [2]),
        ("level = 'error'", [10]),
        ("level = 'ERR'", [10]),
        ("level = 'warning'", [11]),
        ("level != 'info'", [10, 11]),
        ("level >= 'warn'", [10, 11]),
        ("level > 'warn'", [10]),
        ("level < 'warn'", [1, 2, 6, 7]),
        ("level in ['warn', 'error']", [10, 11]),
        ("level like 'rr'", [10]),
        ("@timestamp >= '2026-03-02T10:07:00Z'", [7, 10, 11]),
        ("@timestamp < 1772445720000", [1]),
        ("@timestamp - 60000 = 1772445600000", [1]),
        ("trace_id = '" + "ab" * 16 + "'", [10]),
        ("host = 'web-1'", [1, 2, 6, 7]),
        ("resource.host.name = 'web-1'", [1, 2, 6, 7]),
        ("a.b = 5", [10]),
        ("a.c.0.x = 'y'", [10]),
        ("a.d.e = 1 or ok = true", [10]),
        ("@message.a.b = 5", [10]),
        ("true", [1, 2, 6, 7, 10, 11]),
        ("1 = 1 and not false", [1, 2, 6, 7, 10, 11]),
        ("if(code = 200, 1, 0)", [1]),
    ],
)
def test_filter(language, condition: str, minutes: list[int]) -> None:
    rows = language.ask(f"filter {condition} | fields @timestamp | sort @timestamp")
    assert [row[0] for row in rows] == [at(minute) for minute in minutes]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("2 ^ 3 ^ 2", 512),
        ("7 % 4", 3),
        ("1 / 0", None),
        ("5 % 0", None),
        ("abs(0 - 3)", 3),
        ("ceil(1.2)", 2),
        ("floor(1.8)", 1),
        ("round(2.6)", 3),
        ("sqrt(9)", 3),
        ("sqrt(0 - 1)", None),
        ("log(1)", 0),
        ("log(0)", None),
        ("greatest(1, 3, 2)", 3),
        ("least(2, 1)", 1),
        ("strlen('häh')", 3),
        ("toupper('aä')", "AÄ"),
        ("tolower('AÄ')", "aä"),
        ("concat('a', 1, nothing, 'b')", "a1b"),
        ("substr('xyZfooxyZ', 2)", "ZfooxyZ"),
        ("substr('xyZfooxyZ', 2, 3)", "Zfo"),
        ("substr('abc', 0 - 5, 2)", "ab"),
        ("replace('a-b-c', '-', '+')", "a+b+c"),
        ("trim('  a ')", "a"),
        ("trim('xaxx', 'x')", "a"),
        ("ltrim('xax', 'x')", "ax"),
        ("rtrim('xax', 'x')", "xa"),
        ("strcontains('abc', 'b')", True),
        ("isempty('')", True),
        ("isempty(nothing)", True),
        ("isblank(' ')", True),
        ("isblank('a')", False),
        ("ispresent(nothing)", False),
        ("coalesce(nothing, 'x')", "x"),
        ("coalesce(nothing, 5)", "5"),
        ("if(1 > 2, 'a', 'b')", "b"),
        ("if(nothing = 1, 1, 2)", 2),
        ("case(1 > 2, 'a', 2 > 1, 'b', 'c')", "b"),
        ("case(1 > 2, 'a')", None),
        ("toMillis(fromMillis(1772445660000))", 1772445660000),
        ("fromMillis(0)", "1970-01-01T00:00:00.000000000Z"),
        ("fromMillis(nothing + 1)", None),
        ("fromMillis(1e300)", "2262-01-01T00:00:00.000000000Z"),
        ("datefloor(@timestamp, 5m)", at(10)),
        ("dateceil(@timestamp, 5m)", at(15)),
        ("dateceil(datefloor(@timestamp, 5m), 5m)", at(10)),
        ("bin(1h)", at(0)),
        ("bin(@timestamp, 1d)", "2026-03-02T00:00:00.000000000Z"),
        ("bin(1w)", "2026-03-02T00:00:00.000000000Z"),
        ("bin(1mo)", "2026-03-01T00:00:00.000000000Z"),
        ("bin(100ms)", at(11)),
        ("datefloor('2026-03-02T10:07:00Z', 5m)", at(5)),
        ("datefloor(nothing, 5m)", None),
        ("1m + 1s", 61000),
        ("level", "warn"),
        ("severity_number", 0),
        ("@log", "/l"),
        ("@logStream", None),
        ("1 in [1, 2]", True),
        ("'b' > 'a'", True),
    ],
)
def test_value(language, expression: str, value: object) -> None:
    rows = language.ask(f"filter @message = 'done' | fields {expression} as value")
    assert rows == [[value]]


def test_default_columns_are_newest_first(language) -> None:
    rows = language.ask("limit 2")
    assert rows == [
        [at(11), "warn", "api", "done", None, None],
        [at(10), "error", "api", JSON, "ab" * 16, None],
    ]


def test_fields_add_up_and_display_replaces(language) -> None:
    first = "filter @message = 'done' | fields service | fields level as l, 1 + 1"
    assert language.ask(first) == [["api", "warn", 2]]
    assert language.ask(f"{first} | display l") == [["warn"]]
    assert language.ask(f"{first} | filter l >= 'warn' | display `1 + 1`") == [[2]]


@pytest.mark.parametrize(
    "command",
    [
        'parse @message "user=* took *ms" as user, ms',
        'parse "user=* took *ms" as user, ms',
        "parse @message /user=(?<user>\\w+) took (?<ms>\\d+)ms/",
    ],
)
def test_parse(language, command: str) -> None:
    rows = language.ask(f"fields service | {command} | sort ms desc, service | display user, ms")
    found = [["bob", "40"], ["bob", "30"], ["alice", "12"], ["carol", "6"]]
    assert rows == [*found, [None, None], [None, None]]


def test_parsed_fields_are_shown(language) -> None:
    query = compile_pipe("parse '* *' as first, rest")
    assert [column.name for column in query.columns][-3:] == ["span_id", "first", "rest"]
    rows = language.ask(
        "fields @timestamp | parse '* *' as first, rest | sort @timestamp | limit 1"
    )
    assert rows == [[at(1), "user=alice", "took 12ms"]]


def test_stats(language) -> None:
    rows = language.ask(
        'parse "user=* took *ms" as user, ms | stats count(*), count(ms), count(ms > 10), sum(ms),'
        " avg(ms), min(ms), max(ms), pct(ms, 100), pct(ms, 0), count_distinct(user),"
        " earliest(user), latest(user), sortsFirst(user), sortsLast(user),"
        " min(@timestamp), max(@timestamp), sum(ms) / count(ms), round(stddev(ms))"
    )
    # ms: 12, 30, 6, 40; sample standard deviation 15.75.
    assert rows == [
        [6, 4, 3, 88, 22, 6, 40, 40, 6, 3, "alice", "bob", "alice", "carol", at(1), at(11), 22, 16]
    ]


def test_median(language) -> None:
    rows = language.ask("filter code > 0 and service = 'shop' | stats median(code)")
    assert rows == [[404]]  # of 200, 404, 500


def test_stats_over_nothing_is_missing_not_nan(language) -> None:
    rows = language.ask(
        "filter false | stats count(*), sum(code), avg(code), max(code), median(code),"
        " stddev(code), latest(code), count_distinct(code)"
    )
    assert rows == [[0, None, None, None, None, None, None, 0]]


def test_stats_by_groups_with_the_largest_first(language) -> None:
    rows = language.ask("stats count(*) as n by service")
    assert rows == [["shop", 4], ["api", 2]]
    rows = language.ask("stats count(*) by level | sort level")
    assert rows == [["info", 4], ["warn", 1], ["error", 1]]
    rows = language.ask("stats count(*) by service, code | sort service, code | limit 3")
    assert rows == [["api", "9", 1], ["api", None, 1], ["shop", "200", 1]]


def test_stats_of_stats(language) -> None:
    text = "stats count(*) as n by service, level | stats max(n) as most, count(*) as groups"
    assert language.ask(text) == [[4, 3]]


def test_columns_are_found_by_the_expression_that_made_them(language) -> None:
    rows = language.ask(
        "stats count(*), max(code) by service | sort count( * ) | filter count(*) > 2"
    )
    assert rows == [["shop", 4, 500]]


def test_time_series(language) -> None:
    text = "stats count(*) as n by bin(5m) as t, service"
    assert language.ask(text) == [
        [at(0), "shop", 2],
        [at(5), "shop", 2],
        [at(10), "api", 2],
    ]
    query = compile_pipe(text)
    assert query.is_timeseries
    assert query.limit == 10_000
    assert query.columns == (
        Column("t", Kind.TIME, "r0"),
        Column("service", Kind.TEXT, "r1"),
        Column("n", Kind.NUMBER, "r2"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "fields @timestamp",
        "stats count(*) by service",
        "stats latest(service) by bin(5m)",
        "stats count(*) by bin(5m), @timestamp",
        "stats count(*)",
        "stats count(*) as n by bin(5m) | display n",
    ],
)
def test_what_is_no_time_series(text: str) -> None:
    query = compile_pipe(text)
    assert not query.is_timeseries
    assert query.limit == 1000


def test_sort_orders_numbers_by_size_and_missing_values_last(language) -> None:
    rows = language.ask("sort code | fields code")
    assert [row[0] for row in rows] == ["9", "200", "404", "500", "abc", None]
    rows = language.ask("sort code desc | fields code")
    assert [row[0] for row in rows] == ["500", "404", "200", "9", "abc", None]


def test_limit_applies_where_it_stands(language) -> None:
    assert language.ask("sort @timestamp | limit 3 | stats count(*), max(code)") == [[3, 500]]
    assert language.ask("limit 3 | limit 2 | stats count(*)") == [[2]]
    assert language.ask("limit 3 | filter service = 'shop' | stats count(*)") == [[1]]
    assert language.ask("limit 3 | sort @timestamp | limit 1 | fields code") == [["abc"]]


def test_dedup_keeps_the_first_of_the_order(language) -> None:
    assert language.ask("sort @timestamp | dedup service | fields @timestamp") == [
        [at(1)],
        [at(10)],
    ]
    assert language.ask("dedup service | fields @timestamp") == [[at(11)], [at(7)]]
    # Rows without the field are no duplicates of one another.
    rows = language.ask("dedup trace_id | stats count(*)")
    assert rows == [[6]]


def test_unnest(language) -> None:
    rows = language.ask("unnest items into item | fields item, item.q")
    assert rows == [["p", None], ['{"q":1}', "1"], [None, None]]
    rows = language.ask("source spans | unnest event into e | fields name, e | sort e")
    assert rows == [["work", "exception"], ["work", "retry"]]


def test_json_members(language) -> None:
    rows = language.ask("filter a.b = 5 | fields a.b, a.c, a.c.0.x, ok, a.nothing, items.0")
    assert rows == [["5", '[{"x":"y"}]', "y", "true", None, "p"]]


def test_search(language) -> None:
    rows = language.ask("search 'level:>=warn -done' | fields @timestamp")
    assert rows == [[at(10)]]
    rows = language.ask('search "\\"took 30ms\\" service:shop" | fields code')
    assert rows == [["500"]]


def test_spans(language) -> None:
    text = "stats count(*), avg(duration), max(n) by name, kind"
    expected = [["GET /a", "Server", 2, 20, 2], ["work", "Internal", 1, 1500, None]]
    assert language.ask(f"source spans | {text}") == expected
    assert language.ask(text, Signal.SPANS) == expected
    rows = language.ask("source spans | filter duration > 1s or status = 'ERROR' | sort duration")
    assert [row[2:5] for row in rows] == [["GET /a", 10, "Error"], ["work", 1500, "Unset"]]
    assert language.ask("source spans | filter event = 'retry' | stats count(*)") == [[1]]
    assert language.ask("source spans | filter event != 'retry' | stats count(*)") == [[2]]


@pytest.mark.parametrize(
    ("text", "position", "message", "remedy"),
    [
        ("fields a | source spans", 18, "source comes first", "start"),
        ("fields nope(a)", 7, "there is no function 'nope'", "functions are"),
        ("fields strlne(a)", 7, "there is no function 'strlne'", "strlen"),
        ("fields count(*)", 7, "count is an aggregate", "stats count"),
        ("fields strlen(a, b)", 7, "strlen takes 1 arguments, not 2", "remove"),
        ("fields strlen(*)", 14, "only in count(*)", "field"),
        ("stats a by b", 6, "'a' has many values", "latest(a)"),
        ("stats sum(count(*))", 10, "count is an aggregate", "stats"),
        ("stats pct(a)", 6, "pct takes a field and a percentage", "95"),
        ("stats pct(a, 101)", 6, "pct takes a field and a percentage", "95"),
        ("stats sum(a, b)", 6, "sum takes one field", "sum(duration)"),
        ("stats count(*), count(*)", 0, "two columns named 'count(*)'", "as"),
        ("stats count(*) by service | filter servce = 'a'", 35, "no field 'servce'", "service"),
        ("stats count(*) as n | fields xyz", 29, "no field 'xyz'", "the fields here are: n"),
        ("stats count(*) | stats count(*) by bin(5m)", 35, "no field '@timestamp'", "fields here"),
        ("filter service", 7, "a condition is needed here, not a text", "ispresent"),
        ("filter a and @timestamp", 7, "a condition is needed", "ispresent"),
        ("filter @timestamp > 'noon'", 18, "'noon' is not a time", "RFC 3339"),
        ("fields bin(a)", 7, "bin takes a length of time", "bin(5m)"),
        ("fields datefloor(5m)", 7, "datefloor takes a time and a length", "1h"),
        ("fields 1mo + 1", 7, "1mo has no fixed length", "bin()"),
        ("fields replace(a, b, c)", 7, "must be a string", "quotes"),
        ("fields trim(a, b)", 7, "must be a string", "quotes"),
        ("source spans | filter event > 'a'", 28, "a list can only be compared", "unnest"),
        ("search 'level:'", 14, "a value must follow 'level:'", "level:*"),
        ("stats count(*) | search 'a'", 25, "search reads records", "before stats"),
        ("anomaly", 0, "anomaly needs a series", "by bin(5m)"),
        ("stats count(*) by service | anomaly", 28, "anomaly needs a series", "by bin(5m)"),
        ("stats latest(a) by bin(5m) | anomaly", 29, "no number to watch", "aggregate"),
        ("stats count(*) by bin(5m), a | anomaly a", 39, "'a' is no number", "aggregate"),
        ("limit 5 | diff", 10, "diff compares the patterns", "pattern @message | diff"),
        ("stats count(*) by level | pattern level | diff", 42, "diff compares", "diff"),
        ("pattern @message | sort @ratio | diff", 33, "diff compares", "diff"),
        (
            "pattern @message | pattern `@pattern` | anomaly",
            40,
            "needs the records' times",
            "stats",
        ),
        ("filter " + " or ".join(["a = 1"] * 260), 2257, "more than 500 terms", "split"),
    ],
)
def test_errors_point_at_the_place(text: str, position: int, message: str, remedy: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        compile_pipe(text)
    assert message in caught.value.message
    assert caught.value.position == position
    assert remedy in (caught.value.remedy or "")


def test_an_expression_that_would_grow_without_bound_is_refused() -> None:
    nested = "@timestamp"
    for _ in range(30):
        nested = f"dateceil({nested}, 1h)"
    with pytest.raises(QuerySyntaxError, match="too large"):
        compile_pipe(f"fields {nested}")
    ordered = "a"
    for _ in range(25):
        ordered = f"if({ordered} < b, a, b)"
    with pytest.raises(QuerySyntaxError, match="too large"):
        compile_pipe(f"fields {ordered}")


def test_no_text_of_the_user_is_in_the_statement() -> None:
    query = compile_pipe(
        "filter evil1 = 'evil2' and @message like /evil3/ | parse 'evil4 *' as evil5"
        " | fields evil6 as `evil7 @otel_logs '`, strlen(evil5) as evil8"
        " | stats max(evil8) as evil9 by evil5 | sort evil9"
    )
    assert "evil" not in query.sql
    assert {"evil1", "evil2", "evil3"} <= set(query.params.values())
    assert [column.name for column in query.columns] == ["evil5", "evil9"]
