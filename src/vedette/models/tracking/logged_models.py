"""Logged models: what ``log_model`` and autolog make, before anyone registers it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller, now_ms
from vedette.models.limits import (
    MAX_MODEL_NAME,
    MAX_MODEL_TAG_VALUE,
    MAX_PARAM_VALUE,
    check_identity,
    check_key,
    check_length,
    cut,
)
from vedette.models.rows import chunks, delete_key, insert_missing, keyed_rows, keyed_values, upsert
from vedette.models.tracking.experiments import ACTIVE, DELETED, Experiments, find_active
from vedette.models.tracking.run_names import random_name
from vedette.models.tracking.runs import Metric, Pairs
from vedette.store.catalog.registry_models import ModelVersionRow, RegisteredModelRow
from vedette.store.catalog.tracking_models import (
    LoggedModelMetricRow,
    LoggedModelParamRow,
    LoggedModelRow,
    LoggedModelTagRow,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

PENDING, READY, FAILED = (
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED",
)


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A logged model with what belongs to it; moments in milliseconds since the epoch.

    Attributes:
        metrics: current points, each with the id of the run that logged it.
        registrations: names and versions it was registered under.

    """

    id: str
    experiment_id: str
    name: str
    created_ms: int
    updated_ms: int
    artifact_uri: str
    status: str
    model_type: str | None
    source_run_id: str | None
    status_message: str | None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[tuple[Metric, str]] = ()
    registrations: Sequence[tuple[str, int]] = ()


