from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.errors import QuerySyntaxError
from vedette.query.language.search.parser import parse_search
from vedette.query.language.search.tree import (
    And,
    Compare,
    Exact,
    Exists,
    FieldMatch,
    FreeText,
    Glob,
    Match,
    Node,
    Not,
    Or,
    Range,
    Regex,
    render,
)


def free(text: str) -> FreeText:
    return FreeText(Exact(text), 0, 0)


def on(field: str, match: Match) -> FieldMatch:
    return FieldMatch(field, match, 0, 0)


def placeless(node: Node) -> Node:
    """Drop places, so that trees of different texts can be compared."""
    if isinstance(node, And | Or):
        return type(node)(tuple(placeless(item) for item in node.items))
    if isinstance(node, Not):
        return Not(placeless(node.item))
    if isinstance(node, FieldMatch):
        return FieldMatch(node.field, node.match, 0, 0)
    return FreeText(node.match, 0, 0)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", And(())),
        ("   \n ", And(())),
        ("timeout", free("timeout")),
        ("a b", And((free("a"), free("b")))),
        ("a AND b", And((free("a"), free("b")))),
        ("a and b", And((free("a"), free("and"), free("b")))),
        ("a OR b c", Or((free("a"), And((free("b"), free("c")))))),
        ("(a OR b) c", And((Or((free("a"), free("b"))), free("c")))),
        ("-a", Not(free("a"))),
        ("NOT a b", And((Not(free("a")), free("b")))),
        ("NOT (a OR b)", Not(Or((free("a"), free("b"))))),
        ("--a", Not(Not(free("a")))),
        ("ANDROID ORder NOTe", And((free("ANDROID"), free("ORder"), free("NOTe")))),
        ("a - b", And((free("a"), free("-"), free("b")))),
        ('"timed out"', FreeText(Exact("timed out", quoted=True), 0, 0)),
        ('"say \\"hi\\""', FreeText(Exact('say "hi"', quoted=True), 0, 0)),
        ("time*", FreeText(Glob(("time", "")), 0, 0)),
        ("*a**b*", FreeText(Glob(("", "a", "b", "")), 0, 0)),
        ("ti\\*me", free("ti*me")),
        ("https://a.b/c", free("https://a.b/c")),
        ("10:30:45", free("10:30:45")),
        ("10.0.0.1", free("10.0.0.1")),
        ("level:error", on("level", Exact("error"))),
        ("http.status_code:500", on("http.status_code", Exact("500"))),
        ("@level:error", on("@level", Exact("error"))),
        ('service:"my shop"', on("service", Exact("my shop", quoted=True))),
        ("a\\:b:c", on("a:b", Exact("c"))),
        ("time:2026-01-01T10:00:00Z", on("time", Exact("2026-01-01T10:00:00Z"))),
        ("f:-5", on("f", Exact("-5"))),
        ("f:>500", on("f", Compare(">", "500"))),
        ("f:>=500", on("f", Compare(">=", "500"))),
        ("f:<-1.5", on("f", Compare("<", "-1.5"))),
        ('f:<="a b"', on("f", Compare("<=", "a b"))),
        ("f:*", on("f", Exists())),
        ("f:a*", on("f", Glob(("a", "")))),
        ("f:/a b\\/c/", on("f", Regex("a b\\/c"))),
        ("url.path:/api/users", on("url.path", Exact("/api/users"))),
        ("f:[1 TO 5]", on("f", Range("1", "5"))),
        ("f:{1 TO *]", on("f", Range("1", None, include_low=False))),
        ('f:["a b" TO c}', on("f", Range("a b", "c", include_high=False))),
        ("f:(a OR b)", Or((on("f", Exact("a")), on("f", Exact("b"))))),
        ("f:(>=5 <6)", And((on("f", Compare(">=", "5")), on("f", Compare("<", "6"))))),
        ("f:(NOT a)", Not(on("f", Exact("a")))),
        ("-f:a", Not(on("f", Exact("a")))),
    ],
)
def test_tree(text: str, tree: Node) -> None:
    assert placeless(parse_search(text)) == tree


def test_places() -> None:
    tree = parse_search('level:error  "timed out" -debug')
    assert isinstance(tree, And)
    first, second, third = tree.items
    assert isinstance(first, FieldMatch)
    assert (first.start, first.end) == (0, 11)
    assert isinstance(second, FreeText)
    assert (second.start, second.end) == (13, 24)
    assert isinstance(third, Not)
    assert isinstance(third.item, FreeText)
    assert (third.item.start, third.item.end) == (26, 31)


