import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from vedette.core.names import lineage_name
from vedette.store.catalog import Scope

PRODUCER = "https://github.com/OpenLineage/OpenLineage/tree/1.54.0/client/python"


def moment(seconds=0):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def facet(**values):
    return {"_producer": PRODUCER, "_schemaURL": "https://openlineage.io/spec/x.json", **values}


def run_event(event_type="COMPLETE", name="load", **changes):
    return {
        "eventType": event_type, "eventTime": moment(), "producer": PRODUCER,
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid4()), "facets": {}}, "job": {"namespace": "shop", "name": name},
        "inputs": [], "outputs": [], **changes,
    }  # fmt: skip


WHOLE = run_event(
    name="nightly.load",
    run={"runId": "4d5e3cd7-3a36-4a2b-9d41-5d0c8a1f0001", "facets": {
        "parent": facet(run={"runId": "4d5e3cd7-3a36-4a2b-9d41-5d0c8a1f0000"},
                        job={"namespace": "shop", "name": "nightly"}),
        "nominalTime": facet(nominalStartTime="2026-11-01T02:00:00Z", nominalEndTime="2026-11-02T02:00:00Z"),
        "errorMessage": facet(message="boom", programmingLanguage="PYTHON"),
        "processing_engine": facet(name="spark", version="3.5"),
        "my_own": facet(kept={"as": "it is"}),
    }},
    job={"namespace": "shop", "name": "nightly.load", "facets": {
        "sql": facet(query="INSERT INTO t SELECT 1"),
        "jobType": facet(processingType="BATCH", integration="SPARK", jobType="JOB"),
        "ownership": facet(owners=[{"name": "team:data", "type": "OWNER"}]),
        "documentation": facet(description="loads"),
        "sourceCodeLocation": facet(type="git", url="https://example.org/x.py"),
        "tags": facet(tags=[{"key": "tier", "value": "gold"}]),
    }},
    inputs=[{"namespace": "s3://bucket", "name": "in/a.parquet",
             "facets": {"schema": facet(fields=[{"name": "id", "type": "BIGINT"}])},
             "inputFacets": {"inputStatistics": facet(rowCount=10, size=2048, fileCount=1)}}],
    outputs=[{"namespace": "postgres://db:5432", "name": "shop.public.orders",
              "facets": {
                  "version": facet(datasetVersion="7"),
                  "lifecycleStateChange": facet(lifecycleStateChange="OVERWRITE"),
                  "symlinks": facet(identifiers=[{"namespace": "hive", "name": "orders", "type": "TABLE"}]),
                  "dataQualityAssertions": facet(
                      assertions=[{"assertion": "not_null", "success": False, "column": "id"}]),
                  "columnLineage": facet(fields={"id": {"inputFields": [
                      {"namespace": "s3://bucket", "name": "in/a.parquet", "field": "id",
                       "transformations": [{"type": "DIRECT", "subtype": "IDENTITY"}]}]}}),
              },
              "outputFacets": {"outputStatistics": facet(rowCount=9, size=1024)}}],
)  # fmt: skip


@pytest.fixture
def rows(runner, account):
    return lambda sql: runner.run(account, sql).records()


def post(client, headers, document, path="", **more):
    text = document if isinstance(document, str) else json.dumps(document)
    return client.post(
        f"/api/v1/lineage{path}", content=text,
        headers={"content-type": "application/json", **headers, **more},
    )  # fmt: skip


def test_a_run_with_all_facets_is_understood_and_kept(client, headers, rows):
    assert post(client, headers, WHOLE).status_code == 201
    (event,) = rows("SELECT * FROM @lineage_events")
    assert json.loads(event["Event"]) == WHOLE
    assert (event["Job"], event["Parent"], event["Kind"]) == (
        "shop/nightly.load",
        "shop/nightly",
        "run",
    )
    assert (event["Error"], event["Engine"], event["Integration"]) == ("boom", "spark", "SPARK")
    assert (event["Owners"], event["Tags"]) == (["team:data"], {"tier": "gold"})
    assert event["Sql"] == "INSERT INTO t SELECT 1"
    assert event["NominalEnd"].startswith("2026-11-02")
    read, written = rows("SELECT * FROM @lineage_datasets ORDER BY Direction")
    assert (read["Dataset"], read["Rows"], read["Bytes"], read["Files"]) == (
        "s3://bucket/in/a.parquet", 10, 2048, 1,
    )  # fmt: skip
    assert json.loads(read["Fields"]) == [{"name": "id", "type": "BIGINT"}]
    assert (written["Dataset"], written["Rows"], written["Version"]) == (
        "postgres://db:5432/shop.public.orders", 9, "7",
    )  # fmt: skip
    assert json.loads(written["Assertions"])[0]["success"] is False
    assert written["Lifecycle"] == "OVERWRITE"
    down = rows(
        "SELECT Kind, Name, OtherKind, OtherName, Relation FROM @lineage_edges WHERE Direction = 'down'"
        " ORDER BY Relation, Name"
    )
    orders, symlink = "postgres://db:5432/shop.public.orders", "hive/orders"
    assert [tuple(edge.values()) for edge in down] == [
        ("dataset", "s3://bucket/in/a.parquet", "pipeline", "shop/nightly.load", "ContributedTo"),
        ("pipeline", "shop/nightly.load", "dataset", orders, "Produced"),
        ("dataset", symlink, "dataset", orders, "SameAs"),
        ("dataset", orders, "dataset", symlink, "SameAs"),
    ]
    (column,) = rows("SELECT * FROM @lineage_columns WHERE Direction = 'up'")
    assert (column["Field"], column["OtherDataset"], column["OtherField"]) == (
        "id", "s3://bucket/in/a.parquet", "id",
    )  # fmt: skip
    assert column["Transformation"] == "DIRECT IDENTITY"