class LoggedModels:
    """Logged models of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def resource(self, model_id: str) -> ResourceId:
        """Return the identity of a logged model."""
        return ResourceId(self._caller.account, "logged_model", model_id or "-")

    def create(
        self,
        experiment_id: str,
        *,
        name: str = "",
        model_type: str | None = None,
        source_run_id: str | None = None,
        params: Pairs = (),
        tags: Pairs = (),
        model_id: str = "",
    ) -> LoggedModel:
        """Create a logged model that waits for its artifacts.

        ``model_id`` is for what is brought over from elsewhere, so that it keeps its id.
        """
        if experiment_id == "0":
            Experiments(self._caller).ensure_default()
        name = check_length(name or random_name(), MAX_MODEL_NAME, field="name")
        if any(char in name for char in "/:.%\"'"):
            raise InvalidInputError(
                f"Invalid model name ({name[:100]!r}) provided. Model name must be a non-empty "
                "string and cannot contain the following characters: / : . % \" '",
                field="name",
            )
        checked_params, checked_tags = _params(params), _tags(tags)
        identity, now = _identity(model_id), now_ms()
        with self._caller.change(
            "CreateLoggedModel",
            {"experiment_id": experiment_id, "name": name, "source_run_id": source_run_id},
            [self.resource(identity)],
        ) as change:
            session = change.session
            if model_id and session.get(LoggedModelRow, identity) is not None:
                raise ConflictError(
                    f"Logged model with ID {identity} already exists.", field="model_id"
                )
            experiment = find_active(session, self._caller.account, experiment_id)
            row = LoggedModelRow(
                id=identity,
                account=self._caller.account,
                experiment_id=experiment_id,
                name=name,
                created_ms=now,
                updated_ms=now,
                artifact_uri=f"{experiment.artifact_location}/models/{identity}/artifacts",
                status=PENDING,
                model_type=model_type or None,
                source_run_id=source_run_id or None,
                status_message=None,
                lifecycle_stage=ACTIVE,
            )
            session.add(row)
            session.flush()
            insert_missing(
                session, LoggedModelParamRow, keyed_rows(checked_params, model_id=identity)
            )
            upsert(session, LoggedModelTagRow, keyed_rows(checked_tags, model_id=identity))
            return whole(session, [row])[0]

    def get(self, model_id: str) -> LoggedModel:
        """Return a logged model; ``NotFoundError`` where there is none or it is deleted."""
        with self._caller.read() as session:
            return whole(session, [find_model(session, self._caller.account, model_id)])[0]

    def finalize(self, model_id: str, status: str) -> LoggedModel:
        """Set the status that tells whether the artifacts are there."""
        if status not in {PENDING, READY, FAILED}:
            raise InvalidInputError(
                f"{status[:60]!r} is not a status of a logged model",
                field="status",
                remedy=f"use {READY} or {FAILED}",
            )
        with self._caller.change(
            "FinalizeLoggedModel", {"status": status}, [self.resource(model_id)]
        ) as change:
            row = find_model(change.session, self._caller.account, model_id)
            row.status, row.updated_ms = status, now_ms()
            change.session.flush()
            return whole(change.session, [row])[0]

    def delete(self, model_id: str) -> None:
        """Mark a logged model as deleted."""
        with self._caller.change(
            "DeleteLoggedModel", resources=[self.resource(model_id)]
        ) as change:
            row = find_model(change.session, self._caller.account, model_id)
            row.lifecycle_stage, row.updated_ms = DELETED, now_ms()

    def set_tags(self, model_id: str, tags: Pairs) -> LoggedModel:
        """Set tags, replacing values of keys that are there."""
        checked = _tags(tags)
        with self._caller.change(
            "SetLoggedModelTags", {"tags": checked}, [self.resource(model_id)]
        ) as change:
            row = find_model(change.session, self._caller.account, model_id)
            upsert(change.session, LoggedModelTagRow, keyed_rows(checked, model_id=row.id))
            row.updated_ms = now_ms()
            change.session.flush()
            return whole(change.session, [row])[0]

    def delete_tag(self, model_id: str, key: str) -> None:
        """Delete a tag; ``NotFoundError`` where it is not there."""
        with self._caller.change(
            "DeleteLoggedModelTag", {"key": key}, [self.resource(model_id)]
        ) as change:
            row = find_model(change.session, self._caller.account, model_id)
            delete_key(change.session, LoggedModelTagRow, {"model_id": row.id}, key)
            row.updated_ms = now_ms()

    def log_params(self, model_id: str, params: Pairs) -> None:
        """Add parameters; a key that is there keeps its value, which must be the same."""
        checked = _params(params)
        with self._caller.change(
            "LogLoggedModelParams", {"params": checked}, [self.resource(model_id)]
        ) as change:
            session = change.session
            row = find_model(session, self._caller.account, model_id)
            there = keyed_values(session, LoggedModelParamRow, "model_id", [row.id])
            for key, value in there.get(row.id, {}).items():
                if checked.get(key, value) != value:
                    raise InvalidInputError(
                        f"Changing param values is not allowed: {key!r} is {value[:100]!r}",
                        field="params",
                    )
            insert_missing(session, LoggedModelParamRow, keyed_rows(checked, model_id=row.id))


def find_model(session: Session, account: str, model_id: str) -> LoggedModelRow:
    """Return the row of a logged model that is not deleted; else ``NotFoundError``."""
    row = session.get(LoggedModelRow, model_id) if model_id else None
    if row is None or row.account != account or row.lifecycle_stage != ACTIVE:
        raise NotFoundError(
            f"Logged model with ID {model_id[:100]!r} not found.",
            field="model_id",
            remedy="check the model's id",
        )
    return row


def require_models(session: Session, account: str, ids: Sequence[str]) -> None:
    """Raise ``NotFoundError`` unless all of these logged models are in the account."""
    found: set[str] = set()
    for part in chunks(list(ids)):
        chosen = select(LoggedModelRow.id).where(
            LoggedModelRow.account == account, LoggedModelRow.id.in_(part)
        )
        found.update(session.scalars(chosen))
    if missing := set(ids) - found:
        raise NotFoundError(
            f"Logged model with ID {min(missing)[:100]!r} not found.", field="model_id"
        )


def whole(session: Session, rows: Sequence[LoggedModelRow]) -> list[LoggedModel]:
    """Return logged models with all that belongs to them, in a fixed number of statements."""
    ids = [row.id for row in rows]
    params = keyed_values(session, LoggedModelParamRow, "model_id", ids)
    tags = keyed_values(session, LoggedModelTagRow, "model_id", ids)
    metrics: dict[str, list[tuple[Metric, str]]] = {}
    registrations: dict[str, list[tuple[str, int]]] = {}
    for part in chunks(ids):
        points = select(LoggedModelMetricRow).where(LoggedModelMetricRow.model_id.in_(part))
        for row in session.scalars(points):
            value = math.nan if row.value is None else row.value
            point = Metric(
                row.key, value, row.time_ms, row.step, row.model_id, row.dataset_name,
                row.dataset_digest,
            )  # fmt: skip
            metrics.setdefault(row.model_id, []).append((point, row.run_id))
        versions = (
            select(
                ModelVersionRow.logged_model_id, RegisteredModelRow.name, ModelVersionRow.version
            )
            .join(RegisteredModelRow, RegisteredModelRow.id == ModelVersionRow.model_id)
            .where(ModelVersionRow.logged_model_id.in_(part))
            .order_by(RegisteredModelRow.name, ModelVersionRow.version)
        )
        for model_id, name, version in session.execute(versions):
            registrations.setdefault(model_id or "", []).append((name, version))
    return [
        LoggedModel(
            row.id, row.experiment_id, row.name, row.created_ms, row.updated_ms, row.artifact_uri,
            row.status, row.model_type, row.source_run_id, row.status_message,
            params.get(row.id, {}), tags.get(row.id, {}), metrics.get(row.id, ()),
            registrations.get(row.id, ()),
        )
        for row in rows
    ]  # fmt: skip


def _identity(given: str) -> str:
    return check_identity(given, field="model_id") if given else f"m-{uuid.uuid4().hex}"


def _params(params: Pairs) -> dict[str, str]:
    return {check_key(key): cut(value, MAX_PARAM_VALUE) for key, value in params}


def _tags(tags: Pairs) -> dict[str, str]:
    return {check_key(k): check_length(v, MAX_MODEL_TAG_VALUE, field="value") for k, v in tags}
