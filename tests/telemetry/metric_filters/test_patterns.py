"""Filter patterns: golden cases of every rule, run by the engine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.query.language.parameters import Parameters
from vedette.store.warehouse import Warehouse
from vedette.telemetry.metric_filters.patterns import Pattern, parse_pattern

Matches = Callable[[str, list[str]], list[bool]]


@pytest.fixture
def matches(warehouse: Warehouse) -> Matches:
    """Tell of each event whether a pattern matches it."""

    def run(pattern: str, events: list[str]) -> list[bool]:
        parameters = Parameters()
        condition = parse_pattern(pattern).condition(parameters)
        found = warehouse.query(
            f"SELECT toBool({condition}) AS Matched FROM (SELECT arrayJoin({{events:Array(String)}}) AS Body)",
            {**parameters.values, "events": events},
        )
        return [bool(one) for one in found["Matched"]]

    return run


TEXT = [
    ("ERROR", "[ERROR 400] BAD REQUEST", True),
    ("ERROR", "[error 400] bad request", False),  # case-sensitive
    ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),  # a space is AND
    ("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", False),
    ("?ERROR ?WARN", "WARN disk", True),  # ? is OR
    ("?ERROR ?WARN", "INFO disk", False),
    ("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", True),  # - excludes
    ("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", False),
    ("-DEBUG", "INFO", True),
    ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),  # a phrase
    ('"INTERNAL SERVER ERROR"', "INTERNAL ERROR SERVER", False),
    ('-"status: 200"', "status: 404", True),
    ('"[ERROR"', "[ERROR 400]", True),  # what is no letter or digit is quoted
    ('"say \\"hi\\""', 'they say "hi"', True),
    ('" "', "anything", True),  # matches everything
    ("", "anything", True),
    ("   ", "anything", True),
    ("%AUTHORIZED%", "UNAUTHORIZED 401", True),
    ("%4\\d{2} GET%", "status 404 GET /", True),
    ("%4\\d{2} GET%", "status 504 GET /", False),
    ("%^a% %z$%", "abcz", True),
    ("%^a% %z$%", "abc", False),
    ("Straße", "die Straße", True),
    ("a_b", "a_b", True),
    ("100", "100%", True),
    ('"%"', "100%", True),  # a percent sign in a phrase is one
]

EVENT = (
    '{"eventType": "UpdateTrail", "sourceIPAddress": "111.111.111.111", "n": 1500, "half": 0.5,'
    ' "ok": true, "bad": false, "none": null, "text5": "5", "empty": "",'
    ' "arrayKey": ["value", "another value"], "a": {"b": [{"c": "deep"}, {"c": 2}]},'
    ' "objectList": [{"name": "a", "id": 1}], "a.b": "dotted", "x-y": "hyphen", "star": "a*b"}'
)
JSON = [
    ('{ $.eventType = "UpdateTrail" }', True),
    ("{ $.eventType = UpdateTrail }", True),  # a word needs no quotes
    ('{ $.eventType = "updatetrail" }', False),
    ('{ $.eventType = "Update*" }', True),  # * stands for any characters
    ('{ $.eventType = "*Trail" }', True),
    ('{ $.eventType = "Up*ra*" }', True),
    ('{ $.eventType = "Updat" }', False),
    ("{ $.sourceIPAddress != 123.123.* }", True),
    ("{ $.sourceIPAddress = 111.111.* }", True),
    ("{ $.sourceIPAddress = 1111111111* }", False),  # a dot is a dot
    ('{ $.eventType != "Other" }', True),
    ('{ $.eventType != "UpdateTrail" }', False),
    ('{ $.arrayKey[0] = "value" }', True),
    ('{ $.arrayKey[1] = "*value" }', True),
    ('{ $.arrayKey[2] = "value" }', False),
    ('{ $.a.b[0].c = "deep" }', True),
    ("{ $.a.b[1].c = 2 }", True),
    ('{ $["a.b"] = "dotted" }', True),
    ("{ $['a.b'] = \"dotted\" }", True),
    ('{ $.x-y = "hyphen" }', True),
    ('{ $.arrayKey = "value" }', False),  # lands on an array
    ('{ $.arrayKey != "value" }', False),
    ('{ $.a != "value" }', False),  # lands on an object
    ("{ $.a.b != 1 }", False),
    ("{ $.n >= 1e3 }", True),
    ("{ $.n > 1500 }", False),
    ("{ $.n >= 1500 }", True),
    ("{ $.n < 1.6e3 }", True),
    ("{ $.n <= 1499.9 }", False),
    ("{ $.n = 1500 }", True),
    ("{ $.n != 1500 }", False),
    ("{ $.n != 3 }", True),
    ("{ $.half = .5 }", True),
    ("{ $.half > -1 }", True),
    ('{ $.n = "1500" }', False),  # a string is no number
    ("{ $.text5 = 5 }", False),
    ("{ $.text5 > 4 }", False),
    ('{ $.text5 = "5" }', True),
    ("{ $.none IS NULL }", True),
    ("{ $.n IS NULL }", False),
    ("{ $.missing IS NULL }", False),
    ("{ $.ok IS TRUE }", True),
    ("{ $.bad IS TRUE }", False),
    ("{ $.bad IS FALSE }", True),
    ("{ $.n IS TRUE }", False),
    ("{ $.missing NOT EXISTS }", True),
    ("{ $.none NOT EXISTS }", False),
    ("{ $.a.z NOT EXISTS }", True),
    ('{ $.missing != "x" }', False),
    ('{ $.none != "x" }', False),
    ('{ $.empty = "" }', True),
    ('{ $.eventType = "*" }', True),
    ('{ $.n = "*" }', False),
    ("{ $.eventType = %^Update[A-Z]% }", True),
    ("{ $.eventType = %^update% }", False),
    ("{ $.n >= 1e3 && $.ok IS TRUE }", True),
    ("{ $.n >= 1e4 && $.ok IS TRUE }", False),
    ("{ $.n >= 1e4 || $.ok IS TRUE }", True),
    # && binds closer than ||, parentheses closest.
    ("{ $.ok IS TRUE || $.bad IS TRUE && $.n > 1e9 }", True),
    ("{ ($.ok IS TRUE || $.bad IS TRUE) && $.n > 1e9 }", False),
    ('{ $.eventType = "x*" && ($.n >= 1e3 || $.none IS NULL) }', False),
    ('{ $.eventType = "U*" && ($.n >= 1e9 || $.none IS NULL) }', True),
]

LINE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
SPACE = [
    ("[ip, server, username, timestamp, request, status_code, bytes > 1000]", True),
    ("[ip, server, username, timestamp, request, status_code, bytes > 2000]", False),
    ("[ip, server, username, timestamp, request, status_code]", False),  # one field too few
    ("[ip, ..., status_code = 4*, bytes]", True),
    ("[..., status_code = 4*, bytes]", True),
    ("[..., status_code = 5*, bytes]", False),
    ("[ip = 127.0.0.*, ...]", True),
    ("[ip != 127.0.0.1, ...]", False),
    ("[ip, server, username, timestamp, request = *html*, status = 4*, bytes]", True),
    ("[ip, ..., status=4* || status=500, bytes>1000]", True),
    ("[ip, ..., status=3* || status=500, bytes>1000]", False),
    ("[..., status=404 && status>400, bytes]", True),
    ("[..., status=404.0, bytes]", True),
    ("[..., status!=404, bytes]", False),
    ('[..., request = "GET /index.html HTTP/1.0", status, bytes]', True),  # quotes: one field
    ('[ip, server, user, when = "10/Oct/2000:13:25:15 -0700", ...]', True),  # brackets, too
    ("[ip, server = %^Pr% , ...]", True),
    ("[a, b, c, d, e, f, g, ...]", True),  # ... may stand for nothing
    ("[a, b, c, d, e, f, g, h, ...]", False),
    ("[ip, bytes > 1000, ...]", False),  # not a number there
    ("[...]", True),
]


@pytest.mark.parametrize(("pattern", "event", "expected"), TEXT)
def test_text(matches: Matches, pattern: str, event: str, expected: bool) -> None:
    assert matches(pattern, [event]) == [expected]


@pytest.mark.parametrize(("pattern", "expected"), JSON)
def test_json(matches: Matches, pattern: str, expected: bool) -> None:
    assert matches(pattern, [EVENT]) == [expected]


@pytest.mark.parametrize(("pattern", "expected"), SPACE)
def test_space_delimited(matches: Matches, pattern: str, expected: bool) -> None:
    assert matches(pattern, [LINE]) == [expected]


def test_a_json_pattern_never_matches_what_is_no_json(matches: Matches) -> None:
    events = ["plain text", "", "{broken", '"$.a"', "5", '{"a": 1} trailing']
    for pattern in ("{ $.a NOT EXISTS }", "{ $.a IS NULL }", '{ $.a != "x" }', "{ $.a = 1 }"):
        assert matches(pattern, events) == [False] * len(events), pattern


REFUSED = [
    ("ERROR: failed", 5, "double quotes"),
    ("foo.bar", 3, "double quotes"),
    ('"never closed', 0, "close the quote"),
    ("%never closed", 0, "close the regular expression"),
    ("?a b", 3, "every term"),
    ("%a% %b% %c%", 8, "join alternatives"),
    ("%a(b%", 2, None),
    ("{ $.a = }", 8, None),
    ("{ $.a }", 6, None),
    ("{ a = 1 }", 2, None),
    ("{ $.a > abc }", 8, "without quotes"),
    ('{ $.a > "5" }', 8, "without quotes"),
    ("{ $.a = 1 && }", 13, None),
    ("{ ($.a = 1 }", 11, None),
    ("{ $.a = 1 ", 9, None),
    ("{ $.a = 1 } x", 12, None),
    ("{ $.a IS MAYBE }", 9, None),
    ("{ $.a = 1e999 }", 8, "smaller"),
    ("{}", 1, None),
    ("[]", 1, None),
    ("[a, a]", 4, "once"),
    ("[..., a, ...]", 9, "once"),
    ("[a = 1 || b = 2]", 10, "comma"),
    ("[a > x]", 5, "without quotes"),
    ("[a, b", 5, None),
    ("[a b]", 3, None),
    ("x" * 1025, 1024, "shorten"),
    ("a\x00b", 1, None),
    ("{" + "(" * 100 + "$.a=1", 65, None),
]


@pytest.mark.parametrize(("pattern", "position", "remedy"), REFUSED)
def test_a_wrong_pattern_is_refused_with_its_place(
    pattern: str, position: int, remedy: str | None
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_pattern(pattern)
    assert caught.value.field == "pattern"
    assert caught.value.position == position, caught.value.message
    if remedy:
        assert remedy in (caught.value.remedy or "")


def extracted(
    warehouse: Warehouse, pattern: Pattern, selector: str, event: str
) -> tuple[float | None, str]:
    parameters = Parameters()
    number = pattern.number(selector, parameters, field="value")
    label = pattern.label(selector, parameters, field="dimensions")
    found = warehouse.query(
        f"SELECT {number} AS Number, {label} AS Label FROM (SELECT {{event:String}} AS Body)",
        {**parameters.values, "event": event},
    )
    return found["Number"][0], found["Label"][0]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("$.n", (1500.0, "1500")),
        ("$.half", (0.5, "0.5")),
        ("$.text5", (5.0, "5")),
        ("$.a.b[1].c", (2.0, "2")),
        ("$.eventType", (None, "UpdateTrail")),
        ("$.ok", (None, "true")),
        ("$.missing", (None, "")),
        ("$.arrayKey", (None, "")),
        ("$.none", (None, "")),
    ],
)
def test_what_a_selector_finds_in_json(
    warehouse: Warehouse, selector: str, expected: tuple[float | None, str]
) -> None:
    assert extracted(warehouse, parse_pattern("{ $.n = 1500 }"), selector, EVENT) == expected


def test_what_a_field_of_a_line_is(warehouse: Warehouse) -> None:
    pattern = parse_pattern("[ip, ..., status, bytes]")
    assert extracted(warehouse, pattern, "$bytes", LINE) == (1534.0, "1534")
    assert extracted(warehouse, pattern, "$ip", LINE) == (None, "127.0.0.1")
    for wrong in ("$nothing", "ip", "$"):
        with pytest.raises(InvalidInputError, match="no field"):
            pattern.label(wrong, Parameters(), field="value")
    with pytest.raises(InvalidInputError, match="no fields"):
        parse_pattern("ERROR").label("$.a", Parameters(), field="value")
