"""Calls that list the artifacts of a run or of a logged model."""

from __future__ import annotations

from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.models.artifacts import proxied_path, safe_path
from vedette.models.tracking.logged_models import LoggedModels
from vedette.models.tracking.runs import Runs
from vedette.receivers.mlflow.artifacts import shown
from vedette.receivers.mlflow.calls import Context, reads
from vedette.receivers.mlflow.common import member_of
from vedette.receivers.mlflow.schema import STRING, Arguments, optional, required


def list_artifacts(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET artifacts/list``."""
    info = Runs(context.caller).info(member_of(given, "run_id", "run_uuid"))
    return _listed(context, info.artifact_uri, given["path"] or "")


def list_logged_model_artifacts(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET logged-models/{id}/artifacts/directories``."""
    model = LoggedModels(context.caller).get(given["model_id"])
    return _listed(context, model.artifact_uri, given["artifact_directory_path"] or "")


def _listed(context: Context, root_uri: str, folder: str) -> Any:  # noqa: ANN401 - JSON
    root = proxied_path(root_uri)
    if root is None:
        raise InvalidInputError(
            f"the artifacts are at {root_uri[:200]}, which clients reach and this server does not",
            field="path",
            remedy="list them with the client",
        )
    folder = safe_path(folder, empty=True)
    path = f"{root}/{folder}" if folder else root
    found = context.services.artifacts.list(context.caller.account, path)
    return {"root_uri": root_uri, "files": [shown(info, folder) for info in found]}


CALLS = (
    reads(
        "GET",
        "artifacts/list",
        {
            "run_id": optional(STRING),
            "run_uuid": optional(STRING),
            "path": optional(STRING),
            "page_token": optional(STRING),
        },
        list_artifacts,
    ),
    reads(
        "GET",
        "logged-models/{model_id}/artifacts/directories",
        {
            "model_id": required(STRING),
            "artifact_directory_path": optional(STRING),
            "page_token": optional(STRING),
        },
        list_logged_model_artifacts,
    ),
)
