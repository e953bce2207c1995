"""Models as clients before logged models told of them: a tag of the run that lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from vedette.core.errors import InvalidInputError
from vedette.models.context import Caller
from vedette.models.limits import MAX_TAG_VALUE
from vedette.models.tracking.runs import Runs, find_active_run, set_tags
from vedette.store.catalog.tracking_models import RunTagRow

_TAG = "mlflow.log-model.history"
_REQUIRED = ("artifact_path", "flavors", "run_id", "utc_time_created")
_KEPT = ("run_id", "artifact_path", "utc_time_created", "model_uuid")


def record_model(caller: Caller, run_id: str, model_json: str) -> None:
    """Add a model to those that a run's tag lists, with what MLflow keeps of one.

    The tag stays readable JSON within the length of tags: where there is no room, the first ones go.

    Raises:
        InvalidInputError: the text is no model.

    """
    model = _shortened(_read(model_json))
    resource = Runs(caller).resource(run_id)
    with caller.change("RecordRunModel", {"model": model}, [resource]) as change:
        row = find_active_run(change.session, caller.account, run_id)
        tag = change.session.get(RunTagRow, (row.id, _TAG))
        models = [*_listed(tag.value if tag is not None else ""), model]
        while len(models) > 1 and len(json.dumps(models)) > MAX_TAG_VALUE:
            del models[0]
        set_tags(change.session, row, {_TAG: json.dumps(models)})


def _read(text: str) -> Mapping[str, Any]:
    try:
        model = orjson.loads(text)
    except orjson.JSONDecodeError:
        model = None
    if not isinstance(model, dict):
        raise InvalidInputError(
            "Malformed model info: it is not a JSON object.", field="model_json"
        )
    if missing := [name for name in _REQUIRED if name not in model]:
        raise InvalidInputError(
            f"Model json is missing mandatory fields: {', '.join(missing)}", field="model_json"
        )
    return model


def _shortened(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return what MLflow keeps of a model, and of its flavors the names where that is too long."""
    given = model["flavors"]
    flavors = given if isinstance(given, dict) else {}
    kept = {name: model[name] for name in _KEPT if name in model}
    full = {
        name: {key: value for key, value in flavor.items() if key != "config"}
        if isinstance(flavor, dict)
        else flavor
        for name, flavor in flavors.items()
    }
    shortened = kept | {"flavors": full}
    if len(json.dumps([shortened])) > MAX_TAG_VALUE:
        shortened = kept | {"flavors": {name: {} for name in flavors}}
    if len(json.dumps([shortened])) > MAX_TAG_VALUE:
        raise InvalidInputError(
            f"the model is longer than {MAX_TAG_VALUE} characters", field="model_json"
        )
    return shortened


def _listed(text: str) -> list[Any]:
    """Return the models of a tag; anybody may have written another text there."""
    try:
        models = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    return models if isinstance(models, list) else []
