"""Experiments: groups of runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller, now_ms
from vedette.models.filters import Field, Fields, Keyed, Kind, Order, Searchable, parse_filter
from vedette.models.limits import (
    MAX_EXPERIMENT_NAME,
    MAX_EXPERIMENT_TAG_VALUE,
    MAX_URI,
    check_key,
    check_length,
    check_name,
)
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.rows import chunks, delete_key, keyed_values, table_of, upsert
from vedette.store.catalog.tracking_models import ExperimentRow, ExperimentTagRow, RunRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

DEFAULT_ID = "0"
"""The experiment of runs that name none; every account has it."""
ACTIVE, DELETED = "active", "deleted"
MAX_PAGE = 50_000
_PROXIED = "mlflow-artifacts:/"
_TABLE = table_of(ExperimentRow)


class View(Enum):
    """Which stages of the life cycle a search looks at."""

    ACTIVE_ONLY = (ACTIVE,)
    DELETED_ONLY = (DELETED,)
    ALL = (ACTIVE, DELETED)


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment; moments in milliseconds since the epoch."""

    id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    created_ms: int
    updated_ms: int
    tags: Mapping[str, str] = field(default_factory=dict)


_ATTRIBUTES = Fields(
    {
        "name": Field(ExperimentRow.name),
        "experiment_id": Field(ExperimentRow.id),
        "creation_time": Field(ExperimentRow.created_ms, Kind.NUMBER),
        "last_update_time": Field(ExperimentRow.updated_ms, Kind.NUMBER),
    }
)
_TAGS = Keyed(
    table_of(ExperimentTagRow),
    [("account", ExperimentRow.account), ("experiment_id", ExperimentRow.id)],
)
SEARCHABLE = Searchable(
    {
        "": _ATTRIBUTES,
        "attribute": _ATTRIBUTES,
        "attributes": _ATTRIBUTES,
        "attr": _ATTRIBUTES,
        "tag": _TAGS,
        "tags": _TAGS,
    },
    [ExperimentRow.number.desc()],
)
_BY_UPDATE = (Order("", "last_update_time", ascending=False),)