def test_what_comes_again_is_stored_once(client, headers, rows):
    event = run_event(outputs=[{"namespace": "file", "name": "/data/x.csv"}])
    for _ in range(3):
        assert post(client, headers, event).status_code == 201
    for attempt in ("1", "2"):
        assert post(
            client, headers, [event], "/batch",
            **{"vedette-batch-id": "00000000000000cd", "vedette-attempt": attempt},
        ).status_code == 200  # fmt: skip
    # Equal rows fall together in a merge, or before that where they are read.
    assert rows(
        "SELECT count() AS n FROM (SELECT DISTINCT EventId, Event FROM @lineage_events)"
    ) == [{"n": 1}]


def test_a_bad_event_keeps_no_other_from_being_stored(client, headers, rows):
    bad = [
        5, {}, {"eventTime": moment()}, run_event(eventTime="soon"),
        run_event(run={"runId": 7}), run_event(job={"namespace": "a"}),
        run_event(outputs=[{"namespace": "n"}]), run_event(inputs=["x"]),
        run_event(eventTime="1999-01-01T00:00:00Z"),
        {"eventTime": moment(), "dataset": {"name": "x"}},
    ]  # fmt: skip
    batch = [run_event(), *bad, run_event("SOMETHING")]
    answer = post(client, headers, batch, "/batch")
    assert answer.status_code == 200
    told = answer.json()
    assert told["summary"]["successful"] == 2, json.dumps(told["failed_events"])
    assert [event["index"] for event in told["failed_events"]] == list(range(1, 11))
    assert rows("SELECT EventType AS t FROM @lineage_events ORDER BY t") == [
        {"t": "COMPLETE"}, {"t": "OTHER"},
    ]  # fmt: skip
    for event in bad:
        answer = post(client, headers, event)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["message"]


def test_events_of_jobs_and_datasets(client, headers, rows):
    job = {
        "eventTime": moment(), "producer": PRODUCER, "job": {"namespace": "shop", "name": "static"},
        "inputs": [{"namespace": "vedette", "name": "orders"}], "outputs": [],
    }  # fmt: skip
    dataset = {
        "eventTime": moment(), "producer": PRODUCER,
        "dataset": {"namespace": "vedette", "name": "orders", "facets": {
            "schema": facet(fields=[{"name": "a", "type": "INT"}])}},
    }  # fmt: skip
    assert post(client, headers, job).status_code == 201
    assert post(client, headers, dataset).status_code == 201
    assert rows("SELECT Kind FROM @lineage_events ORDER BY Kind") == [
        {"Kind": "dataset"}, {"Kind": "job"},
    ]  # fmt: skip
    assert rows("SELECT Direction FROM @lineage_datasets WHERE Dataset = 'orders' ORDER BY 1") == [
        {"Direction": ""}, {"Direction": "in"},
    ]  # fmt: skip


def test_what_is_too_large_is_told(client, headers):
    many = [{"namespace": "n", "name": str(number)} for number in range(10_001)]
    small = json.dumps(run_event(inputs=many), separators=(",", ":"))
    answer = post(client, headers, small)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large"), answer.text
    assert post(client, headers, "[" + ",".join(["{}"] * 10_001) + "]", "/batch").status_code == 413
    broken = post(client, headers, '{"eventTime": ')
    assert (broken.status_code, broken.json()["error"]["field"]) == (400, "body")


def test_who_may_send(client, new_key):
    reader = new_key("reader-lineage", Scope.READ)
    assert post(client, reader, run_event()).status_code == 403
    assert post(client, {}, run_event()).status_code == 401


@pytest.mark.parametrize(
    ("namespace", "name", "full"),
    [
        ("vedette", "flights", "flights"),
        ("file", "/tmp/x.csv", "file:///tmp/x.csv"),
        ("s3://bucket", "a/b", "s3://bucket/a/b"),
        ("s3://bucket", "/", "s3://bucket/"),
        ("postgres://h:1", "d.s.t", "postgres://h:1/d.s.t"),
        ("default", "x", "default/x"),
    ],
)
def test_the_engine_names_as_python_does(client, headers, rows, namespace, name, full):
    assert lineage_name(namespace, name) == full
    event = run_event(inputs=[{"namespace": namespace, "name": name}])
    assert post(client, headers, event).status_code == 201
    assert rows("SELECT Dataset FROM @lineage_datasets") == [{"Dataset": full}]
