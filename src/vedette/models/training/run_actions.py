"""What is done to many runs at once: deleted, restored, tagged; all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import delete, select, update

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.models.context import Caller, now_ms
from vedette.models.limits import MAX_TAG_VALUE, check_key, check_length
from vedette.models.rows import upsert
from vedette.models.tracking.experiments import ACTIVE, DELETED
from vedette.models.tracking.runs import NAME_TAG, Runs
from vedette.store.catalog.tracking_models import RunRow, RunTagRow

MAX_RUNS = 500


class RunAction(StrEnum):
    """What can be done to many runs."""

    DELETE = "delete"
    RESTORE = "restore"
    SET_TAG = "set_tag"
    DELETE_TAG = "delete_tag"


_EVENTS = {
    RunAction.DELETE: "DeleteRuns",
    RunAction.RESTORE: "RestoreRuns",
    RunAction.SET_TAG: "SetRunTags",
    RunAction.DELETE_TAG: "DeleteRunTags",
}


def act_on_runs(
    caller: Caller, run_ids: Sequence[str], action: RunAction, *, key: str = "", value: str = ""
) -> int:
    """Do something to up to 500 runs in one transaction; returns how many there were.

    Raises:
        InvalidInputError: no run, too many, or a tag that cannot be.
        NotFoundError: one of them is not there; nothing is changed then.

    """
    ids = list(dict.fromkeys(run_ids))
    if not 1 <= len(ids) <= MAX_RUNS:
        raise InvalidInputError(
            f"give 1 to {MAX_RUNS} runs, not {len(ids)}", field="run_ids", remedy="do it in parts"
        )
    tags = action in {RunAction.SET_TAG, RunAction.DELETE_TAG}
    if tags:
        check_key(key)
        check_length(value, MAX_TAG_VALUE, field="value")
        if key == NAME_TAG:
            raise InvalidInputError(
                "runs are renamed one by one", field="key", remedy="choose another tag"
            )
    request = {"run_ids": ids, **({"key": key, "value": value} if tags else {})}
    resources = [Runs(caller).resource(identity) for identity in ids]
    with caller.change(_EVENTS[action], request, resources) as change:
        session = change.session
        of = (RunRow.account == caller.account, RunRow.id.in_(ids))
        there = set(session.scalars(select(RunRow.id).where(*of)))
        missing = next((identity for identity in ids if identity not in there), None)
        if missing is not None:
            raise NotFoundError(f"Run with id={missing[:256]} not found", field="run_ids")
        if action is RunAction.SET_TAG:
            rows = [{"run_id": identity, "key": key, "value": value} for identity in ids]
            upsert(session, RunTagRow, rows)
        elif action is RunAction.DELETE_TAG:
            session.execute(
                delete(RunTagRow).where(RunTagRow.run_id.in_(ids), RunTagRow.key == key)
            )
        elif action is RunAction.DELETE:
            session.execute(
                update(RunRow)
                .where(*of, RunRow.lifecycle_stage == ACTIVE)
                .values(lifecycle_stage=DELETED, deleted_ms=now_ms())
            )
        else:
            session.execute(
                update(RunRow).where(*of).values(lifecycle_stage=ACTIVE, deleted_ms=None)
            )
    return len(ids)