@pytest.mark.parametrize(
    ("text", "position", "message", "remedy"),
    [
        ('a "b c', 2, "the quote is not closed", 'closing "'),
        ('f:"b c', 2, "the quote is not closed", 'closing "'),
        ("service:", 8, "a value must follow 'service:'", "service:*"),
        ("a service: b", 10, "a value must follow 'service:' directly", "remove the space"),
        ("(a OR b", 7, "a '(' is not closed", "add ')'"),
        ("a)", 1, "')' closes nothing", "remove it"),
        ("()", 1, "the parentheses are empty", "write a term"),
        ("f:()", 3, "the parentheses are empty", "write a term"),
        ("OR a", 0, "an operator has no term beside it", "between two terms"),
        ("a OR", 4, "an operator has no term beside it", "between two terms"),
        ("a AND OR b", 6, "an operator has no term beside it", "between two terms"),
        ("NOT", 3, "an operator has no term beside it", "between two terms"),
        ("a \\", 2, "a lone backslash ends the search", "\\\\"),
        ("f:[1 TO", 7, "expected a value", None),
        ("f:[1 TO 2", 9, "expected ']' or '}'", None),
        ("f:>", 3, "expected a value", None),
        ("f:/(?=a)/", 3, "lookahead", "named group"),
        ("f:/a(b/", 4, "the group is not closed", "\\("),
        ("a \x00", 2, "U+0000", "remove it"),
        ("a \ud800", 2, "U+D800", "remove it"),
        ("a\nb )", 4, "(line 2, column 3)", "remove it"),
    ],
)
def test_errors_point_at_the_place(
    text: str, position: int, message: str, remedy: str | None
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_search(text)
    assert caught.value.position == position
    assert message in caught.value.message
    assert remedy is None or remedy in (caught.value.remedy or "")
    assert caught.value.field == "query"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a" * 16385, "longer than"),
        ("é" * 8193, "longer than"),
        ("a " * 501, "more than 500 terms"),
        ("(" * 65 + "a" + ")" * 65, "nested more than 64"),
        ("NOT " * 65 + "a", "nested more than 64"),
        ("f:/" + "a" * 1025 + "/", "longer than 1024"),
    ],
)
def test_bounds(text: str, message: str) -> None:
    with pytest.raises(QuerySyntaxError, match=message):
        parse_search(text)


@pytest.mark.parametrize("text", ["a " * 500, "(" * 64 + "a" + ")" * 64, "f:/" + "a" * 1024 + "/"])
def test_within_bounds(text: str) -> None:
    assert parse_search(text)


words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)
names = st.from_regex(r"[a-z@][a-z0-9_.@/-]{0,8}", fullmatch=True)
globs = st.lists(words, min_size=1, max_size=3).map(lambda parts: Glob((*parts, "")))
scalars = st.one_of(st.from_regex(r"-?[0-9]{1,4}", fullmatch=True), words)
exact = st.builds(Exact, words, st.booleans())
ranges = st.builds(Range, st.none() | scalars, st.none() | scalars, st.booleans(), st.booleans())
matches = st.one_of(
    exact,
    globs,
    ranges,
    st.just(Exists()),
    st.builds(Compare, st.sampled_from([">", ">=", "<", "<="]), scalars),
    st.just(Regex("a[b/c]+ d".replace("/", "\\/"))),
)
leaves = st.one_of(
    st.builds(FreeText, exact | globs, st.just(0), st.just(0)),
    st.builds(FieldMatch, names, matches, st.just(0), st.just(0)),
)


def _several(kind: type[And | Or], inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    # An And directly in an And means the same as one: the parser makes it one.
    others = inner.filter(lambda node: not isinstance(node, kind))
    return st.lists(others, min_size=2, max_size=3).map(lambda items: kind(tuple(items)))


trees = st.recursive(
    leaves,
    lambda inner: st.one_of(st.builds(Not, inner), _several(And, inner), _several(Or, inner)),
    max_leaves=8,
)


@given(trees)
def test_a_tree_survives_being_written_and_read(tree: Node) -> None:
    assert placeless(parse_search(render(tree))) == tree


def refusal(text: str) -> QuerySyntaxError | None:
    try:
        parse_search(text)
    except QuerySyntaxError as error:
        return error
    return None


@given(st.text(max_size=60) | st.text('ab:*"()[]{}/\\<>- ANDORNOTTO.@', max_size=60))
def test_any_text_parses_or_says_why_not(text: str) -> None:
    refused = refusal(text)
    if refused is not None:
        assert refused.position is not None
        assert 0 <= refused.position <= len(text)
        assert refused.message
