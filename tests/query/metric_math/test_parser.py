from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.query.metric_math import (
    FUNCTIONS,
    CompiledExpression,
    Kind,
    compile_expression,
    evaluation_order,
)
from vedette.query.metric_math.tree import Binary, Call, Negate, Number, Reference

KINDS = {"m1": Kind.SERIES, "m2": Kind.SERIES, "g1": Kind.ARRAY, "s1": Kind.SCALAR}


def test_precedence_is_the_usual_one() -> None:
    tree = compile_expression("m1 + m2 * 2 ^ 3 ^ s1 > 1 AND m1 || m2").tree
    assert isinstance(tree, Binary)
    assert tree.operator == "OR"
    both = tree.left
    assert isinstance(both, Binary)
    assert both.operator == "AND"
    compared = both.left
    assert isinstance(compared, Binary)
    assert compared.operator == ">"
    total = compared.left
    assert isinstance(total, Binary)
    assert total.operator == "+"
    product = total.right
    assert isinstance(product, Binary)
    assert product.operator == "*"
    power = product.right
    assert isinstance(power, Binary)
    assert power.left == Number(2, 10)
    assert isinstance(power.right, Binary)
    assert power.right.operator == "^"


def test_unary_minus_is_weaker_than_power() -> None:
    tree = compile_expression("-m1^2").tree
    assert isinstance(tree, Negate)
    assert isinstance(tree.operand, Binary)


def test_references_and_metrics_are_collected() -> None:
    found = compile_expression("SUM([m1, METRICS('err')]) / AVG(m2) + LAST(METRICS())")
    assert found.references == {"m1", "m2"}
    assert found.metrics == {"err", ""}


def test_positions_are_of_the_text() -> None:
    tree = compile_expression(" MAX( m1 )").tree
    assert tree == Call("MAX", (Reference("m1", 6),), 1)


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "is empty"),
        ("m1 +", 4, "the end of the expression"),
        ("m1 + * m2", 5, "expected"),
        ("(m1", 3, "expected"),
        ("avg(m1)", 3, "AVG(...)"),
        ("m1 = 2", 3, "=="),
        ("METRICS('a)", 8, "quote is not closed"),
        ("1 < m1 < 2", 7, "expected"),
        ("1e999 * m1", 0, "too large"),
        ("M1 + 1", 3, "lower-case"),
        ("m1 \x00", 3, "not allowed"),
        ("[]", 1, "expected"),
        ("(" * 2000, 2000, "expected"),
        ("m1" + "+m1" * 400, 302, "nested"),
        ("-" * 500 + "m1", 399, "nested"),
        ("m1" * 2000, 2048, "longer"),
    ],
)
def test_syntax_errors_say_where_and_why(text: str, position: int, words: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        compile_expression(text)
    assert caught.value.position == position
    assert words in f"{caught.value.message} {caught.value.remedy}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("m1 / 2", Kind.SERIES),
        ("100 * g1 / m1", Kind.ARRAY),
        ("SUM(m1)", Kind.SCALAR),
        ("SUM(g1)", Kind.SERIES),
        ("SUM([m1, g1])", Kind.SERIES),
        ("ABS(-2)", Kind.SCALAR),
        ("FILL(g1, LINEAR)", Kind.ARRAY),
        ("FILL(m1, MIN(m1))", Kind.SERIES),
        ("FILL(METRICS(), m1)", Kind.ARRAY),
        ("IF(s1, 1, 2)", Kind.SCALAR),
        ("IF(s1, 1)", Kind.SERIES),
        ("IF(m1 > 3, m2)", Kind.SERIES),
        ("SORT(g1, AVG, DESC, 3)", Kind.ARRAY),
        ("FIRST(SLICE(g1, 1))", Kind.SERIES),
        ("m1 / METRIC_COUNT(METRICS())", Kind.SERIES),
        ("TIME_SERIES(PERIOD(m1))", Kind.SERIES),
        ("REMOVE_EMPTY(SEARCH('a{b=\"c\"}', 'Average'))", Kind.ARRAY),
    ],
)
def test_types(text: str, kind: Kind) -> None:
    assert compile_expression(text).kind(KINDS) is kind


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("m1 + m9", 5, "no query with the id m9"),
        ("[m1, 2]", 5, "TIME_SERIES"),
        ("AVG(3)", 4, "argument 1 of AVG must be a time series or an array"),
        ("AVG(m1, m2)", 0, "takes 1 argument, not 2"),
        ("SUMM(g1)", 0, "did you mean SUM?"),
        ("FIRST(m1)", 6, "make it an array"),
        ("TIME_SERIES(m1)", 12, "reduce it to a scalar"),
        ("IF(g1, 1, 2)", 3, "FIRST(...)"),
        ("FILL(m1, ASC)", 9, "REPEAT or LINEAR"),
        ("SORT(g1, STDDEV, ASC)", 9, "AVG or MIN or MAX or SUM"),
        ("SORT(g1, AVG, 5)", 14, "ASC or DESC"),
        ("SLICE(g1, m1)", 10, "must be a scalar"),
        ("METRICS(m1)", 8, "quoted text"),
        ("ABS('x')", 4, "is not a value"),
        ("ABS(REPEAT)", 4, "REPEAT is not a value"),
        ("SEARCH('a', AVG)", 12, "as quoted texts"),
    ],
)
def test_type_errors_say_where_and_why(text: str, position: int, words: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        compile_expression(text).kind(KINDS)
    assert caught.value.position == position
    assert words in f"{caught.value.message} {caught.value.remedy}"


def test_order_puts_what_is_referred_to_first() -> None:
    texts = {"e1": "e2 + e3", "e2": "e3 * m1", "e3": "m1", "e4": "2 * e1"}
    order = evaluation_order({name: compile_expression(text) for name, text in texts.items()})
    assert sorted(order) == sorted(texts)
    assert order.index("e3") < order.index("e2") < order.index("e1") < order.index("e4")


@pytest.mark.parametrize(
    ("texts", "circle"),
    [
        ({"e1": "e1 + 1"}, "e1 -> e1"),
        ({"e1": "e2", "e2": "m1 + e3", "e3": "e1"}, "e1 -> e2 -> e3 -> e1"),
    ],
)
def test_a_circle_is_refused_and_shown(texts: dict[str, str], circle: str) -> None:
    with pytest.raises(InvalidInputError, match=circle):
        evaluation_order({name: compile_expression(text) for name, text in texts.items()})


def test_a_long_chain_of_expressions_is_ordered_without_recursion() -> None:
    chain = {f"e{n}": compile_expression(f"e{n + 1}" if n < 4999 else "m1") for n in range(5000)}
    assert evaluation_order(chain)[0] == "e4999"


PIECES = st.sampled_from(
    [*FUNCTIONS, "m1", "m2", "g1", "s1", "zz", "1", "2.5", ".5", "1e3", "(", ")", "[", "]", ",",
     "+", "-", "*", "/", "^", "==", "!=", "<", ">=", "AND", "OR", "&&", "||", "'a'", '"b{c}"',
     "REPEAT", "LINEAR", "ASC", "DESC", " ", "\n", "=", "é", "'"]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map(" ".join)))
def test_any_text_compiles_or_is_a_syntax_error(text: str) -> None:
    refused: QuerySyntaxError | None = None
    try:
        compiled = compile_expression(text)
        assert isinstance(compiled, CompiledExpression)
        assert isinstance(compiled.kind(KINDS), Kind)
    except QuerySyntaxError as error:
        refused = error
    if refused:
        assert refused.position is not None
        assert 0 <= refused.position <= len(text)
        assert refused.message
