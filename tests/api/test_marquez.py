"""Single entities of lineage in Marquez' shapes."""

import pytest

from support.lineage import dataset, facet, run_events, run_id

LAKE = "s3://lake"
HOST = "postgres%3A%2F%2Fdb%3A5432"


@pytest.fixture
def told(admin):
    """Two runs of a job that write one table, the first of which failed, and a run that goes on."""
    schema = facet(fields=[{"name": "id", "type": "BIGINT", "description": "key"}, {"name": "x"}])
    orders = dataset("shop.public.orders", "postgres://db:5432", rows=7, schema=schema)
    versioned = dataset(
        "shop.public.orders", "postgres://db:5432", rows=9, schema=schema,
        version=facet(datasetVersion="v2"), tags=facet(tags=[{"key": "pii", "value": "yes"}]),
    )  # fmt: skip
    raw = dataset("in/a.parquet", LAKE)
    events = [
        *run_events("load", "one", 900, 800, inputs=[raw], outputs=[orders], outcome="FAIL"),
        *run_events("load", "two", 700, 640, inputs=[raw], outputs=[versioned],
                    nominalTime=facet(nominalStartTime="2026-11-01T02:00:00Z")),
        *run_events("load", "three", 60, None),
        *run_events("sweep/deep", "four", 500, 400, inputs=[versioned]),
    ]  # fmt: skip
    admin.call("POST", "/lineage/batch", 200, json=events)
    return admin


def test_a_namespace(told):
    found = told.call("GET", f"/namespaces/{HOST}")
    assert found["name"] == "postgres://db:5432"
    assert found["createdAt"] < found["updatedAt"]
    assert told.call("GET", "/namespaces/nothing", 404)["error"]["field"] == "namespace"


def test_a_dataset_and_its_versions(told):
    path = f"/namespaces/{HOST}/datasets/shop.public.orders"
    found = told.call("GET", path)
    assert found["id"] == {"namespace": "postgres://db:5432", "name": "shop.public.orders"}
    assert found["fields"][0] == {"name": "id", "type": "BIGINT", "tags": [], "description": "key"}
    assert (found["currentVersion"], found["tags"], found["deleted"]) == ("v2", ["pii:yes"], False)
    assert found["lastModifiedAt"] < found["updatedAt"], "it was read after it was written"
    assert "schema" in found["facets"]

    page = told.call("GET", f"{path}/versions", params={"limit": 1})
    assert (page["totalCount"], page["versions"][0]["version"]) == (2, "v2")
    made = page["versions"][0]["createdByRun"]
    assert (made["id"], made["state"]) == (run_id("two"), "COMPLETED")
    (older,) = told.call("GET", f"{path}/versions", params={"limit": 1, "offset": 1})["versions"]
    assert older["version"] == run_id("one"), "a version without a name has the run's"
    assert told.call("GET", f"{path}/versions/{run_id('one')}") == older
    assert told.call("GET", f"{path}/versions/v9", 404)["error"]["field"] == "version"
    assert told.call("GET", f"{path}x", 404)["error"]["field"] == "dataset"
    assert told.call("GET", f"{path}x/versions", 404)["error"]["field"] == "dataset"


@pytest.mark.parametrize("name", ["in%2Fa.parquet", "in/a.parquet"])
@pytest.mark.parametrize("namespace", ["s3%3A%2F%2Flake", "s3://lake"])
def test_slashes_are_read_however_they_are_written(told, namespace, name):
    found = told.call("GET", f"/namespaces/{namespace}/datasets/{name}")
    assert found["id"] == {"namespace": LAKE, "name": "in/a.parquet"}
    assert (found["currentVersion"], found["lastModifiedAt"]) == (None, None)
    assert told.call("GET", f"/namespaces/{namespace}/datasets/{name}/versions")["versions"] == []


def test_a_job_and_its_runs(told):
    found = told.call("GET", "/namespaces/vedette/jobs/load")
    assert [run["id"] for run in found["latestRuns"]] == [
        run_id(x) for x in ("three", "two", "one")
    ]
    assert (found["latestRun"]["state"], found["latestRun"]["endedAt"]) == ("RUNNING", None)
    # The run that goes on told of no data yet.
    assert found["inputs"] == [{"namespace": LAKE, "name": "in/a.parquet"}]
    assert [one["name"] for one in found["outputs"]] == ["shop.public.orders"]
    page = told.call("GET", "/namespaces/vedette/jobs/load/runs", params={"limit": 1, "offset": 1})
    (two,) = page["runs"]
    assert (page["totalCount"], two["id"], two["state"]) == (3, run_id("two"), "COMPLETED")
    assert (two["durationMs"], two["nominalStartTime"]) == (60_000, "2026-11-01T02:00:00Z")
    behind = told.call("GET", "/namespaces/vedette/jobs/load/runs", params={"offset": 9})
    assert (behind["runs"], behind["totalCount"]) == ([], 3)
    deep = told.call("GET", "/namespaces/vedette/jobs/sweep%2Fdeep")
    assert (deep["name"], deep["latestRun"]["id"]) == ("sweep/deep", run_id("four"))
    (run,) = told.call("GET", "/namespaces/vedette/jobs/sweep%2Fdeep/runs")["runs"]
    assert run["job"] == {"namespace": "vedette", "name": "sweep/deep"}
    for path in ("jobs/none", "jobs/none/runs"):
        assert told.call("GET", f"/namespaces/vedette/{path}", 404)["error"]["field"] == "job"


def test_a_run(told):
    found = told.call("GET", f"/jobs/runs/{run_id('two')}")
    assert (found["state"], found["job"]["name"]) == ("COMPLETED", "load")
    (read,) = found["inputDatasetVersions"]
    assert read["datasetVersionId"] == {"namespace": LAKE, "name": "in/a.parquet", "version": None}
    (written,) = found["outputDatasetVersions"]
    assert written["datasetVersionId"]["version"] == "v2"
    assert found["facets"]["nominalTime"]["nominalStartTime"] == "2026-11-01T02:00:00Z"
    assert told.call("GET", f"/jobs/runs/{run_id('one')}")["state"] == "FAILED"
    assert told.call("GET", f"/jobs/runs/{run_id('nine')}", 404)["error"]["field"] == "id"
