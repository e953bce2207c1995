import json
from datetime import UTC, datetime

import pytest

from support.lineage import dataset, facet, run_events, run_id
from vedette.core.names import dataset_source_name, lineage_parts
from vedette.ingest import Source
from vedette.lineage.entities import LineageEntities
from vedette.lineage.graph import Edge, Lineage, Node
from vedette.lineage.service import LineageService
from vedette.models.context import Caller
from vedette.models.registry.models import Models
from vedette.models.registry.versions import Versions
from vedette.models.tracking.inputs import log_inputs
from vedette.models.tracking.logged_models import LoggedModels
from vedette.models.tracking.runs import Input, Runs
from vedette.store.catalog import Actor

ACTOR = Actor.system("tests")
URL = "s3://lake/features.parquet"


@pytest.fixture
def service(catalog, runner):
    return LineageService(catalog, runner)


@pytest.fixture
def whole(catalog, account, store, submit):
    """Source table -> pipeline -> dataset -> version -> run -> logged model -> version -> endpoint."""
    columns = facet(fields={"delay": {"inputFields": [
        {"namespace": "vedette", "name": "flights", "field": "arr_delay"}]}})  # fmt: skip
    features = dataset("features.parquet", "s3://lake", rows=5, columnLineage=columns)
    store(
        [
            *run_events("etl", "etl-1", 900, 800, inputs=[dataset("flights")], outputs=[features]),
            *run_events("report", "r-1", 700, 600, inputs=[features], outputs=[dataset("weekly")]),
        ]
    )
    caller = Caller(catalog, account, ACTOR)
    logged = LoggedModels(caller)
    now = int(datetime.now(UTC).timestamp() * 1000)
    run = Runs(caller).create("0", name="train", start_ms=now).info.id
    made = logged.create("0", name="delay", source_run_id=run)
    source = json.dumps({"uri": URL})
    log_inputs(caller, run, [Input("training", "abc123", "s3", source)])
    Models(caller).create("delay")
    Versions(caller).create("delay", "models:/m", run_id=run, logged_model_id=made.id)
    line = {"model": "delay", "version": "1", "endpoint": "/predict", "prediction": 1}
    submit(Source.PREDICTIONS, account, json.dumps(line).encode())
    return {"run": run, "logged": made.id}


def test_from_the_source_table_to_predictions(service, account, whole):
    graph = service.graph(
        account, Node("dataset", "flights"), direction="down", depth=10, limit=100
    )
    assert graph.hops == {
        Node("dataset", "flights"): 0,
        Node("pipeline", "etl"): 1,
        Node("dataset", URL): 2,
        Node("pipeline", "report"): 3,
        Node("dataset", "training", "abc123"): 3,
        Node("dataset", "weekly"): 4,
        Node("run", whole["run"]): 4,
        Node("logged_model", whole["logged"]): 5,
        Node("model", "delay", "1"): 6,
        Node("endpoint", "/predict"): 7,
        Node("predictions", "delay"): 8,
    }
    assert graph.about[Node("pipeline", "etl")]["status"] == "completed"
    assert graph.about[Node("model", "delay", "1")]["serving"] is True
    back = service.graph(account, Node("predictions", "delay"), direction="up", depth=10, limit=100)
    assert back.hops[Node("dataset", "flights")] == -8
    near = service.graph(account, Node("dataset", URL), direction="both", depth=1, limit=100)
    assert set(near.hops.values()) == {0, 1, -1}
    few = service.graph(account, Node("dataset", "flights"), direction="down", depth=9, limit=3)
    assert (len(few.hops), few.truncated) == (3, True)


def test_a_model_as_a_whole_is_made_of_its_versions(service, account, whole):
    start = Node("model", "delay")
    graph = service.graph(account, start, direction="both", depth=10, limit=100)
    assert graph.hops == {
        start: 0,
        Node("model", "delay", "1"): -1,
        Node("logged_model", whole["logged"]): -2,
        Node("run", whole["run"]): -3,
        Node("dataset", "training", "abc123"): -4,
        Node("dataset", "training"): -5,
        Node("dataset", URL): -5,
        Node("pipeline", "etl"): -6,
        Node("dataset", "flights"): -7,
        Node("endpoint", "/predict"): 1,
        Node("predictions", "delay"): 2,
    }


def test_impact_and_provenance(service, account, whole):
    impact = service.impact(account, Node("dataset", "flights"))
    assert [one["name"] for one in impact["trained"]] == [whole["run"]]
    assert [one["version"] for one in impact["in_production"]] == ["1"]
    assert impact["counts"]["pipeline"] == 2
    column = service.impact(account, Node("dataset", "flights"), "arr_delay")
    assert [one["name"] for one in column["reached"]["dataset"]] == [URL, "training"]
    assert [one["version"] for one in column["in_production"]] == ["1"]
    nothing = service.impact(account, Node("dataset", "flights"), "carrier")
    assert nothing["counts"] == {}
    (made,) = service.provenance(account, Node("model", "delay", "1"))["datasets"]
    assert (made["pipeline"], made["pipeline_run"]) == ("etl", run_id("etl-1"))
    assert (made["version"], made["inferred"]) == ("abc123", True)


def test_columns_and_search(service, runner, account, whole):
    entities = LineageEntities(runner)
    assert service.columns.fields(account, URL) == ["delay"]
    (edge,) = service.columns.walk(account, URL, ["delay"], down=False, depth=5, limit=10)
    assert edge["source"] == {"dataset": "flights", "field": "arr_delay"}
    assert {row["name"] for row in entities.search(account, "f")[0]} == {"flights", URL}
    assert [row["namespace"] for row in entities.namespaces(account)] == ["s3://lake", "vedette"]
    assert entities.search("default", "flights") == ([], 0)


def test_another_layer_adds_its_edges(account):
    class Kpis:
        kinds = frozenset({"predictions"})

        def edges(self, account, nodes, *, down, limit):
            return [Edge(node, Node("kpi", "revenue"), "ContributedTo") for node in nodes if down]

        def describe(self, account, nodes):
            return {}

    graph = Lineage([Kpis()]).walk(account, Node("predictions", "delay"))
    assert graph.hops[Node("kpi", "revenue")] == 1


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ('{"uri": "s3://b/k.parquet"}', "s3://b/k.parquet"),
        ('{"path": "/data/x.csv"}', "file:///data/x.csv"),
        ('{"url": "https://e.org/x.csv"}', "https://e.org/x.csv"),
        (
            '{"uri": "postgresql://u:p@h/shop/public/orders"}',
            "postgres://h:5432/shop.public.orders",
        ),
        ('{"tags": {"mlflow.user": "x"}}', ""),
        ("not json", "not json"),
    ],
)
def test_names_of_where_datasets_came_from(source, name):
    assert dataset_source_name(source) == name


def test_parts_of_odd_urls():
    assert lineage_parts("http://[broken/x") == ("vedette", "http://[broken/x")
    assert lineage_parts("s3://user:secret@bucket/k") == ("s3://bucket", "k")