class Experiments:
    """Experiments of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(
        self, name: str, artifact_location: str = "", tags: Sequence[tuple[str, str]] = ()
    ) -> str:
        """Create an experiment and return its id.

        Raises:
            ConflictError: an experiment of this name exists, perhaps a deleted one.

        """
        check_name(name, field="name", most=MAX_EXPERIMENT_NAME)
        _check_location(artifact_location)
        checked = {check_key(key): _check_tag(value) for key, value in tags}
        self.ensure_default()
        account, now = self._caller.account, now_ms()
        with self._caller.change("CreateExperiment", {"name": name}) as change:
            session = change.session
            self._require_free(session, name)
            last = select(func.max(ExperimentRow.number)).where(ExperimentRow.account == account)
            number = (session.scalar(last) or 0) + 1
            identity = str(number)
            session.add(
                ExperimentRow(
                    account=account,
                    id=identity,
                    number=number,
                    name=name,
                    artifact_location=artifact_location.rstrip("/") or _PROXIED + identity,
                    lifecycle_stage=ACTIVE,
                    created_ms=now,
                    updated_ms=now,
                )
            )
            session.flush()
            for key, value in checked.items():
                session.add(
                    ExperimentTagRow(account=account, experiment_id=identity, key=key, value=value)
                )
            change.concern(self.resource(identity))
            change.respond(experiment_id=identity)
        return identity

    def resource(self, experiment_id: str) -> ResourceId:
        """Return the identity of an experiment."""
        return ResourceId(self._caller.account, "experiment", experiment_id)

    def ensure_default(self) -> None:
        """Create the account's experiment ``0`` where it is missing."""
        account = self._caller.account
        with self._caller.read() as session:
            if session.get(ExperimentRow, (account, DEFAULT_ID)) is not None:
                return
        with self._caller.change("CreateExperiment", {"name": "Default"}) as change:
            if change.session.get(ExperimentRow, (account, DEFAULT_ID)) is not None:
                change.cancel()
            now = now_ms()
            row = ExperimentRow(
                account=account,
                id=DEFAULT_ID,
                number=0,
                name="Default",
                artifact_location=_PROXIED + DEFAULT_ID,
                lifecycle_stage=ACTIVE,
                created_ms=now,
                updated_ms=now,
            )
            change.session.add(row)
            change.concern(self.resource(DEFAULT_ID))

    def get(self, experiment_id: str) -> Experiment:
        """Return an experiment, a deleted one too; ``NotFoundError`` where there is none."""
        if experiment_id == DEFAULT_ID:
            self.ensure_default()
        with self._caller.read() as session:
            return self._view(session, find(session, self._caller.account, experiment_id))

    def get_by_name(self, name: str) -> Experiment:
        """Return the experiment of this name; ``NotFoundError`` where there is none."""
        if name == "Default":
            self.ensure_default()
        with self._caller.read() as session:
            row = self._by_name(session, name)
            if row is None:
                raise NotFoundError(
                    f"Could not find experiment with name {name[:200]!r}", field="experiment_name"
                )
            return self._view(session, row)

    def rename(self, experiment_id: str, name: str) -> None:
        """Give an active experiment another name."""
        check_name(name, field="new_name", most=MAX_EXPERIMENT_NAME)
        with self._caller.change(
            "UpdateExperiment", {"new_name": name}, [self.resource(experiment_id)]
        ) as change:
            row = find_active(change.session, self._caller.account, experiment_id)
            if row.name != name:
                self._require_free(change.session, name)
            row.name, row.updated_ms = name, now_ms()

    def delete(self, experiment_id: str) -> None:
        """Mark an active experiment and its active runs as deleted; the default one stays."""
        if experiment_id == DEFAULT_ID:
            raise InvalidInputError(
                "Cannot delete the default experiment '0'", field="experiment_id"
            )
        now = now_ms()
        with self._caller.change(
            "DeleteExperiment", resources=[self.resource(experiment_id)]
        ) as change:
            row = find(change.session, self._caller.account, experiment_id)
            if row.lifecycle_stage == DELETED:
                raise _no_experiment(experiment_id)  # as MLflow, where it is gone
            row.lifecycle_stage, row.updated_ms = DELETED, now
            change.session.execute(
                update(RunRow)
                .where(*_runs_of(row), RunRow.lifecycle_stage == ACTIVE)
                .values(lifecycle_stage=DELETED, deleted_ms=now)
            )

    def restore(self, experiment_id: str) -> None:
        """Bring a deleted experiment back, with the runs that were deleted with it."""
        with self._caller.change(
            "RestoreExperiment", resources=[self.resource(experiment_id)]
        ) as change:
            row = find(change.session, self._caller.account, experiment_id)
            if row.lifecycle_stage != DELETED:
                raise NotFoundError(
                    f"No Experiment with id={experiment_id[:64]} is deleted", field="experiment_id"
                )
            change.session.execute(
                update(RunRow)
                .where(*_runs_of(row), RunRow.deleted_ms == row.updated_ms)
                .values(lifecycle_stage=ACTIVE, deleted_ms=None)
            )
            row.lifecycle_stage, row.updated_ms = ACTIVE, now_ms()

    def set_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set a tag of an active experiment."""
        check_key(key)
        _check_tag(value)
        with self._caller.change(
            "SetExperimentTag", {"key": key, "value": value}, [self.resource(experiment_id)]
        ) as change:
            row = find_active(change.session, self._caller.account, experiment_id)
            owner = {"account": row.account, "experiment_id": row.id}
            upsert(change.session, ExperimentTagRow, [{**owner, "key": key, "value": value}])
            row.updated_ms = now_ms()

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """Delete a tag of an active experiment; ``NotFoundError`` where it is not there."""
        with self._caller.change(
            "DeleteExperimentTag", {"key": key}, [self.resource(experiment_id)]
        ) as change:
            row = find_active(change.session, self._caller.account, experiment_id)
            owner = {"account": row.account, "experiment_id": row.id}
            delete_key(change.session, ExperimentTagRow, owner, key)
            row.updated_ms = now_ms()

    def search(
        self,
        *,
        view: View = View.ACTIVE_ONLY,
        filter_: str | None = None,
        order_by: Sequence[str] = (),
        max_results: int = 1000,
        page_token: str | None = None,
    ) -> tuple[list[Experiment], str | None]:
        """Return a page of experiments and the token of the next one, if there is one."""
        self.ensure_default()
        query = query_hash(view.name, filter_, order_by)
        offset = decode_token(page_token, query)
        orders = [Order.parse(text) for text in order_by] or _BY_UPDATE
        chosen = select(ExperimentRow).where(
            ExperimentRow.account == self._caller.account,
            ExperimentRow.lifecycle_stage.in_(view.value),
        )
        chosen = SEARCHABLE.apply(chosen, parse_filter(filter_), orders, self._caller.dialect)
        with self._caller.read() as session:
            rows = session.scalars(chosen.offset(offset).limit(max_results + 1)).all()
            page = rows[:max_results]
            tags = self._tags(session, [row.id for row in page])
        more = token_after(len(rows), offset, max_results, query)
        return [_experiment(row, tags.get(row.id, {})) for row in page], more

    def _by_name(self, session: Session, name: str) -> ExperimentRow | None:
        return session.scalar(
            select(ExperimentRow).where(
                ExperimentRow.account == self._caller.account, ExperimentRow.name == name
            )
        )

    def _require_free(self, session: Session, name: str) -> None:
        other = self._by_name(session, name)
        if other is None:
            return
        deleted = " in deleted state" if other.lifecycle_stage == DELETED else ""
        raise ConflictError(
            f"Experiment {name[:200]!r} already exists{deleted}.",
            field="name",
            remedy="restore it, or choose another name" if deleted else "choose another name",
        )

    def _tags(self, session: Session, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        return keyed_values(
            session, ExperimentTagRow, "experiment_id", ids, account=self._caller.account
        )

    def _view(self, session: Session, row: ExperimentRow) -> Experiment:
        return _experiment(row, self._tags(session, [row.id]).get(row.id, {}))


def find(session: Session, account: str, experiment_id: str) -> ExperimentRow:
    """Return the row of an experiment, a deleted one too; ``NotFoundError`` where none is."""
    row = session.get(ExperimentRow, (account, experiment_id))
    if row is None:
        raise _no_experiment(experiment_id)
    return row


def names_of(session: Session, account: str, experiment_ids: Collection[str]) -> dict[str, str]:
    """Return the names of experiments by id, those that are there."""
    names: dict[str, str] = {}
    for part in chunks(sorted(experiment_ids)):
        chosen = select(ExperimentRow.id, ExperimentRow.name).where(
            ExperimentRow.account == account, ExperimentRow.id.in_(part)
        )
        names.update((key, name) for key, name in session.execute(chosen))
    return names


def find_active(session: Session, account: str, experiment_id: str) -> ExperimentRow:
    """Return the row of an active experiment; ``InvalidInputError`` for a deleted one."""
    row = find(session, account, experiment_id)
    require_active("experiment", row.id, row.lifecycle_stage)
    return row


def _no_experiment(experiment_id: str) -> NotFoundError:
    return NotFoundError(
        f"No Experiment with id={experiment_id[:64]} exists", field="experiment_id"
    )


def require_active(kind: str, identity: str, stage: str) -> None:
    """Raise ``InvalidInputError`` for an ``experiment`` or a ``run`` that is deleted."""
    if stage != ACTIVE:
        raise InvalidInputError(
            f"The {kind} {identity} must be in the 'active' state. Current state is {stage}.",
            field=f"{kind}_id",
            remedy=f"restore the {kind} first",
        )


def _runs_of(row: ExperimentRow) -> list[Any]:
    return [RunRow.account == row.account, RunRow.experiment_id == row.id]


def _experiment(row: ExperimentRow, tags: Mapping[str, str]) -> Experiment:
    return Experiment(
        row.id,
        row.name,
        row.artifact_location,
        row.lifecycle_stage,
        row.created_ms,
        row.updated_ms,
        tags,
    )


def _check_tag(value: str) -> str:
    return check_length(value, MAX_EXPERIMENT_TAG_VALUE, field="value")


def _check_location(location: str) -> None:
    check_length(location, MAX_URI, field="artifact_location")
    if "#" in location or "?" in location or ".." in location.split("/"):
        raise InvalidInputError(
            f"Invalid artifact location {location[:200]!r}: it has a query, a fragment or '..'",
            field="artifact_location",
            remedy="give a plain URI, or leave it out",
        )
