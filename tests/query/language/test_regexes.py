from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.query.language.regexes import check_regex, escape, glob_to_regex


def fail(message: str, offset: int, remedy: str | None) -> ValueError:
    return ValueError(f"{offset}: {message}; {remedy}")


@pytest.mark.parametrize(
    ("pattern", "written", "names"),
    [
        ("a.*b", "a.*b", {}),
        ("(?<x>a)", "(?P<x>a)", {"x": 1}),
        ("(?P<x>a)(b)(?:c)(?<y>d)", "(?P<x>a)(b)(?:c)(?P<y>d)", {"x": 1, "y": 3}),
        ("(?i)a(?s:b)", "(?i)a(?s:b)", {}),
        (r"\(\[[()\]]", r"\(\[[()\]]", {}),
        ("[]a][^]b]", "[]a][^]b]", {}),
        ("[[:alpha:](]", "[[:alpha:](]", {}),
        (r"\Q(((\E(?<x>a)", r"\Q(((\E(?P<x>a)", {"x": 1}),
        (r"\Q(((", r"\Q(((", {}),
    ],
)
def test_well_formed(pattern: str, written: str, names: dict[str, int]) -> None:
    checked = check_regex(pattern, fail)
    assert (checked.pattern, checked.names) == (written, names)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("ab(c", "2: the group is not closed"),
        ("ab)", "2: '\\)' closes no group"),
        ("a[b", "1: the character class is not closed"),
        ("a\\", "1: a lone backslash"),
        ("(?=a)", "0: lookahead"),
        ("b(?<!a)", "1: lookahead"),
        ("(?<x>a)(?<x>b)", "7: the group 'x' is there twice"),
        ("(?>a)", "0: this group is not in RE2"),
        (r"(a)\1", "3: back-references"),
        ("a" * 1025, "0: the regular expression is longer"),
    ],
)
def test_malformed(pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_regex(pattern, fail)


def refused_at(pattern: str) -> int:
    """Return the offset that a refusal points at, or 0."""
    try:
        check_regex(pattern, fail)
    except ValueError as error:
        return int(str(error).split(":")[0])
    return 0


@given(st.text(max_size=30) | st.text("()[]{}\\?P<x>:=!^-Q E", max_size=30))
def test_every_text_is_checked_or_refused(pattern: str) -> None:
    assert 0 <= refused_at(pattern) <= len(pattern)


@given(st.text(max_size=20))
def test_an_escaped_text_matches_itself(text: str) -> None:
    assert re.fullmatch(escape(text), text, re.DOTALL)


def test_glob() -> None:
    pattern = glob_to_regex("a.b=* c=*").pattern
    found = re.search(pattern, "x a.b=1 2 c=3\n4", re.DOTALL)
    assert found
    assert found.groups() == ("1 2", "3\n4")
    assert re.search(glob_to_regex("*:*;").pattern, "a:b;c;").groups() == ("a", "b")
