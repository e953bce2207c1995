"""``vedette runs`` and ``vedette prices`` against a real server."""

from __future__ import annotations

import json

import httpx
import pytest
from typer.testing import CliRunner

from vedette.cli.main import app


@pytest.fixture
def vedette(tenant):
    env = {"VEDETTE_ENDPOINT": tenant.server.url, "VEDETTE_API_KEY": tenant.key, "COLUMNS": "200"}

    def run(*arguments):
        done = CliRunner(env=env).invoke(app, list(arguments))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    return run


@pytest.fixture
def logged(tenant):
    """Three finished runs of one experiment; returns their ids."""

    def call(path, **body):
        url = f"{tenant.server.url}/api/2.0/mlflow/{path}"
        answer = httpx.post(url, json=body, headers=tenant.headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    experiment = call("experiments/create", name="churn [nightly]")["experiment_id"]
    ids = []
    for number in range(3):
        run = call("runs/create", experiment_id=experiment, run_name=f"r{number}", start_time=1000)
        ids.append(run["run"]["info"]["run_id"])
        call("runs/log-batch", run_id=ids[-1],
             params=[{"key": "depth", "value": str(number)}, {"key": "seed", "value": "7"}],
             metrics=[{"key": "loss", "value": 1 / (number + 1), "timestamp": 2000, "step": 4}])  # fmt: skip
        call("runs/update", run_id=ids[-1], status="FINISHED", end_time=91_000)
    return ids


def test_runs_are_listed_shown_and_compared(vedette, logged):
    assert "churn [nightly]" in vedette("runs", "experiments", "churn")
    found = json.loads(vedette(
        "runs", "list", "churn [nightly]", "--filter", "metrics.loss < 0.9", "--column", "metrics.loss",
        "--order", "metrics.loss ASC", "--json",
    ))  # fmt: skip
    assert [run["id"] for run in found["runs"]] == [logged[2], logged[1]]
    assert found["values"]["metrics.loss"] == [pytest.approx(1 / 3), 0.5]
    listed = vedette("runs", "list", "--limit", "1")
    assert "1 of 3 runs" in listed
    shown = vedette("runs", "show", logged[1])
    assert "r1 of churn [nightly]: finished" in shown
    assert "took 1.5 m" in shown
    assert "0.5 at step 4" in shown
    compared = vedette("runs", "compare", *logged, "--differing")
    assert "depth" in compared
    assert "seed" not in compared
    assert "0.333333" in compared
    with pytest.raises(Exception, match="there is no experiment"):
        vedette("runs", "list", "none of these")


def test_prices_that_are_left_out_stay(vedette):
    vedette("prices", "set", "--currency", "EUR", "--host-hour", "0.9")
    found = json.loads(vedette("prices", "set", "--gpu-hour", "2.4", "--json"))
    assert (found["currency"], found["host_hour"], found["gpu_hour"]) == ("EUR", 0.9, 2.4)
    assert "2.4" in vedette("prices", "show")
