"""Runs in MLflow's shape."""

from __future__ import annotations

from typing import Any

from vedette.models.tracking.runs import Input, Metric, Run, RunInfo
from vedette.receivers.mlflow.common import key_values, number, without_none


def shown(run: Run) -> dict[str, Any]:
    """Return a whole run."""
    answer: dict[str, Any] = {
        "info": shown_info(run.info),
        "data": {
            "metrics": [
                {
                    "key": metric.key,
                    "value": number(metric.value),
                    "timestamp": metric.time_ms,
                    "step": metric.step,
                }
                for metric in run.metrics
            ],
            "params": key_values(run.params),
            "tags": key_values(run.tags),
        },
        "inputs": {},
        "outputs": {},
    }
    if run.inputs:
        answer["inputs"]["dataset_inputs"] = [shown_input(item) for item in run.inputs]
    if run.model_inputs:
        answer["inputs"]["model_inputs"] = [{"model_id": model} for model in run.model_inputs]
    if run.model_outputs:
        answer["outputs"]["model_outputs"] = [
            {"model_id": model, "step": step} for model, step in run.model_outputs
        ]
    return answer


def shown_info(info: RunInfo) -> dict[str, Any]:
    """Return a run without what it logged."""
    answer = {
        "run_id": info.id,
        "run_uuid": info.id,
        "run_name": info.name,
        "experiment_id": info.experiment_id,
        "user_id": info.user_id,
        "status": info.status,
        "artifact_uri": info.artifact_uri,
        "lifecycle_stage": info.lifecycle_stage,
        "start_time": info.start_ms or 0,
    }
    if info.end_ms is not None:
        answer["end_time"] = info.end_ms
    return answer


def shown_input(dataset: Input) -> dict[str, Any]:
    """Return a dataset as an input of a run."""
    return {
        "tags": key_values(dict(dataset.tags)),
        "dataset": without_none(
            {
                "name": dataset.name,
                "digest": dataset.digest,
                "source_type": dataset.source_type,
                "source": dataset.source,
                "schema": dataset.schema,
                "profile": dataset.profile,
            }
        ),
    }


def shown_metric(metric: Metric, run_id: str) -> dict[str, Any]:
    """Return a metric of a logged model or a version, with the run that logged it."""
    return without_none(
        {
            "key": metric.key,
            "value": number(metric.value),
            "timestamp": metric.time_ms,
            "step": metric.step,
            "dataset_name": metric.dataset_name or None,
            "dataset_digest": metric.dataset_digest or None,
            "model_id": metric.model_id or None,
            "run_id": run_id,
        }
    )
