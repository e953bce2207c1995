"""Real producers of OpenLineage, unmodified: the Python client in the suite, dbt by hand.

dbt needs an environment of its own: ``VEDETTE_DBT_VENV`` (dbt-core<1.11, dbt-duckdb<1.11,
openlineage-dbt) names one where ``dbt-ol run`` is to be tried; without it that test is skipped.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

client = pytest.importorskip("openlineage.client")


def get(tenant, path, **params):
    answer = httpx.get(
        f"{tenant.server.url}/api/v1{path}", params=params, headers=tenant.headers, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_python_client(tenant):
    from openlineage.client.event_v2 import (
        InputDataset,
        Job,
        OutputDataset,
        Run,
        RunEvent,
        RunState,
    )
    from openlineage.client.facet_v2 import output_statistics_output_dataset, schema_dataset
    from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport

    config = HttpConfig(url=tenant.server.url, auth=ApiKeyTokenProvider({"apiKey": tenant.key}))
    sender = client.OpenLineageClient(transport=HttpTransport(config))
    run, job = Run(runId=str(uuid.uuid4())), Job(namespace="shop", name="load")
    schema = schema_dataset.SchemaDatasetFacet(
        fields=[schema_dataset.SchemaDatasetFacetFields(name="id", type="BIGINT")]
    )
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=7)
    for state in (RunState.START, RunState.COMPLETE):
        sender.emit(
            RunEvent(
                eventType=state,
                eventTime=datetime.now(UTC).isoformat(),
                run=run,
                job=job,
                producer="https://example.org/producer",
                inputs=[InputDataset(namespace="s3://bucket", name="in.parquet")],
                outputs=[
                    OutputDataset(
                        namespace="postgres://db:5432",
                        name="shop.public.orders",
                        facets={"schema": schema},
                        outputFacets={"outputStatistics": statistics},
                    )
                ],
            )
        )
    found = get(tenant, f"/pipelines/runs/{run.runId}")
    assert (found["run"]["job"], found["run"]["status"]) == ("shop/load", "completed")
    assert found["run"]["rows_out"] == 7
    graph = get(tenant, "/lineage", nodeId="job:shop:load", depth=2)["graph"]
    assert {node["id"] for node in graph} == {
        "job:shop:load", "dataset:s3://bucket:in.parquet",
        "dataset:postgres://db:5432:shop.public.orders",
    }  # fmt: skip
    page = get(tenant, "/search", q="*", limit=1)
    assert (len(page["results"]), page["totalCount"]) == (1, 3)
    behind = get(tenant, "/namespaces/shop/jobs", offset=5)
    assert (behind["jobs"], behind["totalCount"]) == ([], 1)
    one = get(tenant, "/namespaces/postgres%3A%2F%2Fdb%3A5432/datasets/shop.public.orders")
    assert [field["name"] for field in one["fields"]] == ["id"]
    assert one["currentVersion"] == run.runId
    (done,) = get(tenant, "/namespaces/shop/jobs/load/runs")["runs"]
    assert (done["id"], done["state"]) == (run.runId, "COMPLETED")
    unknown = httpx.get(
        f"{tenant.server.url}/api/v1/lineage", params={"nodeId": "job:shop:nothing"},
        headers=tenant.headers, timeout=60,
    )  # fmt: skip
    assert (unknown.status_code, unknown.json()["error"]["field"]) == (404, "nodeId")


@pytest.mark.skipif("VEDETTE_DBT_VENV" not in os.environ, reason="VEDETTE_DBT_VENV is not set")
def test_dbt_with_openlineage(tenant, tmp_path):
    scripts = Path(os.environ["VEDETTE_DBT_VENV"]) / "bin"
    (tmp_path / "models").mkdir()
    (tmp_path / "dbt_project.yml").write_text(
        "name: shop\nversion: '1.0'\nprofile: shop\nmodel-paths: [models]\n"
    )
    (tmp_path / "profiles.yml").write_text(
        f"shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n"
        f"      path: {tmp_path}/shop.duckdb\n"
    )
    (tmp_path / "models" / "raw.sql").write_text("select 1 as id, 2.5 as price")
    (tmp_path / "models" / "orders.sql").write_text(
        "select id, price * 2 as total from {{ ref('raw') }}"
    )
    environ = {
        **os.environ, "PATH": f"{scripts}:{os.environ['PATH']}", "OPENLINEAGE_URL": tenant.server.url,
        "OPENLINEAGE_API_KEY": tenant.key, "OPENLINEAGE_NAMESPACE": "dbt",
        "OPENLINEAGE__TRANSPORT__TYPE": "http", "OPENLINEAGE__TRANSPORT__URL": tenant.server.url,
        "OPENLINEAGE__TRANSPORT__AUTH__TYPE": "api_key",
        "OPENLINEAGE__TRANSPORT__AUTH__API_KEY": tenant.key, "PYTHONPATH": "",
    }  # fmt: skip
    command = [
        str(scripts / "dbt-ol"),
        "run",
        "--project-dir",
        str(tmp_path),
        "--profiles-dir",
        str(tmp_path),
    ]
    done = subprocess.run(  # noqa: PLW1510
        command, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (pipeline,) = get(tenant, "/pipelines")["pipelines"]
    assert (pipeline["integration"], pipeline["last_status"], pipeline["tasks"]) == (
        "DBT",
        "completed",
        2,
    )
    found = get(tenant, f"/pipelines/runs/{pipeline['last_run_id']}")
    assert {task["status"] for task in found["tasks"]} == {"completed"}
    written = [one["dataset"] for one in found["datasets"] if one["direction"] == "out"]
    assert any(name.endswith("orders") for name in written), written
