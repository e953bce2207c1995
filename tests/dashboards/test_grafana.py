"""Grafana's dashboards: what comes over, and what is named."""

import json

import pytest

from vedette.core.errors import InvalidInputError
from vedette.dashboards.exchange import read_import
from vedette.dashboards.grafana import import_grafana

PROMETHEUS = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}


def panel(kind="timeseries", expr="up", **more):
    target = {"refId": "A", "expr": expr, "legendFormat": more.pop("legend", "")}
    return {
        "type": kind, "title": "P", "datasource": PROMETHEUS, "targets": [target],
        "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}, **more,
    }  # fmt: skip


def board(*panels, **more):
    return {"title": "Node", "schemaVersion": 39, "panels": list(panels), **more}


def queries(expr, **more):
    found = import_grafana(board(panel(expr=expr, **more)))
    [one] = found.spec.panels
    return {query.id: query for query in one.query.queries}


def test_a_rate_of_a_selector_with_a_variable():
    expr = 'sum by (instance) (rate(http_requests_total{job=~"$job"}[$__rate_interval]))'
    [one] = queries(expr, legend="{{instance}}").values()
    assert (one.id, one.metric, one.statistic) == ("a_m1", "http_requests_total", "rate")
    assert (one.group_by, one.across, one.label) == (["instance"], "sum", "{{instance}}")
    assert [(m.label, m.operator, m.value) for m in one.matchers] == [("job", "=~", "$job")]


def test_arithmetic_becomes_metric_math():
    found = queries('100 * (1 - avg(rate(cpu{mode="idle"}[${interval:raw}])) / max(total))')
    assert found["a_e1"].expression == "100 * (1 - (a_m1 / a_m2))"
    assert [found[name].hidden for name in ("a_m1", "a_m2", "a_e1")] == [True, True, False]


def test_topk_is_a_limit_and_a_quantile_a_percentile():
    [one] = queries("topk(5, sum by (pod) (rate(x[5m])))").values()
    assert (one.top.count, one.group_by) == (5, ["pod"])
    [one] = queries("histogram_quantile(0.95, sum by (le) (rate(d_bucket[5m])))").values()
    assert (one.statistic, one.group_by) == ("p95", [])


def test_looks_come_over():
    limits = {"green": None, "orange": 0.5, "red": 0.9}
    steps = [{"color": color, "value": value} for color, value in limits.items()]
    defaults = {
        "unit": "percentunit", "min": 0, "decimals": 2, "thresholds": {"mode": "absolute", "steps": steps},
        "custom": {"drawStyle": "line", "stacking": {"mode": "normal"}},
    }  # fmt: skip
    options = {"legend": {"displayMode": "table", "calcs": ["mean", "lastNotNull"]}}
    one = panel(fieldConfig={"defaults": defaults}, options=options)
    [made] = import_grafana(board(one)).spec.panels
    look = made.look
    assert (look.unit, look.minimum, look.decimals, look.draw) == ("share", 0, 2, "stack")
    assert [(t.value, t.level) for t in look.thresholds] == [(0.5, "warning"), (0.9, "critical")]
    assert (look.legend, look.statistics) == ("table", ["mean", "last"])


def test_variables_rows_time_and_old_panels():
    found = import_grafana(
        board(
            {"type": "row", "title": "CPU", "collapsed": True, "gridPos": {"y": 3}, "panels": [panel()]},
            panel("graph", lines=False, bars=True),
            panel("singlestat", valueName="avg", format="bytes"),
            {"type": "text", "title": "T", "options": {"content": "Hi [[job]]"}},
            time={"from": "now-6h", "to": "now"}, refresh="30s",
            templating={"list": [
                {"name": "job", "type": "query", "query": {"query": "label_values(up, job)"}, "multi": True},
                {"name": "size", "type": "custom", "query": "small : 1,large : 2"},
                {"name": "ds", "type": "datasource"},
            ]},
        )
    )  # fmt: skip
    spec = found.spec
    assert [one.type for one in spec.panels] == ["text", "timeseries", "timeseries", "stat", "text"]
    assert (spec.panels[2].look.draw, spec.panels[3].look.unit) == ("bars", "By")
    assert spec.panels[4].text == "Hi ${job}"
    assert (spec.time.start, spec.refresh) == ("-6h", 30)
    job, size = spec.variables
    assert (job.type, job.metric, job.key, job.multi) == ("label", "up", "job", True)
    assert size.values == ["1", "2"]
    assert [note.reason for note in found.notes] == [
        "the variable ds, of the type datasource, is not needed here"
    ]


def test_what_stands_below_a_row_does_not_cover_it():
    rows = [{"type": "row", "title": "A", "gridPos": {"y": y, "w": 24, "h": 1}} for y in (0, 9)]
    below = [panel(gridPos={"x": 0, "y": y, "w": 12, "h": 8}) for y in (1, 10)]
    found = import_grafana(board(rows[0], below[0], rows[1], below[1]))
    assert [(one.place.y, one.place.h) for one in found.spec.panels] == [
        (0, 2), (2, 8), (10, 2), (12, 8),
    ]  # fmt: skip


def test_what_has_no_equal_is_named_and_the_rest_comes():
    loki = {**panel(expr='{app="x"}'), "title": "Logs", "datasource": {"type": "loki"}}
    two = panel(title="Two")
    two["targets"] = [{"refId": "A", "expr": "up"}, {"refId": "B", "expr": "label_replace(up)"}]
    found = import_grafana(board(loki, panel("nodeGraph", title="Graph"), two))
    assert [one.title for one in found.spec.panels] == ["Two"]
    notes = {note.panel: note.reason for note in found.notes}
    assert "loki" in notes["Logs"]
    assert "nodeGraph" in notes["Graph"]
    assert "query B: label_replace() has no equal" in notes["Two"]


def test_a_file_of_grafana_is_recognised():
    text = json.dumps({"dashboard": board(panel())})
    assert read_import(text).form == "grafana"
    with pytest.raises(InvalidInputError, match="schema v2"):
        read_import(json.dumps({"elements": {}, "title": "x"}))


@pytest.mark.parametrize(
    "value",
    [
        board(None, 1, "x", {"type": []}, {"type": "stat", "targets": [1, None, {"expr": 5}]}),
        board({"type": "text", "options": [], "gridPos": {"x": "a", "w": 1e9}}),
        board(
            templating={"list": [None, {"name": 1}, {"name": "a", "type": "query", "query": []}]}
        ),
        {"rows": [None, {"panels": [None, {"type": "graph", "span": "x"}]}]},
    ],
)
def test_nonsense_breaks_nothing(value):
    assert import_grafana(value).spec is not None
