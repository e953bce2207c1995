import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.alarms.model import State
from vedette.alarms.rule import find_cycle, in_order, parse_rule
from vedette.core.errors import InvalidInputError, QuerySyntaxError

STATES = {"a": State.ALARM, "b": State.OK, "c": State.INSUFFICIENT_DATA, "d e": State.ALARM}


@pytest.mark.parametrize(
    ("rule", "fires"),
    [
        ('ALARM("a")', True),
        ("ALARM(a) AND OK(b)", True),
        ("ALARM(a) AND ALARM(b)", False),
        ("ALARM(b) OR INSUFFICIENT_DATA(c)", True),
        ("NOT ALARM(b)", True),
        ("NOT (ALARM(a) OR OK(b))", False),
        ("ALARM(b) AND ALARM(b) OR ALARM(a)", True),
        ("ALARM(a) OR ALARM(a) AND ALARM(b)", True),
        ("not not alarm(a)", True),
        ('ALARM("d e")', True),
        ("TRUE AND ALARM(a)", True),
        ("FALSE OR ALARM(b)", False),
        ("INSUFFICIENT_DATA(unknown)", True),
        ('AT_LEAST(2, ALARM, (a, b, "d e"))', True),
        ("AT_LEAST(2, ALARM, (a, b, c))", False),
        ("AT_LEAST(60%, NOT OK, (a, b, c))", True),
        ("AT_LEAST(67%, NOT OK, (a, b, c))", False),
        ("AT_LEAST(100%, NOT ALARM, (b, c))", True),
        ("AT_LEAST(1, INSUFFICIENT_DATA, (a, c)) AND NOT ALARM(b)", True),
    ],
)
def test_rules(rule, fires):
    assert parse_rule(rule).state(STATES) is (State.ALARM if fires else State.OK)


@pytest.mark.parametrize(
    ("rule", "position"),
    [
        ("", 0),
        ("ALARM(a) AND", 12),
        ("ALARM(a) ALARM(b)", 9),
        ("ALARM a", 0),
        ("ALARM()", 6),
        ("AT_LEAST(4, ALARM, (a, b))", 9),
        ("AT_LEAST(0, ALARM, (a, b))", 9),
        ("AT_LEAST(1.5, ALARM, (a, b))", 9),
        ("AT_LEAST(160%, ALARM, (a, b))", 9),
        ("TRUE", 0),
        ("(ALARM(a)", 9),
    ],
)
def test_a_wrong_rule_is_refused_with_its_position(rule, position):
    with pytest.raises(QuerySyntaxError) as caught:
        parse_rule(rule)
    assert caught.value.position == position
    assert caught.value.remedy


def test_a_rule_has_at_most_100_children():
    names = [f"a{n}" for n in range(101)]
    assert len(parse_rule(" OR ".join(f"ALARM({n})" for n in names[:100])).children) == 100
    with pytest.raises(InvalidInputError, match="101 alarms"):
        parse_rule(" OR ".join(f"ALARM({n})" for n in names))


@pytest.mark.parametrize("rule", ["(" * 3000 + "ALARM(a)" + ")" * 3000, "NOT " * 2400 + "ALARM(a)"])
def test_deep_nesting_is_refused(rule):
    with pytest.raises(QuerySyntaxError, match="deep"):
        parse_rule(rule)


@given(st.text(alphabet='ALRMOKNDT_ (),"%0123ab\\', max_size=60))
def test_no_text_breaks_the_parser(text):
    with contextlib.suppress(InvalidInputError):
        parse_rule(text).state(STATES)


def test_cycles_are_found_and_their_way_is_shown():
    rules = {"a": ("b", "x"), "b": ("c",), "c": ("y",)}
    assert find_cycle(rules, "a") is None
    assert find_cycle({**rules, "c": ("a",)}, "a") == ["a", "b", "c", "a"]
    assert find_cycle({"a": ("a",)}, "a") == ["a", "a"]


def test_children_come_before_those_that_depend_on_them():
    order = in_order({"top": ("left", "right"), "left": ("base",), "right": ("m",), "base": ("m",)})
    assert order.index("base") < order.index("left") < order.index("top")
    assert order.index("right") < order.index("top")
    assert set(in_order({"a": ("b",), "b": ("a",), "c": ()})) == {"a", "b", "c"}
