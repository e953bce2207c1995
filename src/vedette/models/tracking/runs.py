"""Training runs: their life, parameters and tags."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import String, bindparam, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller, now_ms
from vedette.models.limits import (
    MAX_PARAM_VALUE,
    MAX_RUN_NAME,
    MAX_TAG_VALUE,
    check_identity,
    check_key,
    check_length,
    cut,
)
from vedette.models.rows import delete_key, insert_missing, keyed_rows, table_of, upsert
from vedette.models.tracking.experiments import (
    ACTIVE,
    DELETED,
    Experiments,
    find_active,
    require_active,
)
from vedette.models.tracking.run_names import random_name
from vedette.store.catalog.prepared import Prepared
from vedette.store.catalog.tracking_models import ExperimentRow, RunParamRow, RunRow, RunTagRow

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

NAME_TAG = "mlflow.runName"
"""The tag that mirrors a run's name."""
_USER_TAG = "mlflow.user"
STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run without what it logged; moments in milliseconds since the epoch."""

    id: str
    name: str
    experiment_id: str
    user_id: str
    status: str
    start_ms: int | None
    end_ms: int | None
    artifact_uri: str
    lifecycle_stage: str


class Metric(NamedTuple):
    """A point of a metric: its value at a step and a time (milliseconds)."""

    key: str
    value: float
    time_ms: int
    step: int = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """A dataset as an input of a run."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None
    tags: Pairs = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A run with what it logged; of each metric the current point."""

    info: RunInfo
    metrics: Sequence[Metric] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    inputs: Sequence[Input] = ()
    model_inputs: Sequence[str] = ()
    model_outputs: Sequence[tuple[str, int]] = ()


class Runs:
    """Runs of one account."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(
        self,
        experiment_id: str,
        *,
        name: str = "",
        user_id: str = "",
        start_ms: int | None = None,
        tags: Pairs = (),
        run_id: str = "",
    ) -> Run:
        """Start a run in an active experiment and return it.

        ``run_id`` is for what is brought over from elsewhere, so that it keeps its id.
        """
        if experiment_id == "0":
            Experiments(self._caller).ensure_default()
        given = check_tags(tags)
        if name and given.get(NAME_TAG, name) != name:
            raise InvalidInputError(
                f"Both 'run_name' argument and '{NAME_TAG}' tag are specified, but with "
                f"different values (run_name={name[:80]!r}, {NAME_TAG}={given[NAME_TAG][:80]!r}).",
                field="run_name",
            )
        name = check_length(
            name or given.get(NAME_TAG) or random_name(), MAX_RUN_NAME, field="run_name"
        )
        given[NAME_TAG] = name
        identity = check_identity(run_id, field="run_id") if run_id else uuid.uuid4().hex
        request = {"experiment_id": experiment_id, "run_name": name, "tags": given}
        with self._caller.change("CreateRun", request, [self.resource(identity)]) as change:
            if run_id and change.session.get(RunRow, identity) is not None:
                raise ConflictError(f"Run with id={identity} already exists.", field="run_id")
            started: dict[str, Any] = {
                "id": identity,
                "name": name,
                "experiment_id": experiment_id,
                "user_id": user_id or given.get(_USER_TAG, ""),
                "status": "RUNNING",
                "start_ms": now_ms() if start_ms is None else start_ms,
                "lifecycle_stage": ACTIVE,
            }
            account, suffix = self._caller.account, f"/{identity}/artifacts"
            made = _START.first(change.connection, account=account, suffix=suffix, **started)
            if made is None:
                find_active(change.session, account, experiment_id)
                raise ConflictError("the experiment was changed meanwhile", remedy="try again")
            _INSERT_TAGS.run(change.connection, *keyed_rows(given, run_id=identity))
        info = RunInfo(**started, end_ms=None, artifact_uri=made[0])
        return Run(info, tags=given)

    def resource(self, run_id: str) -> ResourceId:
        """Return the identity of a run."""
        return ResourceId(self._caller.account, "run", run_id or "-")

    def info(self, run_id: str) -> RunInfo:
        """Return a run without what it logged, a deleted one too."""
        with self._caller.read() as session:
            return view(find_run(session, self._caller.account, run_id))

    def require(self, run_id: str) -> None:
        """Raise ``NotFoundError`` for a run that is not there; a deleted one is."""
        with self._caller.read() as session:
            account = self._caller.account
            if _EXPERIMENT.first(session.connection(), of_id=run_id, of_account=account) is None:
                raise _no_run(run_id)

    def update(
        self,
        run_id: str,
        *,
        status: str | None = None,
        end_ms: int | None = None,
        name: str | None = None,
    ) -> RunInfo:
        """Change what is given of an active run; the name also as the tag that mirrors it."""
        if status is not None and status not in STATUSES:
            raise InvalidInputError(
                f"{status[:40]!r} is not a status of a run",
                field="status",
                remedy=f"use one of {', '.join(STATUSES)}",
            )
        request = {"status": status, "end_time": end_ms, "run_name": name}
        with self._caller.change("UpdateRun", request, [self.resource(run_id)]) as change:
            row = find_active_run(change.session, self._caller.account, run_id)
            row.status = status or row.status
            row.end_ms = row.end_ms if end_ms is None else end_ms
            if name:
                row.name = check_length(name, MAX_RUN_NAME, field="run_name")
                upsert(change.session, RunTagRow, keyed_rows({NAME_TAG: name}, run_id=row.id))
            return view(row)

    def delete(self, run_id: str) -> None:
        """Mark a run as deleted; one that is already stays so."""
        with self._caller.change("DeleteRun", resources=[self.resource(run_id)]) as change:
            row = find_run(change.session, self._caller.account, run_id)
            if row.lifecycle_stage == ACTIVE:
                row.lifecycle_stage, row.deleted_ms = DELETED, now_ms()

    def restore(self, run_id: str) -> None:
        """Bring a deleted run back."""
        with self._caller.change("RestoreRun", resources=[self.resource(run_id)]) as change:
            row = find_run(change.session, self._caller.account, run_id)
            row.lifecycle_stage, row.deleted_ms = ACTIVE, None

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        """Set a tag of an active run, of at most 8,000 characters; that of its name renames it."""
        tags = check_tags([(key, value)])
        request = {"key": key, "value": tags[key]}
        with self._caller.change("SetRunTag", request, [self.resource(run_id)]) as change:
            row = find_active_run(change.session, self._caller.account, run_id)
            set_tags(change.session, row, tags)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Delete a tag of an active run; ``NotFoundError`` where it is not there."""
        with self._caller.change("DeleteRunTag", {"key": key}, [self.resource(run_id)]) as change:
            row = find_active_run(change.session, self._caller.account, run_id)
            delete_key(change.session, RunTagRow, {"run_id": row.id}, key)

    def log_params(self, run_id: str, params: Pairs) -> None:
        """Set parameters of an active run; see ``set_params``."""
        checked = check_params(params)
        with self._caller.change(
            "LogRunParams", {"params": checked}, [self.resource(run_id)]
        ) as change:
            row = find_active_run(change.session, self._caller.account, run_id)
            set_params(change.session, row, checked)


_RUNS = table_of(RunRow)
_EXPERIMENTS = table_of(ExperimentRow)
_STARTED = ("id", "account", "name", "user_id", "status", "start_ms", "lifecycle_stage")
# A run and what its experiment says of it, in one statement; nothing where that is not active.
_START = Prepared(
    _RUNS.insert()
    .from_select(
        [*_STARTED, "experiment_id", "artifact_uri"],
        select(
            *(bindparam(name, type_=_RUNS.c[name].type) for name in _STARTED),
            _EXPERIMENTS.c.id,
            _EXPERIMENTS.c.artifact_location.concat(bindparam("suffix", type_=String)),
        ).where(
            _EXPERIMENTS.c.account == bindparam("account"),
            _EXPERIMENTS.c.id == bindparam("experiment_id"),
            _EXPERIMENTS.c.lifecycle_stage == bindparam("lifecycle_stage"),
        ),
    )
    .returning(_RUNS.c.artifact_uri)
)
_INSERT_TAGS = Prepared(table_of(RunTagRow).insert(), ["run_id", "key", "value"])
_EXPERIMENT = Prepared(
    select(_RUNS.c.experiment_id, _RUNS.c.lifecycle_stage).where(
        _RUNS.c.id == bindparam("of_id"), _RUNS.c.account == bindparam("of_account")
    )
)


def set_tags(session: Session, run: RunRow, tags: Mapping[str, str]) -> None:
    """Set tags of a run, replacing values of keys that are there."""
    upsert(session, RunTagRow, keyed_rows(tags, run_id=run.id))
    if name := tags.get(NAME_TAG):
        run.name = name[:MAX_RUN_NAME]


def set_params(session: Session, run: RunRow, params: Mapping[str, str]) -> None:
    """Set parameters of a run; the same value again is fine, so that a retry is.

    Raises:
        InvalidInputError: a parameter has another value already; nothing is written.

    """
    there = session.execute(
        select(RunParamRow.key, RunParamRow.value).where(
            RunParamRow.run_id == run.id, RunParamRow.key.in_(list(params))
        )
    )
    for key, value in there:
        if params[key] != value:
            raise InvalidInputError(
                f"Changing param values is not allowed. Param with key={key!r} was already logged "
                f"with value={value[:100]!r} for run ID={run.id!r}. Attempted logging new value "
                f"{params[key][:100]!r}.",
                field="params",
                remedy="log it under another key, or in a run of its own",
            )
    insert_missing(session, RunParamRow, keyed_rows(params, run_id=run.id))


def check_params(params: Pairs) -> dict[str, str]:
    """Return parameters by key, each cut at its limit; one key with two values is refused."""
    checked: dict[str, str] = {}
    for key, given in params:
        value = cut(given, MAX_PARAM_VALUE)
        if checked.setdefault(check_key(key), value) != value:
            raise InvalidInputError(
                f"Duplicate parameter keys have been submitted: {key[:100]!r}. Please ensure the "
                "request contains only one param value per param key.",
                field="params",
            )
    return checked


def check_tags(tags: Pairs) -> dict[str, str]:
    """Return tags by key, each cut at its limit; of one key the last."""
    return {check_key(key): cut(value, MAX_TAG_VALUE) for key, value in tags}


def find_run(session: Session, account: str, run_id: str) -> RunRow:
    """Return the row of a run, a deleted one too; ``NotFoundError`` where there is none."""
    row = session.get(RunRow, run_id) if run_id else None
    if row is None or row.account != account:
        raise _no_run(run_id)
    return row


def find_active_run(session: Session, account: str, run_id: str) -> RunRow:
    """Return the row of an active run; ``InvalidInputError`` for a deleted one."""
    row = find_run(session, account, run_id)
    require_active("run", row.id, row.lifecycle_stage)
    return row


def experiment_of_active(connection: Connection, account: str, run_id: str) -> str:
    """Return the experiment of an active run; raises as ``find_active_run`` does."""
    found = _EXPERIMENT.first(connection, of_id=run_id, of_account=account)
    if found is None:
        raise _no_run(run_id)
    experiment_id, stage = found
    require_active("run", run_id, stage)
    return str(experiment_id)


def _no_run(run_id: str) -> NotFoundError:
    return NotFoundError(
        f"Run with id={run_id[:256]} not found", field="run_id", remedy="check the run's id"
    )


def view(row: RunRow) -> RunInfo:
    """Return a row as a ``RunInfo``."""
    return RunInfo(
        row.id,
        row.name,
        row.experiment_id,
        row.user_id,
        row.status,
        row.start_ms,
        row.end_ms,
        row.artifact_uri,
        row.lifecycle_stage,
    )
