"""Heads of traces: what is known of a trace without its spans, with its tags and metadata.

A head comes from the client, or is made of the spans that came over OTLP. Heads are facts: they leave
no audit records; a tag that someone sets later does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller
from vedette.models.limits import MAX_KEY, MAX_TAG_VALUE, check_length, cut
from vedette.models.rows import chunks, insert_into, upsert
from vedette.models.tracking.experiments import find_active
from vedette.models.tracking.runs import find_run
from vedette.store.catalog import AuditEvent
from vedette.store.catalog.review_models import ReviewItemRow, ReviewQueueRow
from vedette.store.catalog.tracking_models import AssessmentRow, TraceAttributeRow, TraceRow

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

STATES = ("STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS")
OPEN = "IN_PROGRESS"
RUN_KEY = "mlflow.sourceRun"
SPANS_TAG = "mlflow.trace.spansLocation"
"""Tells clients that the spans are here, so that they do not send them as a file too."""
ARTIFACTS_TAG = "mlflow.artifactLocation"
TAG, METADATA, PROMPT = "tag", "metadata", "prompt"
MAX_PREVIEW = 10_000
MAX_ATTRIBUTES = 1000
MAX_IDS = 1000


@dataclass(frozen=True, slots=True)
class TraceHead:
    """What is known of a trace without its spans; moments and durations in milliseconds."""

    id: str
    experiment_id: str
    request_ms: int
    duration_ms: int | None
    state: str
    client_request_id: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Traces:
    """Traces of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def start(self, head: TraceHead) -> TraceHead:
        """Store a head as a client tells it; one that spans had made is completed."""
        if not head.id:
            raise InvalidInputError(
                "Missing value for required parameter 'trace_id'.", field="trace_id"
            )
        check_length(head.id, MAX_KEY, field="trace_id")
        for values, name in ((head.metadata, "trace_metadata"), (head.tags, "tags")):
            if len(values) > MAX_ATTRIBUTES:
                raise InvalidInputError(f"more than {MAX_ATTRIBUTES} {name}", field=name)
        with self._caller.read() as session:
            experiment = find_active(session, self._caller.account, head.experiment_id)
            artifacts = experiment.artifact_location
        with self._caller.catalog.operate() as connection:
            upsert(connection, TraceRow, [self._row(head)])
            location = f"{artifacts}/traces/{head.id}/artifacts"
            tags = {**head.tags, ARTIFACTS_TAG: location}
            self._put(connection, replace(head, tags=tags))
        return self.get([head.id])[0]

    def note(self, heads: Sequence[TraceHead]) -> None:
        """Store heads that were made of spans, all of one experiment; what a client told stays."""
        with self._caller.read() as session:
            for experiment_id in {head.experiment_id for head in heads}:
                find_active(session, self._caller.account, experiment_id)
        with self._caller.catalog.operate() as connection:
            for head in heads:
                statement = insert_into(connection, TraceRow)
                new = statement.excluded
                least = func.min if self._caller.dialect == "sqlite" else func.least
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=["account", "id"],
                        set_={
                            "request_ms": least(new.request_ms, TraceRow.request_ms),
                            "duration_ms": func.coalesce(new.duration_ms, TraceRow.duration_ms),
                            "state": new.state,
                            "request_preview": func.coalesce(
                                new.request_preview, TraceRow.request_preview
                            ),
                            "response_preview": func.coalesce(
                                new.response_preview, TraceRow.response_preview
                            ),
                        },
                        where=or_(TraceRow.state == OPEN, TraceRow.duration_ms.is_(None)),
                    ),
                    self._row(head),
                )
                tags = {**head.tags, SPANS_TAG: "TRACKING_STORE"}
                self._put(connection, replace(head, tags=tags))

    def get(self, trace_ids: Sequence[str]) -> list[TraceHead]:
        """Return the heads of these traces, in their order; unknown ones are left out."""
        if len(trace_ids) > MAX_IDS:
            raise InvalidInputError(f"more than {MAX_IDS} traces at once", field="trace_ids")
        with self._caller.read() as session:
            rows: dict[str, TraceRow] = {}
            for part in chunks(list(trace_ids)):
                chosen = select(TraceRow).where(
                    TraceRow.account == self._caller.account, TraceRow.id.in_(part)
                )
                rows.update({row.id: row for row in session.scalars(chosen)})
            found = [rows[identity] for identity in dict.fromkeys(trace_ids) if identity in rows]
            return whole_heads(session, self._caller.account, found)

    def get_one(self, trace_id: str) -> TraceHead:
        """Return a head; ``NotFoundError`` where there is none."""
        found = self.get([trace_id])
        if not found:
            raise unknown_trace(trace_id)
        return found[0]

    def set_tag(self, trace_id: str, key: str, value: str) -> None:
        """Set a tag of a trace, of at most 8,000 characters."""
        check_length(key, MAX_KEY, field="key")
        value = cut(value, MAX_TAG_VALUE)
        self.get_one(trace_id)
        row = {**self._attribute(trace_id, TAG), "key": key, "value": value}
        with self._caller.catalog.operate() as connection:
            upsert(connection, TraceAttributeRow, [row])
        self._record("SetTraceTag", trace_id, key=key, value=value)

    def delete_tag(self, trace_id: str, key: str) -> None:
        """Delete a tag of a trace; ``NotFoundError`` where it is not there."""
        if key not in self.get_one(trace_id).tags:
            raise NotFoundError(f"there is no tag {key[:100]!r}", field="key")
        with self._caller.catalog.operate() as connection:
            connection.execute(
                delete(TraceAttributeRow).where(
                    TraceAttributeRow.account == self._caller.account,
                    TraceAttributeRow.trace_id == trace_id,
                    TraceAttributeRow.kind == TAG,
                    TraceAttributeRow.key == key,
                )
            )
        self._record("DeleteTraceTag", trace_id, key=key)

    def delete(
        self,
        experiment_id: str,
        *,
        before_ms: int | None = None,
        trace_ids: Sequence[str] = (),
        most: int | None = None,
    ) -> int:
        """Delete heads by id, or those up to a moment, oldest first; returns how many there were.

        Spans stay as long as telemetry's retention keeps them.
        """
        if (before_ms is None) == (not trace_ids):
            raise InvalidInputError(
                "Either `max_timestamp_millis` or `trace_ids` must be specified, but not both.",
                field="max_timestamp_millis",
            )
        chosen = select(TraceRow.id).where(
            TraceRow.account == self._caller.account, TraceRow.experiment_id == experiment_id
        )
        if before_ms is not None:
            chosen = chosen.where(TraceRow.request_ms <= before_ms).order_by(TraceRow.request_ms)
        else:
            chosen = chosen.where(TraceRow.id.in_(list(trace_ids)[:MAX_IDS]))
        with self._caller.read() as session:
            ids = list(session.scalars(chosen.limit(most or 100_000)))
        account = self._caller.account
        queues = select(ReviewQueueRow.id).where(ReviewQueueRow.account == account)
        with self._caller.change(
            "DeleteTraces", {"experiment_id": experiment_id, "traces": len(ids)}
        ) as change:
            for part in chunks(ids):
                change.session.execute(
                    delete(ReviewItemRow).where(
                        ReviewItemRow.queue_id.in_(queues), ReviewItemRow.item_id.in_(part)
                    )
                )
                change.session.execute(
                    delete(AssessmentRow).where(
                        AssessmentRow.account == account, AssessmentRow.trace_id.in_(part)
                    )
                )
                change.session.execute(
                    delete(TraceAttributeRow).where(
                        TraceAttributeRow.account == account, TraceAttributeRow.trace_id.in_(part)
                    )
                )
                change.session.execute(
                    delete(TraceRow).where(TraceRow.account == account, TraceRow.id.in_(part))
                )
        return len(ids)

    def link_to_run(self, trace_ids: Sequence[str], run_id: str) -> None:
        """Say that these traces came of a run."""
        with self._caller.read() as session:
            find_run(session, self._caller.account, run_id)
        rows = [
            {**self._attribute(head.id, METADATA), "key": RUN_KEY, "value": run_id}
            for head in self.get(trace_ids)
        ]
        with self._caller.catalog.operate() as connection:
            upsert(connection, TraceAttributeRow, rows)
        self._record("LinkTracesToRun", run_id, traces=list(trace_ids))

    def link_prompts(self, trace_id: str, prompts: Sequence[tuple[str, str]]) -> None:
        """Say that a trace used these prompts: pairs of name and version."""
        if len(prompts) > MAX_ATTRIBUTES:
            raise InvalidInputError(f"more than {MAX_ATTRIBUTES} prompts", field="prompt_versions")
        self.get_one(trace_id)
        keys = [f"{name}/{version}" for name, version in prompts]
        rows = [
            {**self._attribute(trace_id, PROMPT), "key": key, "value": ""}
            for key in dict.fromkeys(keys)
        ]
        with self._caller.catalog.operate() as connection:
            upsert(connection, TraceAttributeRow, rows)
        self._record("LinkPromptsToTrace", trace_id, prompts=keys)

    def _row(self, head: TraceHead) -> dict[str, Any]:
        return {
            "account": self._caller.account,
            "id": head.id,
            "experiment_id": head.experiment_id,
            "client_request_id": head.client_request_id,
            "request_ms": head.request_ms,
            "duration_ms": head.duration_ms,
            "state": head.state,
            "request_preview": (head.request_preview or "")[:MAX_PREVIEW] or None,
            "response_preview": (head.response_preview or "")[:MAX_PREVIEW] or None,
        }

    def _put(self, connection: Connection, head: TraceHead) -> None:
        rows = [
            {**self._attribute(head.id, kind), "key": key[:MAX_KEY], "value": value[:MAX_TAG_VALUE]}
            for kind, values in ((METADATA, head.metadata), (TAG, head.tags))
            for key, value in values.items()
        ]
        upsert(connection, TraceAttributeRow, rows)

    def _attribute(self, trace_id: str, kind: str) -> dict[str, str]:
        return {"account": self._caller.account, "trace_id": trace_id, "kind": kind}

    def _record(self, name: str, trace_id: str, **request: object) -> None:
        event = AuditEvent(
            actor=self._caller.actor,
            name=name,
            account=self._caller.account,
            source="vedette.models",
            request=request,
            resources=[ResourceId(self._caller.account, "trace", trace_id)],
        )
        self._caller.catalog.audit.record_event(event)


def whole_heads(session: Session, account: str, rows: Sequence[TraceRow]) -> list[TraceHead]:
    """Return heads with their tags and metadata."""
    values: dict[tuple[str, str], dict[str, str]] = {}
    for part in chunks([row.id for row in rows]):
        chosen = (
            select(TraceAttributeRow)
            .where(TraceAttributeRow.account == account, TraceAttributeRow.trace_id.in_(part))
            .order_by(TraceAttributeRow.key)
        )
        for row in session.scalars(chosen):
            values.setdefault((row.trace_id, row.kind), {})[row.key] = row.value
    return [
        TraceHead(
            row.id, row.experiment_id, row.request_ms, row.duration_ms, row.state,
            row.client_request_id, row.request_preview, row.response_preview,
            values.get((row.id, METADATA), {}), values.get((row.id, TAG), {}),
        )
        for row in rows
    ]  # fmt: skip


def unknown_trace(trace_id: str) -> NotFoundError:
    """Return the error for a trace that is not there."""
    return NotFoundError(f"Trace with ID '{trace_id[:200]}' not found.", field="trace_id")
