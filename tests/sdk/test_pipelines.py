"""Pipelines and tasks tell of themselves; whatever happens, the job goes its own way."""

import asyncio
import threading

import pandas as pd
import pyarrow as pa
import pytest

import vedette
from vedette.core.errors import InvalidInputError
from vedette.sdk import client
from vedette.sdk.activities import current_activity


class FakeHandle:
    """Takes entries as the handle of ``init`` does, and makes them at once."""

    def __init__(self):
        self.events = []
        self.config = type("Config", (), {"service_name": "etl"})()

    def record(self, signal, entry):
        assert signal == "lineage"
        self.events.extend(entry())


@pytest.fixture
def told(monkeypatch):
    handle = FakeHandle()
    monkeypatch.setattr(client, "_current", handle)
    return handle.events


def test_a_pipeline_with_tasks_and_a_retry(told):
    tries = []

    @vedette.task(writes=["orders"], retries=2, owners=["data"], tags={"tier": "gold"})
    def load(frame):
        """Load orders."""
        tries.append(1)
        if len(tries) == 1:
            raise OSError("away")
        return frame

    @vedette.pipeline
    def nightly():
        with vedette.task("extract", reads=["s3://bucket/in.parquet"]) as task:
            task.read("s3://bucket/in.parquet", rows=10, version="3")
            frame = pd.DataFrame({"id": [1, 2], "total": [1.0, 2.0]})
            task.write("raw", frame, columns={"total": ["s3://bucket/in.parquet.price"]})
        return load(frame)

    nightly()
    kinds = [(event["eventType"], event["job"]["name"]) for event in told]
    assert kinds == [
        ("START", "nightly"), ("START", "nightly.extract"), ("COMPLETE", "nightly.extract"),
        ("START", "nightly.load"), ("FAIL", "nightly.load"), ("START", "nightly.load"),
        ("COMPLETE", "nightly.load"), ("COMPLETE", "nightly"),
    ]  # fmt: skip
    run = told[0]["run"]["runId"]
    assert all(e["run"]["facets"]["parent"]["run"]["runId"] == run for e in told[1:7])
    extract, failed, loaded = told[2], told[4], told[6]
    (read,), (written,) = extract["inputs"], extract["outputs"]
    assert (read["namespace"], read["name"]) == ("s3://bucket", "in.parquet")
    assert read["inputFacets"]["inputStatistics"]["rowCount"] == 10
    assert read["facets"]["version"]["datasetVersion"] == "3"
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert [f["name"] for f in written["facets"]["schema"]["fields"]] == ["id", "total"]
    (source,) = written["facets"]["columnLineage"]["fields"]["total"]["inputFields"]
    assert (source["name"], source["field"]) == ("in.parquet", "price")
    assert failed["run"]["facets"]["errorMessage"]["message"] == "OSError: away"
    assert failed["run"]["runId"] != loaded["run"]["runId"]
    assert loaded["run"]["facets"]["vedette"]["attempt"] == 2
    assert loaded["run"]["facets"]["vedette"]["rowsIn"] == 2
    assert loaded["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 2
    assert loaded["job"]["facets"]["documentation"]["description"] == "Load orders."
    assert loaded["job"]["facets"]["ownership"]["owners"] == [{"name": "data", "type": "OWNER"}]
    assert current_activity() is None


def test_async_functions_keep_their_own_runs(told):
    @vedette.task
    async def step(number):
        await asyncio.sleep(0)
        return pa.table({"n": list(range(number))})

    @vedette.pipeline("parallel", namespace="team")
    async def work():
        await asyncio.gather(*(step(number) for number in range(1, 4)))

    asyncio.run(work())
    ends = [e for e in told if e["eventType"] == "COMPLETE" and e["job"]["name"] != "parallel"]
    assert {e["run"]["facets"]["parent"]["job"]["name"] for e in ends} == {"parallel"}
    assert {e["job"]["namespace"] for e in told} == {"team"}
    assert sorted(e["run"]["facets"]["vedette"]["rowsOut"] for e in ends) == [1, 2, 3]


def test_tasks_in_threads_and_processes(told, monkeypatch):
    with vedette.pipeline("threads") as run:

        def part():
            with run.task("part") as task:
                task.rows_out = 7

        thread = threading.Thread(target=part)
        thread.start()
        thread.join()
        monkeypatch.setenv("OPENLINEAGE_PARENT_ID", run.environment()["OPENLINEAGE_PARENT_ID"])
    assert told[1]["run"]["facets"]["parent"]["run"]["runId"] == run.run_id
    with vedette.pipeline("child"):
        pass
    parent = told[-1]["run"]["facets"]["parent"]
    assert (parent["job"], parent["run"]["runId"]) == (
        {"namespace": "vedette", "name": "threads"}, run.run_id,
    )  # fmt: skip


def test_the_job_never_feels_it(told, monkeypatch):
    class Odd:
        columns = property(lambda self: 1 / 0)

    with pytest.raises(ZeroDivisionError, match="the job's own"), vedette.task("fails") as task:
        task.write("x", Odd())
        raise ZeroDivisionError("the job's own")
    assert told[-1]["eventType"] == "FAIL"
    monkeypatch.setattr(FakeHandle, "record", lambda *_: 1 / 0)
    with vedette.pipeline("quiet") as run:
        run.rows_out = 1
    monkeypatch.setattr(client, "_current", None)
    assert vedette.task(lambda: 5)() == 5


@pytest.mark.parametrize("options", [{"retries": -1}, {"retries": 1000}, {"nothing": 1}])
def test_wrong_arguments_raise(options):
    with pytest.raises(InvalidInputError):
        vedette.task("x", **options)
    with pytest.raises(InvalidInputError), vedette.task("x") as task:
        task.read("d", colour="red")
