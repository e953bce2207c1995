from __future__ import annotations

import pytest

from vedette.query.language.patterns import pattern_sql


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("user 12 logged in from 10.0.0.1:8080", "user <*> logged in from <*>"),
        ("GET /api/users/123 200 in 3.5ms", "GET /api/users/<*> <*> in <*>ms"),
        ("for 550e8400-e29b-41d4-a716-446655440000!", "for <*>!"),
        ("at 2026-01-01T00:00:00.123Z ok", "at <*> ok"),
        ("at 2026-01-01 00:00:00,123 ok", "at <*> ok"),
        ("value = \"hello there\" x='q r'", "value = <*> x=<*>"),
        ('{"level":"info","msg":"took 5 ms"}', '{"level":"info","msg":"took <*> ms"}'),
        ("addr fe80::1 and 2001:db8:0:1:1:1:1:1 and ::1 done", "addr <*> and <*> and <*> done"),
        ("mac 00:1b:44:11:3a:b7", "mac <*>"),
        ("mail a.b+c@d.example.org bounced", "mail <*> bounced"),
        ("sent  0xdeadBEEF\t cafebabe01", "sent <*> <*>"),
        ("pod web-7f9c4d-xk2p9 up", "pod web-<*> up"),
        ("std::vector of x::y at 12:30:45", "std::vector of x::y at <*>"),
        ("delta -5 vs +7, 1,234", "delta <*> vs <*>, <*>"),
        ("don't can't", "don't can't"),
        ("deadbeef is a word of eight", "<*> is a word of eight"),
        ("defaced facade", "defaced facade"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_what_varies_becomes_a_wildcard(runner, message: str, pattern: str) -> None:
    sql = f"SELECT {pattern_sql('{message:String}')} AS pattern"
    assert runner.run("a", sql, {"message": message})["pattern"] == [pattern]


def test_only_the_start_of_a_long_message_counts(runner) -> None:
    sql = f"SELECT {pattern_sql('{message:String}')} AS pattern"
    assert runner.run("a", sql, {"message": "é" * 5000})["pattern"] == ["é" * 2048]


NAMES = ["ann", "bob", "cho", "dan", "eve"]
THINGS = ["lamp", "chair", "table", "couch", "shelf"]


@pytest.fixture(scope="module", autouse=True)
def _records(language):
    bodies = [f"{name} signed in" for name in NAMES]
    bodies += [f"{name} signed out" for name in NAMES[:4]]
    bodies += [f"customer {name} bought a {thing} today" for name in NAMES for thing in THINGS]
    bodies += NAMES
    bodies += ["connection opened", "connection closed", "server started", "server stopped"]
    bodies += [f"{left} {right}" for left in NAMES for right in THINGS]
    language.insert("otel_logs", [language.log(1, body) for body in bodies])


def test_words_that_vary_enough_are_merged(language) -> None:
    found = {row[0]: row[1] for row in language.ask("pattern @message")}
    assert found["<*> signed in"] == 5
    # Four alike are not enough.
    assert found["ann signed out"] == 1
    # Two words that vary at once.
    assert found["customer <*> bought a <*> today"] == 25
    assert found["connection opened"] == 1
    # A pattern never consists of wildcards alone.
    assert not [pattern for pattern in found if set(pattern.split()) == {"<*>"}]
    assert found["ann"] == 1
    assert found["ann lamp"] == 1
