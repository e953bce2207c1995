"""Profiles, drift and checks in a process of their own, against a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from support.server import Server

PROFILE = """
import datetime as dt, json, sys
import numpy as np, pandas as pd
import vedette
draw = np.random.default_rng(0)
frame = pd.DataFrame({
    "age": draw.integers(18, 80, 3000), "score": draw.normal(size=3000),
    "country": draw.choice(["DE", "FR"], 3000),
    "at": pd.date_range("2026-01-01", periods=3000, freq="min", tz="UTC"),
})
whole = vedette.profile(frame, "people", start=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
                        end=dt.datetime(2026, 1, 4, tzinfo=dt.UTC))
windows = vedette.profile(frame, "people by the hour", time_column="at", period="1h", segment_by=["country"])
training = vedette.profile(frame, "people", baseline="model:churn/1")
away = vedette.profile(frame.head(10))
report = vedette.drift(whole, frame.assign(score=frame.score + 1), "evidently")
assert report.report["score"].status == "drift"
assert "<svg" in report._repr_html_() and "<svg" in whole._repr_html_()
try:
    vedette.check(frame, [{"check": "range", "column": "age", "max": 70}])
except Exception as error:
    failed = [type(error).__name__, error.report.as_dict()["violated"]]
vedette.check(frame, [{"check": "drift", "column": "age"}], baseline=whole)
print(json.dumps([whole.sent, windows.sent, training.sent, away.sent, float(whole["age"].mean), failed]))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("data")
    with Server(folder / "data", sources_allowed=str(folder.parent)) as started:
        yield started


