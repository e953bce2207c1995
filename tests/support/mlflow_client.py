"""MLflow's client, told of a server as its users tell it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
import pytest
from mlflow import MlflowClient


@contextmanager
def client_of(url: str, key: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """Yield a client of the server; what the process was told before is told anew."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", key)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    mlflow.set_tracking_uri(url)
    # These outlive a test: prompts and traces would go to the server of an earlier one.
    mlflow.set_registry_uri(url)
    mlflow.tracing.reset()
    yield MlflowClient()
    while mlflow.active_run():
        mlflow.end_run()
