"""Predictions on their way to a real server: from the SDK, as references, and SageMaker's own files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest

import vedette
from vedette.core.errors import InvalidInputError

SERVICE = """
import os, vedette
vedette.init("churn-api", host_metrics=False, traces=False, logs=False, metrics=False)
rows = [{"age": 34, "email": "ada@example.org", "name": "Ada Lovelace", "note": "ada@example.org"}] * 2
ids = vedette.log_predictions(
    "churn", ["stay", "leave"], rows, version=3, drop=["name", "note"], hash=["email"],
    attributions=[{"age": 0.25, "name": 1.0}] * 2,
)
vedette.log_labels("churn", ids[:1], ["leave"])
assert vedette.flush(30)
"""


def run(tenant, *arguments, **more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VEDETTE_", "OTEL_"))}
    kept |= {"VEDETTE_ENDPOINT": tenant.server.url, "VEDETTE_API_KEY": tenant.key, **more}
    return subprocess.run(
        [sys.executable, *arguments], env=kept, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip


def test_what_is_dropped_or_hashed_never_arrives(tenant, tmp_path):
    done = run(tenant, "-c", SERVICE, VEDETTE_HASH_SALT="s3cr3t", VEDETTE_SPOOL_DIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    rows = tenant.rows("SELECT * FROM predictions")
    assert len(rows) == 2
    text = json.dumps(rows)
    assert all(secret not in text for secret in ("ada@", "Lovelace", "s3cr3t", "note", "name"))
    hashes = {row["TextFeatures"]["email"] for row in rows}
    assert len(hashes) == 1
    assert len(hashes.pop()) == 32
    assert [row["Attributions"] for row in rows] == [{"age": 0.25}] * 2
    assert tenant.row("SELECT Label FROM prediction_labels") == {"Label": "leave"}


def test_a_reference_is_there_when_the_call_returns(tenant):
    features = [{"age": age, "plan": "a" if age % 2 else "b"} for age in range(20, 60)]
    scores = [{"leave": age / 100, "stay": 1 - age / 100} for age in range(20, 60)]
    labels = ["leave" if age > 40 else "stay" for age in range(20, 60)]
    explained = vedette.attributions(
        lambda rows: rows["age"] / 100, [{"age": age} for age in range(20, 60)], method="sampling"
    )
    for _ in range(2):  # again takes the place of those before
        sent = vedette.log_reference(
            "churn", 3, labels, features, labels, name="validation", scores=scores,
            attributions=explained, endpoint=tenant.server.url, api_key=tenant.key,
        )  # fmt: skip
        assert sent == 40
    (found,) = httpx.get(
        f"{tenant.server.url}/api/v1/model-production/references", params={"model": "churn"},
        headers=tenant.headers, timeout=60,
    ).json()["references"]  # fmt: skip
    assert (found["version"], found["name"], found["rows"]) == ("3", "validation", 40)
    (one, *_) = tenant.rows("SELECT * FROM prediction_references ORDER BY PredictionId LIMIT 1")
    assert (one["ActualLabel"], one["NumericFeatures"]) == ("stay", {"age": 20})
    assert set(one["Attributions"]) == {"age"}
    with pytest.raises(InvalidInputError, match="40 predictions and 3 labels"):
        vedette.log_reference("churn", 3, labels, features, labels[:3], endpoint=tenant.server.url)
    with pytest.raises(InvalidInputError, match="HTTP 401"):
        vedette.log_reference(
            "churn", 3, labels, features, endpoint=tenant.server.url, api_key="wrong"
        )


def captured(number, mode="CSV"):
    inputs = "34,premium" if mode == "CSV" else json.dumps({"instances": [{"age": 34}]})
    return json.dumps({
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": inputs,
                              "encoding": mode},
            "endpointOutput": {"observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT",
                               "data": "0.75" if mode == "CSV" else "[0.25]", "encoding": mode},
        },
        "eventMetadata": {"eventId": f"e{number}", "inferenceTime": datetime.now(UTC).isoformat()},
        "eventVersion": "0",
    })  # fmt: skip


def test_sagemakers_files_end_as_a_models_quality(tenant, tmp_path):
    (tmp_path / "capture.jsonl").write_text(
        "\n".join([captured(1), captured(2), captured(3, "JSON")])
    )
    truth = {"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventVersion": "0"}
    (tmp_path / "truth.jsonl").write_text("\n".join(
        json.dumps({**truth, "eventMetadata": {"eventId": f"e{number}"}}) for number in (1, 2)
    ))  # fmt: skip
    command = ["-m", "vedette", "import", "sagemaker", str(tmp_path), "--model", "churn",
               "--version", "3", "--columns", "age,plan"]  # fmt: skip
    for _ in range(2):
        done = run(tenant, *command)
        assert done.stdout.strip() == "3 predictions, 2 labels", done.stderr
    rows = tenant.rows("SELECT * FROM predictions ORDER BY PredictionId")
    assert [(row["PredictionId"], row["Value"]) for row in rows] == [
        ("e1", 0.75), ("e2", 0.75), ("e3", 0.25),
    ]  # fmt: skip
    assert (rows[0]["NumericFeatures"], rows[0]["TextFeatures"]) == (
        {"age": 34},
        {"plan": "premium"},
    )
    answer = httpx.get(
        f"{tenant.server.url}/api/v1/model-production", params={"start": "-1h"},
        headers=tenant.headers, timeout=60,
    )  # fmt: skip
    (shown,) = answer.json()["rows"]
    assert (shown["model"], shown["version"], shown["predictions"]) == ("churn", "3", 3)
    assert shown["coverage"] == pytest.approx(2 / 3)
    (tmp_path / "bad.jsonl").write_text("{}")
    bad = run(tenant, *command)
    assert bad.returncode == 1
    assert "line 1 is not SageMaker data capture" in bad.stderr.replace("\n", " ")
