"""Prometheus' alerting rules: what they become, and what is refused where and why."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.alarms.definition import check_spec
from vedette.alarms.prometheus import import_rules
from vedette.alarms.promql import map_expression
from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.manifests import SourceFile


def parts(text):
    mapped = map_expression(text)
    queries = {q["id"]: q for q in mapped.source["queries"]}
    compared = mapped.condition["threshold"]
    expression = queries.pop("result", {}).get("expression")
    shown = {
        name: (q["metric"], q["statistic"], q["group_by"], q.get("across"),
               [f"{m['label']}{m['operator']}{m['value']}" for m in q["matchers"]])
        for name, q in queries.items()
    }  # fmt: skip
    return shown, expression, (compared["comparison"], compared["threshold"]), mapped.period


@pytest.mark.parametrize(
    ("text", "queries", "expression", "condition", "period"),
    [
        ('up{job="a"} == 0', {"m1": ("up", "Last", None, None, ["job=a"])}, "m1 == 0.0", (">", 0), 60),
        ("temp > 5", {"m1": ("temp", "Last", None, None, [])}, None, (">", 5), 60),
        ("5 < temp", {"m1": ("temp", "Last", None, None, [])}, None, (">", 5), 60),
        ("temp < -2 * 3", {"m1": ("temp", "Last", None, None, [])}, None, ("<", -6), 60),
        (
            'sum by (job) (rate(r{code=~"5.."}[5m])) / sum by(job) (rate(r[5m])) > 0.05',
            {"m1": ("r", "rate", ["job"], "sum", ["code=~5.."]),
             "m2": ("r", "rate", ["job"], "sum", [])}, "m1 / m2", (">", 0.05), 300,
        ),
        (
            "histogram_quantile(0.99, sum by (le, path) (rate(d_bucket[10m]))) > 1",
            {"m1": ("d_bucket", "p99", ["path"], None, [])}, None, (">", 1), 600,
        ),
        (
            '100 - (avg by (instance) (rate(cpu_seconds_total{mode="idle"}[2m])) * 100) > 80',
            {"m1": ("cpu_seconds_total", "rate", ["instance"], "avg", ["mode=idle"])},
            "100 - (m1 * 100)", (">", 80), 120,
        ),
        ("node_avail / node_size * 100 < 10",
         {"m1": ("node_avail", "Last", None, None, []), "m2": ("node_size", "Last", None, None, [])},
         "(m1 / m2) * 100", ("<", 10), 60),
        ("max(avg_over_time(q[5m])) >= 3", {"m1": ("q", "Average", [], "max", [])}, None, (">=", 3), 300),
        ("increase(e[1h]) > 3", {"m1": ("e", "increase", None, None, [])}, None, (">", 3), 3600),
        ("abs(x) > 1", {"m1": ("x", "Last", None, None, [])}, "ABS(m1)", (">", 1), 60),
        ("a > b", {"m1": ("a", "Last", None, None, []), "m2": ("b", "Last", None, None, [])},
         "m1 - m2", (">", 0), 60),
        ("quantile_over_time(0.9, x[5m]) > 1", {"m1": ("x", "p90", None, None, [])}, None, (">", 1), 300),
    ],
)  # fmt: skip
def test_expressions_that_have_an_equal(text, queries, expression, condition, period):
    assert parts(text) == (queries, expression, condition, period)


def test_absence_and_offsets():
    assert map_expression('absent(up{job="a"})').source == {
        "type": "absence", "metric": "up",
        "matchers": [{"label": "job", "operator": "=", "value": "a"}],
    }  # fmt: skip
    queries = map_expression("x - x offset 1d > 5").source["queries"]
    assert queries[1]["shift"] == "86400s"


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("a > 1 and b > 2", "nothing is compared", 0),
        ("sum without (a) (x) > 1", "without", 0),
        ("a / on(x) b > 1", "on()", 0),
        ("topk(3, x) > 1", "topk", 0),
        ("1 + predict_linear(x[1h], 3600) < 0", "predict_linear", 4),
        ("rate(x[5m]) / rate(x[1h]) > 2", "one period", 0),
        ("rate(sum(x)[5m:1m]) > 1", None, None),
        ("max_over_time(x[1h:1m]) > 1", "subquery", 15),
        ("x[5m] > 1", "range cannot", 0),
        ("rate(x) > 1", "range is needed", 5),
        ("rate(x[90s]) > 1", "90 s", 5),
        ("x", "nothing is compared", 0),
        ("1 > 2", "two numbers", 0),
        ("x % 5 > 1", "no %", 0),
        ("sum by (a) (x) / sum by (b) (y) > 1", "different labels", 0),
        ("x > 1 > 2", "comparison inside", 0),
        ("time() - x > 5", "time()", 0),
        ("count(up == 0) > 1", "count", 0),
        ('{job="a"} > 1', "names no metric", 0),
    ],
)
def test_what_has_no_equal_is_refused_with_place_and_reason(text, reason, position):
    with pytest.raises(InvalidInputError) as caught:
        map_expression(text)
    if reason:
        assert reason in caught.value.message
        assert caught.value.position == position


@pytest.mark.parametrize(("text", "position"), [("x >", 3), ("x > > 1", 4), ("", 0), ("rate(", 5)])
def test_what_is_no_promql(text, position):
    with pytest.raises(QuerySyntaxError) as caught:
        map_expression(text)
    assert caught.value.position == position


@given(st.text(alphabet='abrate()[5m]{}=~"<>+-*/ 019,by sum', max_size=50))
def test_no_text_breaks_the_parser(text):
    with contextlib.suppress(InvalidInputError):
        map_expression(text)


RULES = """
groups:
  - name: web
    interval: 30s
    rules:
      - record: job:requests:rate5m
        expr: sum by (job) (rate(requests_total[5m]))
      - alert: HighErrors
        expr: sum by (job) (rate(requests_total{code=~"5.."}[5m])) > 10
        for: 10m
        labels: {severity: page, team: web}
        annotations:
          summary: "{{ $labels.job }} fails"
          runbook_url: https://runbooks.example/errors
      - alert: HighErrors
        expr: sum(rate(requests_total{code=~"5.."}[5m])) > 100
      - alert: Odd
        expr: deriv(x[5m]) > 1
"""


def test_a_file_becomes_documents_and_says_what_it_refused():
    done = import_rules(SourceFile("rules.yml", RULES))
    assert [one["metadata"]["name"] for one in done.documents] == ["HighErrors", "HighErrors (2)"]
    first = done.documents[0]
    assert first["spec"]["severity"] == "critical"
    assert first["metadata"]["labels"] == {"severity": "page", "team": "web"}
    assert (first["spec"]["for"], first["spec"]["runbook"]) == (
        "10m", "https://runbooks.example/errors",
    )  # fmt: skip
    assert check_spec(first["spec"]).rule.missing == "notBreaching"
    assert [(one.place, one.name) for one in done.refused] == [
        ("rules.yml: group web, rule 1", "job:requests:rate5m"),
        ("rules.yml: group web, rule 4", "Odd"),
    ]  # fmt: skip
    assert done.refused[1].reason.startswith("deriv() has no equal")
    assert any("templates" in note for note in done.notes)
    assert "kind: Alarm" in done.to_yaml()


@pytest.mark.parametrize("text", ["", "a: 1", "groups: 5", "groups: [{name: x}]", "groups: [[]]"])
def test_what_is_no_file_of_rules(text):
    if not text:
        assert import_rules(SourceFile("x", text)).documents == []
        return
    with pytest.raises(InvalidInputError):
        import_rules(SourceFile("x", text))
