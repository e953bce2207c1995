from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.errors import QuerySyntaxError
from vedette.query.language.pipe import tree
from vedette.query.language.pipe.parser import parse_pipe
from vedette.query.language.pipe.tree import (
    Binary,
    Call,
    Expression,
    In,
    Like,
    Literal,
    Logical,
    Name,
    Named,
    Period,
    Star,
    Unary,
    render,
)

A, B, C = Name("a"), Name("b"), Name("c")


def expression(text: str) -> Expression:
    (command,) = parse_pipe(f"filter {text}")
    assert isinstance(command, tree.Filter)
    return command.condition


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a", A),
        ("@message", Name("@message")),
        ("a.b.0.c", Name("a.b.0.c")),
        ("`a-b c`", Name("a-b c")),
        ("1", Literal(1.0)),
        ("1.5e3", Literal(1500.0)),
        ('"x"', Literal("x")),
        ("'it\\'s'", Literal("it's")),
        ('"a\\"b\\\\c\\n\\d"', Literal('a"b\\c\n\\d')),
        ("5m", Period(5, "m")),
        ("500ms", Period(500, "ms")),
        ("a = 1", Binary("=", A, Literal(1.0))),
        ("a == 1", Binary("=", A, Literal(1.0))),
        ("a <> 1", Binary("!=", A, Literal(1.0))),
        ("a >= b", Binary(">=", A, B)),
        ("a and b or c", Logical("or", (Logical("and", (A, B)), C))),
        ("a or b and c", Logical("or", (A, Logical("and", (B, C))))),
        ("a and b AND c", Logical("and", (A, B, C))),
        ("not a and b", Logical("and", (Unary("not", A), B))),
        ("not (a and b)", Unary("not", Logical("and", (A, B)))),
        ("a + b * c", Binary("+", A, Binary("*", B, C))),
        ("a - b - c", Binary("-", Binary("-", A, B), C)),
        ("(a + b) / c", Binary("/", Binary("+", A, B), C)),
        ("-a ^ b", Unary("-", Binary("^", A, B))),
        ("a ^ -b", Binary("^", A, Unary("-", B))),
        ("a % 2 = 1", Binary("=", Binary("%", A, Literal(2.0)), Literal(1.0))),
        ("a like 'x'", Like(A, "x", regex=False, negated=False)),
        ("a not like /x y/", Like(A, "x y", regex=True, negated=True)),
        ("a like /x/i", Like(A, "(?i)x", regex=True, negated=False)),
        ("a =~ /x/", Like(A, "x", regex=True, negated=False)),
        ("a =~ 'x\\d'", Like(A, "x\\d", regex=True, negated=False)),
        ("a in [1, 'x']", In(A, (Literal(1.0), Literal("x")), negated=False)),
        ("a not in [b]", In(A, (B,), negated=True)),
        ("COUNT(*)", Call("count", (Star(),))),
        ("f()", Call("f", ())),
        ("f(a, 5m)", Call("f", (A, Period(5, "m")))),
        ("a = 1 # the first\n and b", Logical("and", (Binary("=", A, Literal(1.0)), B))),
        # Words of the language are fields where nothing else can be meant.
        ("by = limit", Binary("=", Name("by"), Name("limit"))),
    ],
)
def test_expression(text: str, node: Expression) -> None:
    assert expression(text) == node
    assert expression(render(node)) == node


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("fields a, b as c", tree.Fields((Named(A), Named(B, C)), replace=False)),
        ("DISPLAY a", tree.Fields((Named(A),), replace=True)),
        ("source logs", tree.Source("logs", 7)),
        ("source Spans", tree.Source("spans", 7)),
        ("sort a, b desc, c asc", tree.Sort(((A, False), (B, True), (C, False)))),
        ("limit 20", tree.Limit(20)),
        ("dedup a, b", tree.Dedup((A, B))),
        ("pattern a", tree.Pattern(A, 0)),
        ("diff", tree.Diff("previousperiod", 0)),
        ("diff previousDay", tree.Diff("previousday", 0)),
        ("anomaly", tree.Anomaly(None, 0)),
        ("anomaly a", tree.Anomaly(A, 0)),
        ("unnest a into b", tree.Unnest(A, B)),
        (
            "stats count(*) as c, f(a) by b",
            tree.Stats(
                (Named(Call("count", (Star(),)), C), Named(Call("f", (A,)))), (Named(B),), 0
            ),
        ),
        (
            'parse a "b=* c.*" as b, c',
            tree.Parse(A, "(?s)b=(.*?) c\\.(.*)$", ((B, 1), (C, 2))),
        ),
        (
            "parse /x(?:y)(z)(?<b>.)\\/(?P<c>[()])/",
            tree.Parse(Name("@message"), "x(?:y)(z)(?P<b>.)\\/(?P<c>[()])", ((B, 2), (C, 3))),
        ),
    ],
)
def test_command(text: str, command: tree.Command) -> None:
    assert parse_pipe(text) == (command,)


def test_commands_follow_one_another() -> None:
    commands = parse_pipe("filter a\n| # nothing\n stats count(*) | limit 5")
    assert [type(command) for command in commands] == [tree.Filter, tree.Stats, tree.Limit]


