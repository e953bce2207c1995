"""What is a dashboard, and what is refused with which field."""

import pytest
import yaml

from vedette.core.errors import InvalidInputError
from vedette.dashboards.definition import DashboardSpec
from vedette.dashboards.exchange import exported, read_import
from vedette.dashboards.ready import READY, spec_of
from vedette.manifests.model import checked, dumped

TEXT = {"id": "p1", "type": "text", "text": "# Hello"}
METRIC = {
    "id": "p2",
    "title": "CPU",
    "place": {"x": 12, "y": 0, "w": 12, "h": 8},
    "query": {"type": "metric", "queries": [{"id": "m1", "metric": "cpu", "statistic": "rate"}]},
}
SPEC = {
    "time": {"from": "-6h", "to": "now"},
    "variables": [{"name": "host", "type": "label", "metric": "cpu", "key": "host", "multi": True}],
    "panels": [TEXT, {**METRIC, "repeat": "host"}],
}


def test_a_definition_survives_being_kept():
    spec = DashboardSpec.model_validate(SPEC)
    kept = dumped(spec)
    assert kept["time"] == {"from": "-6h"}
    assert kept["panels"][1]["query"]["type"] == "metric"
    assert DashboardSpec.model_validate(kept) == spec
    assert spec.languages() == {"metric"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"panels": [TEXT, TEXT]}, "spec.panels"),
        ({"panels": [{**METRIC, "query": None}]}, "spec.panels.0"),
        ({"panels": [{**TEXT, "query": METRIC["query"]}]}, "spec.panels.0"),
        ({"panels": [{**METRIC, "place": {"x": 20, "w": 5}}]}, "spec.panels.0.place"),
        ({"panels": [{**METRIC, "query": {"type": "promql"}}]}, "spec.panels.0.query"),
        ({"panels": [{**METRIC, "look": {"minimum": float("inf")}}]}, "spec.panels.0.look.minimum"),
        ({"panels": [{**METRIC, "repeat": "nothing"}]}, "spec"),
        ({"variables": [{"name": "9"}]}, "spec.variables.0.name"),
        ({"variables": [{"name": "a", "type": "list"}]}, "spec.variables.0"),
        ({"variables": [{"name": "a"}, {"name": "a"}]}, "spec.variables"),
        ({"time": {"from": "<script>"}}, "spec.time.from"),
        ({"colour": "red"}, "spec.colour"),
    ],
)
def test_what_is_wrong_is_named(wrong, field):
    with pytest.raises(InvalidInputError) as caught:
        checked(lambda: DashboardSpec.model_validate(wrong))
    assert caught.value.field == field


@pytest.mark.parametrize("ready", READY.values(), ids=list(READY))
def test_ready_made_ones_fit_the_grid(ready):
    panels = spec_of(ready).panels
    taken = {}
    for panel in panels:
        place = panel.place
        for x in range(place.x, place.x + place.w):
            for y in range(place.y, place.y + place.h):
                assert taken.setdefault((x, y), panel.id) == panel.id
    assert len(panels) >= 6


def test_an_export_comes_in_again():
    spec = DashboardSpec.model_validate(SPEC)
    document = exported("Load", spec)
    for text in (yaml.safe_dump(document, sort_keys=False), str(document).replace("'", '"')):
        found = read_import(text.replace("True", "true"))
        assert (found.form, found.name, found.spec) == ("vedette", "Load", spec)


@pytest.mark.parametrize(
    "text", ["[1]", "{}", "plain", "kind: Alarm\nmetadata: {name: a}\nspec: {}"]
)
def test_what_is_no_dashboard_is_refused(text):
    with pytest.raises(InvalidInputError):
        read_import(text)
