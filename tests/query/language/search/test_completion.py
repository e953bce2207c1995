from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.query.language import complete


@pytest.mark.parametrize(
    ("text", "expects", "prefix", "field"),
    [
        ("|", ("field",), "", None),
        ("ser|", ("field",), "ser", None),
        ("-ser|", ("field",), "ser", None),
        ("service:|", ("value",), "", "service"),
        ("service:ch|", ("value",), "ch", "service"),
        ("service:ch|eckout", ("value",), "ch", "service"),
        ("-service:ch|", ("value",), "ch", "service"),
        ('service:"my sh|', ("value",), "my sh", "service"),
        ("duration:>=5|", ("value",), "5", "duration"),
        ("level:error |", ("field", "operator"), "", None),
        ("level:error AND |", ("field",), "", None),
        ("level:error O|", ("field",), "O", None),
        ("level:(error OR wa|", ("value",), "wa", "level"),
        ("level:(error |", ("value", "operator"), "", "level"),
        ("level:(error) |", ("field", "operator"), "", None),
        ("(a |", ("field", "operator"), "", None),
        ('"timed o|', ("text",), "timed o", None),
        ('"timed out"|', ("field", "operator"), "", None),
        ("a\\:b:c|", ("value",), "c", "a:b"),
    ],
)
def test_context(text: str, expects: tuple[str, ...], prefix: str, field: str | None) -> None:
    found = complete(text.replace("|", ""), text.index("|"))
    assert (found.expects, found.prefix, found.field) == (expects, prefix, field)


def test_the_replaceable_part_reaches_past_the_cursor() -> None:
    found = complete("level:error service:checkout x", 22)
    assert (found.start, found.end, found.prefix) == (20, 28, "ch")


@given(st.text('ab:*"()<>\\-/ ANDOR', max_size=30), st.integers(-5, 40))
def test_no_text_and_no_cursor_fails(text: str, cursor: int) -> None:
    found = complete(text, cursor)
    assert 0 <= found.start <= found.end <= len(text)