@pytest.mark.parametrize(
    ("text", "position", "message", "remedy"),
    [
        ("", 0, "expected a command but found the end", "fields"),
        ("fields a |", 10, "expected a command but found the end", "fields"),
        ("| fields a", 0, "expected a command but found '|'", "fields"),
        ("filtr a = 1", 0, "there is no command 'filtr'", "did you mean filter?"),
        ("fields a | stat count(*)", 11, "there is no command 'stat'", "did you mean stats?"),
        ("xyzzy", 0, "there is no command 'xyzzy'", "the commands are source, search"),
        ('fields "a', 7, "the quote is not closed", 'closing "'),
        ("filter a = 'b", 11, "the quote is not closed", "closing '"),
        ("fields `a", 7, "the quote is not closed", "closing `"),
        ("filter a like /b", 14, "the regular expression is not closed", "closing /"),
        ("filter a like b", 14, 'expected a "string" or a /regular expression/', None),
        ("filter (a = 1", 13, "expected ')'", "add ')'"),
        ("filter a === 1", 11, "expected a field, value or function", "compare with ="),
        ("filter a = 1 and\n  b = = 2", 23, "(line 2, column 7)", None),
        ("fields a b", 9, "expected as", None),
        ("fields a;", 8, "expected as, ',', '|', an operator or like but found ';'", None),
        ("fields 5x", 7, "expected a field, value or function", "backticks"),
        ("fields a,", 9, "expected a field", None),
        ("stats count(*) by", 17, "expected a field", None),
        ("unnest a", 8, "into", None),
        ("sort a up", 7, "expected ',', '|', asc, desc or an operator but found 'up'", None),
        ("source metrics", 7, "expected logs or spans", None),
        ("limit 0", 6, "0 is not a usable limit", "1 to 10000"),
        ("limit 10001", 6, "10001 is not a usable limit", "1 to 10000"),
        ("limit 1.5", 6, "1.5 is not a usable limit", "whole number"),
        ("filter a > 1e999", 11, "too large", "smaller"),
        ("stats count(*) by bin(0m)", 22, "0m is not a usable length", "999999"),
        ("parse a '*' as b, c", 8, "1 wildcard but 2 names", "one name for each"),
        ("parse a '*,*' as b, b", 20, "the name 'b' is there twice", "rename"),
        ("parse a /x/", 8, "names no group", "(?<ms>"),
        ("parse a /(?<b>x)(?<b>y)/", 16, "'b' is there twice", "rename"),
        ("parse a /(?<b>x/", 9, "the group is not closed", "\\("),
        ("filter a like /x[/", 16, "the character class is not closed", "\\["),
        ("filter a like /(a)\\1/", 18, "back-references", "repeat"),
        ("filter a =~ '(?!x)'", 13, "lookahead", "named group"),
        ("fields `" + "x" * 129 + "`", 7, "too long", "128"),
        ("fields a\x07", 8, "U+0007", "remove it"),
    ],
)
def test_errors_point_at_the_place(
    text: str, position: int, message: str, remedy: str | None
) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_pipe(text)
    assert caught.value.position == position
    assert message in caught.value.message
    assert remedy is None or remedy in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fields " + "a" * 16384, "longer than"),
        ("filter " + "(" * 65 + "a" + ")" * 65, "nested more than 64"),
        ("filter " + "not " * 65 + "a", "nested more than 64"),
        ("fields " + "-" * 65 + "a", "nested more than 64"),
        ("fields " + "f(" * 65 + "a" + ")" * 65, "nested more than 64"),
        ("fields " + "+".join("a" * 66), "nested more than 64"),
        (" | ".join(["limit 1"] * 31), "more than 30 commands"),
        ("filter a like /" + "x" * 1025 + "/", "longer than 1024"),
    ],
)
def test_bounds(text: str, message: str) -> None:
    with pytest.raises(QuerySyntaxError, match=message):
        parse_pipe(text)


names = st.from_regex(r"@?[a-z_][a-z0-9_]{0,5}(\.[a-z0-9_]{1,3})?", fullmatch=True).map(Name)
strings = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=6)
numbers = st.floats(0, 1e12, allow_nan=False) | st.integers(0, 10**6).map(float)
literals = st.builds(Literal, strings | numbers)
periods = st.builds(Period, st.integers(1, 999), st.sampled_from(["ms", "s", "m", "mo", "y"]))
likes = st.sampled_from([("a[b]", True), ("x y", True), ("plain \"'", False), ("", False)])


def compound(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    lists = st.lists(inner, min_size=1, max_size=3).map(tuple)
    flags = st.booleans()
    return st.one_of(
        st.builds(Call, st.sampled_from(["f", "count"]), lists),
        st.builds(Unary, st.sampled_from(["-", "not"]), inner),
        st.builds(
            Binary, st.sampled_from(["+", "-", "*", "/", "%", "^", "=", "!=", "<="]), inner, inner
        ),
        st.builds(
            lambda operand, like, negated: Like(operand, like[0], like[1], negated),
            inner,
            likes,
            flags,
        ),
        st.builds(In, inner, lists, flags),
    )


expressions = st.recursive(names | literals | periods, compound, max_leaves=8)


@given(expressions)
def test_an_expression_survives_being_written_and_read(node: Expression) -> None:
    assert expression(render(node)) == node


def refusal(text: str) -> QuerySyntaxError | None:
    try:
        parse_pipe(text)
    except QuerySyntaxError as error:
        return error
    return None


@pytest.mark.parametrize("start", ["", "filter ", "stats ", "parse ", "sort a|fields "])
@given(text=st.text(max_size=60) | st.text("abc|=<>(),*'\"/`[]# \n.@-+5m", max_size=60))
def test_any_text_parses_or_says_why_not(start: str, text: str) -> None:
    refused = refusal(start + text)
    if refused is not None:
        assert refused.position is not None
        assert 0 <= refused.position <= len(start + text)