def run(
    arguments: list[str], folder: Path, server: Server | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VEDETTE_", "OTEL_"))}
    if server:
        kept |= {"VEDETTE_ENDPOINT": server.url, "VEDETTE_API_KEY": server.key}
    return subprocess.run(
        [sys.executable, *arguments],
        check=False, cwd=folder, env=kept, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_states_reach_the_server_and_rows_stay(server: Server, tmp_path: Path) -> None:
    done = run(["-c", PROFILE], tmp_path, server)
    assert done.returncode == 0, done.stderr
    whole, windows, training, away, mean, failed = json.loads(done.stdout)
    assert (whole, windows, training, away) == (True, True, True, False)
    assert failed == ["CheckFailedError", 1]
    stored = server.rows(
        "SELECT Dataset, count() AS rows, sum(Rows) AS counted, sumKahanMerge(Sum) / sum(Rows) AS mean,"
        " countDistinct(Start) AS windows FROM data_profiles WHERE Name = 'age' GROUP BY Dataset ORDER BY Dataset"
    )
    assert [(one["Dataset"], one["counted"]) for one in stored] == [
        ("people", 3000),
        ("people by the hour", 3000),
    ]
    assert stored[0]["mean"] == pytest.approx(mean)
    assert (stored[1]["rows"], stored[1]["windows"]) == (100, 50)
    (frozen,) = server.rows("SELECT sum(Rows) AS rows FROM data_baselines WHERE Name = 'age'")
    assert frozen["rows"] == 3000


def test_constraints_of_model_monitor_are_a_gate(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("age\n" + "\n".join(map(str, range(20, 60))))
    (tmp_path / "bad.csv").write_text("age\n" + "\n".join(map(str, range(-2, 60))))
    feature = {
        "name": "age",
        "inferred_type": "Integral",
        "num_constraints": {"is_non_negative": True},
    }
    compared = {"distribution_constraints": {"perform_comparison": "Enabled"}}
    (tmp_path / "constraints.json").write_text(
        json.dumps({"features": [feature], "monitoring_config": compared})
    )
    command = [
        "-m",
        "vedette",
        "check",
        "constraints.json",
        "--violations",
        "found.json",
        "--source",
    ]
    said = tmp_path / "found.json"
    assert run([*command, "good.csv"], tmp_path).returncode == 0
    assert json.loads(said.read_text()) == {"violations": []}
    assert run([*command, "bad.csv"], tmp_path).returncode == 1
    assert json.loads(said.read_text()) == {"violations": [{
        "feature_name": "age", "constraint_check_type": "data_type_check",
        "description": "2 negative values; the least is -2.0",
    }]}  # fmt: skip
    assert run([*command, "bad.csv", "--baseline", "bad.csv"], tmp_path).returncode == 1
    (tmp_path / "constraints.json").write_text(
        '{"features": [{"name": "age", "completeness": "x"}]}'
    )
    told = run([*command, "good.csv"], tmp_path)
    assert told.returncode != 0
    assert "completeness of age is 'x', no number" in " ".join(told.stderr.split())


def test_commands(server: Server, tmp_path: Path) -> None:
    rows = ["age,plan", *(f"{age},pro" for age in range(20, 60)), "-1,free"]
    (tmp_path / "people.csv").write_text("\n".join(rows))
    (tmp_path / "checks.yaml").write_text(
        "source: people.csv\n"
        "checks:\n"
        "  - {check: non_negative, column: age}\n"
        "  - {check: values, column: plan, in: [pro], at_least: 0.5, severity: warning}\n"
    )
    vedette = ["-m", "vedette"]
    checked = run([*vedette, "check", "checks.yaml", "--json"], tmp_path)
    assert checked.returncode == 1, checked.stderr
    report = json.loads(checked.stdout)
    assert (report["violated"], report["passed"], report["rows"]) == (1, 1, 41)
    assert (
        run([*vedette, "check", "checks.yaml", "--fail-on", "critical"], tmp_path).returncode == 0
    )
    sent = run(
        [*vedette, "profile", "people.csv", "--dataset", "of a file", "--json"], tmp_path, server
    )
    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["rows"] == 41
    (count,) = server.rows("SELECT count() AS rows FROM data_profiles WHERE Dataset = 'of a file'")
    assert count["rows"] == 2
    (tmp_path / "other.csv").write_text(
        "\n".join(["age,plan", *(f"{age},gold" for age in range(60, 100))])
    )
    drifted = run([*vedette, "drift", "people.csv", "other.csv", "--html", "drift.html"], tmp_path)
    assert drifted.returncode == 1, drifted.stderr
    assert "2 of 2 columns drifted" in drifted.stdout
    assert "<script" not in (tmp_path / "drift.html").read_text()
    missing = run([*vedette, "profile", "none.csv"], tmp_path)
    assert missing.returncode == 1
    assert "there is no file" in missing.stderr
    (tmp_path / "header.csv").write_text('id,"the ""name"""\n')
    header = run([*vedette, "profile", "header.csv", "--json"], tmp_path)
    assert header.returncode == 0, header.stderr
    found = json.loads(header.stdout)
    assert (found["rows"], [one["name"] for one in found["columns"]]) == (0, ["id", 'the "name"'])
    (tmp_path / "header.csv").write_text("")
    assert "cannot be read" in run([*vedette, "profile", "header.csv"], tmp_path).stderr


def test_what_cannot_be_looked_at_is_no_bad_data(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("age\n1\n2\n")
    (tmp_path / "broken.yaml").write_text("checks: [\n")
    (tmp_path / "good.yaml").write_text("checks:\n- {check: range, column: age, max: 5}\n")
    check = ["check", "good.yaml", "--source", "people.csv"]
    for command, said in (
        (["check", "none.yaml", "--source", "people.csv"], "none.yaml cannot be read"),
        (["check", "broken.yaml", "--source", "people.csv"], "broken.yaml cannot be read"),
        (["check", "good.yaml", "--source", "none.csv"], "there is no file"),
        ([*check, "--fail-on", "never"], "'never' is no severity"),
        ([*check, "--violations", "no/such.json"], "no/such.json cannot be read or written"),
        ([*check, "--sauce", "people.csv"], "No such option"),
        (["drift", "people.csv", "none.csv"], "there is no file"),
        (["data", "monitors", "run", "x", "--endpoint", "http://127.0.0.1:1"], "does not answer"),
    ):
        done = run(["-m", "vedette", *command], tmp_path)
        assert done.returncode == 2, (command, done.stderr)
        assert said in " ".join(done.stderr.split())
    assert run(["-m", "vedette", *check], tmp_path).returncode == 0


def test_commands_of_monitors(server: Server, tmp_path: Path) -> None:
    vedette = ["-m", "vedette", "data"]
    (tmp_path / "people.csv").write_text("name,age\nada,36\nbob,41\nbob,-1\n")
    (tmp_path / "monitor.yaml").write_text(
        f"dataset: people of a file\nsource: {{url: {tmp_path}/people.csv}}\nschedule: every 1d\n"
        "checks:\n  - {check: unique, columns: [name]}\n  - {check: non_negative, column: age}\n"
    )
    put = [*vedette, "monitors", "put", "people", "monitor.yaml"]
    refused = run([*put[:-1], "other.yaml"], tmp_path, server)
    assert refused.returncode == 1
    made = run(put, tmp_path, server)
    assert made.stdout.strip() == "people watches people of a file", made.stderr
    ran = run([*vedette, "monitors", "run", "people"], tmp_path, server)
    assert "1 windows, 2 violations" in ran.stdout, ran.stderr
    assert ran.returncode == 1
    (shown,) = json.loads(
        run([*vedette, "monitors", "runs", "people", "--json"], tmp_path, server).stdout
    )
    assert (shown["status"], shown["rows"]) == ("CompletedWithViolations", 3)
    listed = run([*vedette, "datasets", "list", "people of a file", "--json"], tmp_path, server)
    (dataset,) = json.loads(listed.stdout)
    assert (dataset["checks"], dataset["violations"], dataset["monitors"]) == ("violated", 2, 1)
    assert "people" in run([*vedette, "monitors", "list"], tmp_path, server).stdout
    (tmp_path / "monitor.yaml").write_text(
        "dataset: x\nsource: {url: /etc/passwd}\nschedule: every 1d\n"
    )
    assert "may not read that" in run(put, tmp_path, server).stderr


def test_a_server_that_is_away_or_refuses(server: Server, tmp_path: Path) -> None:
    code = "import vedette; print(vedette.profile({'x': [1]}, 'x', endpoint='http://127.0.0.1:1').sent)"
    away = run(["-c", "import vedette.sdk.api_client as a; a.ATTEMPTS = 1\n" + code], tmp_path)
    assert (away.returncode, away.stdout.strip()) == (0, "False")
    assert "not sent to the server" in away.stderr
    refused = run(
        ["-c", "import vedette; vedette.profile({'x': [1]}, 'x', api_key='wrong')"],
        tmp_path,
        server,
    )
    assert refused.returncode == 1
    assert "the server refused it: HTTP 401" in refused.stderr


def moved(folder: Path, target: Path) -> Path:
    """Copy artifacts, as if they were made yesterday."""
    shift = datetime.now(UTC).date() - timedelta(days=1) - date(2026, 11, 29)

    def later(match: re.Match[str]) -> str:
        dash = "-" if "-" in match[0] else ""
        return f"{date.fromisoformat(match[0][:-1]) + shift:%Y{dash}%m{dash}%d}T"

    for file in folder.iterdir():
        text = re.sub(r"2026-11-\d\dT|202611\d\dT", later, file.read_text())
        (target / file.name).write_text(text)
    return target


def test_artifacts_of_other_tools_are_imported_once(server: Server, tmp_path: Path) -> None:
    def get(path: str, **params: str) -> Any:
        answer = httpx.get(
            f"{server.url}/api/v1{path}", params=params, headers=server.headers(), timeout=60
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    support = Path(__file__).parents[1] / "support"
    moved(support / "dbt_shop", tmp_path)
    command = ["-m", "vedette", "import", "dbt", ".", "--namespace", "postgres://db:5432"]
    first, again = run(command, tmp_path, server), run(command, tmp_path, server)
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert first.stdout.strip() == "17 events, 8 results of checks"
    assert again.stdout.strip() == "17 events, 0 results of checks, 8 were there already"
    (pipeline,) = get("/pipelines", start="-3d")["pipelines"]
    assert (pipeline["job"], pipeline["runs"], pipeline["tasks"], pipeline["last_status"]) == (
        "dbt/shop.build", 1, 7, "failed",
    )  # fmt: skip
    found = get(f"/pipelines/runs/{pipeline['last_run_id']}")
    statuses = {task["label"]: task["status"] for task in found["tasks"]}
    assert (statuses["broken"], statuses["after_broken"]) == ("failed", "aborted")
    assert len(found["checks"]) == 7
    orders = "postgres://db:5432/shop.main.orders"
    listed = {one["name"]: one for one in get("/datasets")["datasets"]}
    assert (listed[orders]["checks"], listed[orders]["violations"]) == ("violated", 2)
    said = get(f"/datasets/{quote(orders, safe='')}/results", start="-3d")["results"]
    assert len(said) == 4
    assert {one["monitor"] for one in said} == {"gate:dbt shop"}
    graph = get("/lineage", nodeId="dataset:postgres://db:5432:shop.main.raw_orders", depth="9")
    assert "job:dbt:shop.exposures.weekly_revenue" in {node["id"] for node in graph["graph"]}

    (tmp_path / "gx").mkdir()
    moved(support / "great_expectations", tmp_path / "gx")
    command = ["-m", "vedette", "import", "great-expectations", "gx", "--dataset", orders]
    first, again = run(command, tmp_path, server), run(command, tmp_path, server)
    assert first.stdout.strip() == "0 events, 12 results of checks", first.stderr
    assert again.stdout.strip() == "0 events, 0 results of checks, 12 were there already"
    said = get(f"/datasets/{quote(orders, safe='')}/results", start="-3d")["results"]
    assert len(said) == 16 + 2  # with the rows of each validation
