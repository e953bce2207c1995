import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.errors import QuerySyntaxError
from vedette.models.filters.grammar import Operator, parse_filter, parse_order


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("", []),
        ("metrics.loss < 0.3", [("metrics", "loss", "<", 0.3)]),
        ("metrics.`a b` >= -1e-3", [("metrics", "a b", ">=", -0.001)]),
        ('params."a.b/c" = \'it\'\'s\'', [("params", "a.b/c", "=", "it's")]),
        ("tags.mlflow.source.name ilike '%x%'", [("tags", "mlflow.source.name", "ILIKE", "%x%")]),
        ("name IN ('a', 'b',) and id NOT IN (\"c\")",
         [("", "name", "IN", ["a", "b"]), ("", "id", "NOT IN", ["c"])]),
        ("tags.x IS NULL AND tags.y is not null",
         [("tags", "x", "IS NULL", None), ("tags", "y", "IS NOT NULL", None)]),
        ("params.in = 'x' AND tags.and.or != 'y'",
         [("params", "in", "=", "x"), ("tags", "and.or", "!=", "y")]),
        ("metrics.'a/b' > 1", [("metrics", "a/b", ">", 1)]),
        ("(metrics.a > 1)", [("metrics", "a", ">", 1)]),
        ("attribute.start_time > 1690000000000", [("attribute", "start_time", ">", 1690000000000)]),
    ],
)  # fmt: skip
def test_what_filters_mean(text, clauses):
    found = [(c.entity, c.key, c.operator.value, c.value) for c in parse_filter(text)]
    assert found == clauses


@pytest.mark.parametrize(
    ("text", "position"),
    [("metrics.loss <", 13), ("a = b", 4), ("metrics.a > 1 OR b = 2", 14), ("x = 'a", 4)],
)
def test_errors_say_where(text, position):
    with pytest.raises(QuerySyntaxError) as caught:
        parse_filter(text)
    assert caught.value.position == position


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text):
    try:
        parse_filter(text)
        parse_order(text)
    except QuerySyntaxError:
        pass


@given(st.text(min_size=1, max_size=20).filter(lambda t: "\\" not in t))
def test_any_text_can_be_a_key_and_a_value(text):
    key, value = text.replace("`", "``"), text.replace("'", "''")
    (clause,) = parse_filter(f"params.`{key}` = '{value}'")
    assert (clause.key, clause.operator, clause.value) == (text, Operator.EQ, text)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("metrics.loss DESC", ("metrics", "loss", False)),
        ("start_time", ("", "start_time", True)),
        ("metrics.`a b` asc", ("metrics", "a b", True)),
    ],
)
def test_orders(text, order):
    assert parse_order(text) == order
