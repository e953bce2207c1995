"""Assessments: feedback on a trace and expectations of it, by people, judges and code."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller, now_ms
from vedette.models.limits import MAX_KEY, check_length
from vedette.models.rows import chunks
from vedette.models.traces.heads import Traces
from vedette.store.catalog.tracking_models import AssessmentRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

FEEDBACK, EXPECTATION = "feedback", "expectation"
MAX_DOCUMENT = 100_000
MAX_OF_TRACE = 1000


@dataclass(frozen=True, slots=True)
class Assessment:
    """An assessment; ``document`` holds its members as the client sent them."""

    id: str
    trace_id: str
    name: str
    created_ms: int
    updated_ms: int
    valid: bool
    document: Mapping[str, Any]


class Assessments:
    """Assessments of one account's traces."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(self, trace_id: str, document: Mapping[str, Any]) -> Assessment:
        """Add an assessment; one that it overrides stays, no longer valid."""
        head = Traces(self._caller).get_one(trace_id)
        name = check_length(str(document.get("assessment_name") or ""), MAX_KEY, field="name")
        if not name:
            raise InvalidInputError(
                "Missing value for required parameter 'assessment.assessment_name'.", field="name"
            )
        now, identity = now_ms(), f"a-{uuid.uuid4().hex}"
        row = AssessmentRow(
            id=identity,
            account=self._caller.account,
            trace_id=head.id,
            span_id=document.get("span_id"),
            name=name,
            created_ms=now,
            updated_ms=now,
            valid=True,
        )
        _fill(row, document)
        with self._caller.change(
            "CreateAssessment", {"name": name, "kind": row.kind}, [self._resource(trace_id)]
        ) as change:
            overridden = document.get("overrides")
            if overridden:
                _find(change.session, self._caller.account, trace_id, str(overridden)).valid = False
            change.session.add(row)
            return _view(row)

    def get(self, trace_id: str, assessment_id: str) -> Assessment:
        """Return an assessment; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            return _view(_find(session, self._caller.account, trace_id, assessment_id))

    def update(
        self, trace_id: str, assessment_id: str, document: Mapping[str, Any], fields: Sequence[str]
    ) -> Assessment:
        """Change the members that ``fields`` names."""
        with self._caller.change(
            "UpdateAssessment", {"fields": list(fields)}, [self._resource(trace_id)]
        ) as change:
            row = _find(change.session, self._caller.account, trace_id, assessment_id)
            members = {name: document[name] for name in fields if name in document}
            _fill(row, {**orjson.loads(row.document), **members})
            row.name = str(members.get("assessment_name", row.name))[:MAX_KEY]
            row.updated_ms = now_ms()
            change.session.flush()
            return _view(row)

    def delete(self, trace_id: str, assessment_id: str) -> None:
        """Delete an assessment; the one that it had overridden is valid again."""
        with self._caller.change(
            "DeleteAssessment", {"assessment_id": assessment_id}, [self._resource(trace_id)]
        ) as change:
            row = _find(change.session, self._caller.account, trace_id, assessment_id)
            overridden = orjson.loads(row.document).get("overrides")
            if overridden:
                other = change.session.get(AssessmentRow, str(overridden))
                if other is not None and other.trace_id == row.trace_id:
                    other.valid = True
            change.session.delete(row)

    def of_traces(self, trace_ids: Sequence[str]) -> dict[str, list[Assessment]]:
        """Return the assessments of traces, oldest first."""
        found: dict[str, list[Assessment]] = {}
        with self._caller.read() as session:
            for part in chunks(list(trace_ids)):
                chosen = (
                    select(AssessmentRow)
                    .where(
                        AssessmentRow.account == self._caller.account,
                        AssessmentRow.trace_id.in_(part),
                    )
                    .order_by(AssessmentRow.created_ms, AssessmentRow.id)
                )
                for row in session.scalars(chosen):
                    found.setdefault(row.trace_id, []).append(_view(row))
        return found

    def _resource(self, trace_id: str) -> ResourceId:
        return ResourceId(self._caller.account, "trace", trace_id or "-")


def _find(session: Session, account: str, trace_id: str, assessment_id: str) -> AssessmentRow:
    row = session.get(AssessmentRow, assessment_id)
    if row is None or (row.account, row.trace_id) != (account, trace_id):
        raise NotFoundError(
            f"Assessment with ID '{assessment_id[:100]}' not found for trace '{trace_id[:100]}'",
            field="assessment_id",
        )
    return row


def _fill(row: AssessmentRow, document: Mapping[str, Any]) -> None:
    """Take the value out of a document, as text that filters compare, and keep the document."""
    kind = next((kind for kind in (FEEDBACK, EXPECTATION, "issue") if document.get(kind)), FEEDBACK)
    content = document.get(kind) or {}
    if not isinstance(content, Mapping):
        raise InvalidInputError(f"{kind} is not an object", field=kind)
    value = content.get("value")
    serialized = content.get("serialized_value")
    if isinstance(serialized, Mapping):
        value = serialized.get("value")
    row.kind = kind
    row.value = value if isinstance(value, str) else orjson.dumps(value).decode()
    row.document = orjson.dumps(dict(document)).decode()
    check_length(row.document, MAX_DOCUMENT, field="assessment")


def _view(row: AssessmentRow) -> Assessment:
    return Assessment(
        row.id, row.trace_id, row.name, row.created_ms, row.updated_ms, row.valid,
        orjson.loads(row.document),
    )  # fmt: skip
