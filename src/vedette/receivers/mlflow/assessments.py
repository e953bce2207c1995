"""Calls about assessments of traces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.models.traces.assessments import Assessment, Assessments
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.schema import JSON, STRING, Arguments, required

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHANGEABLE = (
    "assessment_name",
    "source",
    "feedback",
    "expectation",
    "rationale",
    "error",
    "metadata",
    "span_id",
)


def create_assessment(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST traces/{id}/assessments``."""
    document = _object(given["assessment"])
    return {"assessment": shown(Assessments(context.caller).create(given["trace_id"], document))}


def get_assessment(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET traces/{id}/assessments/{assessment}``."""
    found = Assessments(context.caller).get(given["trace_id"], given["assessment_id"])
    return {"assessment": shown(found)}


def update_assessment(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PATCH traces/{id}/assessments/{assessment}``: the members that ``update_mask`` names."""
    mask = given["update_mask"]
    paths = mask.split(",") if isinstance(mask, str) else _object(mask).get("paths", [])
    fields = [name for name in (_snake(str(path)) for path in paths) if name in _CHANGEABLE]
    changed = Assessments(context.caller).update(
        given["trace_id"], given["assessment_id"], _object(given["assessment"]), fields
    )
    return {"assessment": shown(changed)}


def delete_assessment(context: Context, given: Arguments) -> None:
    """``DELETE traces/{id}/assessments/{assessment}``."""
    Assessments(context.caller).delete(given["trace_id"], given["assessment_id"])


def shown(assessment: Assessment) -> dict[str, Any]:
    """Return an assessment in MLflow's shape."""
    return {
        **assessment.document,
        "assessment_id": assessment.id,
        "assessment_name": assessment.name,
        "trace_id": assessment.trace_id,
        "create_time": _moment(assessment.created_ms),
        "last_update_time": _moment(assessment.updated_ms),
        "valid": assessment.valid,
    }


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        raise InvalidInputError("the assessment is not an object", field="assessment")
    return value


def _snake(name: str) -> str:
    """Protobuf writes the names in a mask in camel case."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _moment(milliseconds: int) -> str:
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_TRACE = {"trace_id": required(STRING)}
_ID = {**_TRACE, "assessment_id": required(STRING)}
_PATH = "3.0/traces/{trace_id}/assessments"
CALLS = (
    Call("POST", _PATH, {**_TRACE, "assessment": required(JSON)}, create_assessment),
    reads("GET", f"{_PATH}/{{assessment_id}}", _ID, get_assessment),
    Call(
        "PATCH",
        f"{_PATH}/{{assessment_id}}",
        {**_ID, "assessment": required(JSON), "update_mask": required(JSON)},
        update_assessment,
    ),
    Call("DELETE", f"{_PATH}/{{assessment_id}}", _ID, delete_assessment),
)
