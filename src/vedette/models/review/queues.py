"""Queues: traces that people are to review, with whose task it is and what they are asked.

A queue of type USER is a person's own, has their name, and asks every question of the experiment.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import delete, exists, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.models.context import Caller, now_ms
from vedette.models.limits import MAX_KEY, check_length, check_name
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.rows import chunks
from vedette.models.tracking.experiments import find_active
from vedette.store.catalog.review_models import (
    LabelSchemaRow,
    ReviewItemRow,
    ReviewQueueRow,
    ReviewQueueUserRow,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

USER, CUSTOM = "USER", "CUSTOM"
TYPES = (USER, CUSTOM)
MAX_USERS = 10
MAX_SCHEMAS = 100
RESERVED = "default"
"""MLflow's name for the queue of whoever is not signed in."""


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """A queue without its items; moments in milliseconds since the epoch."""

    id: str
    experiment_id: str
    name: str
    type: str
    created_by: str
    created_ms: int
    updated_ms: int
    users: Sequence[str]
    schema_ids: Sequence[str]


class ReviewQueues:
    """Review queues of one account's experiments."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def create(
        self,
        experiment_id: str,
        name: str,
        type_: str,
        users: Sequence[str] = (),
        schema_ids: Sequence[str] = (),
    ) -> ReviewQueue:
        """Add a queue; ``ConflictError`` where its name is taken, in whatever case it is written."""
        people, schemas = _people(users), _schemas(schema_ids)
        name = _name(name, type_)
        if type_ == USER:
            people = people or [name]
            if people != [name] or schemas:
                raise InvalidInputError(
                    "a user's queue is that user's alone, and asks every question",
                    field="users" if people != [name] else "schema_ids",
                    remedy="leave it out, or make a queue of type CUSTOM",
                )
        with self._caller.change(
            "CreateReviewQueue", {"name": name}, [self._caller.experiment(experiment_id)]
        ) as change:
            session, now = change.session, now_ms()
            find_active(session, self._caller.account, experiment_id)
            self._require_schemas(session, experiment_id, schemas)
            self._require_free(session, experiment_id, name)
            row = ReviewQueueRow(
                id=f"rq-{uuid.uuid4().hex}", account=self._caller.account, name=name,
                experiment_id=experiment_id, name_key=name.lower(), type=type_,
                schema_ids=orjson.dumps(schemas).decode(),
                created_by=name if type_ == USER else self._caller.actor.name,
                created_ms=now, updated_ms=now,
            )  # fmt: skip
            session.add(row)
            session.flush()
            session.add_all(ReviewQueueUserRow(queue_id=row.id, user=user) for user in people)
            session.flush()
            return _views(session, [row])[0]

    def of_user(self, experiment_id: str, user: str) -> ReviewQueue:
        """Return a person's own queue, made now if it is not there."""
        try:
            return self.create(experiment_id, user, USER)
        except ConflictError:
            found = self.named(experiment_id, user.strip())
            if found.type != USER:
                raise
            return found

    def get(self, queue_id: str) -> ReviewQueue:
        """Return a queue; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            return _views(session, [find_queue(session, self._caller.account, queue_id)])[0]

    def named(self, experiment_id: str, name: str) -> ReviewQueue:
        """Return the queue of an experiment that has this name, in whatever case."""
        with self._caller.read() as session:
            find_active(session, self._caller.account, experiment_id)
            row = self._named(session, experiment_id, name)
            if row is None:
                raise NotFoundError(
                    f"Review queue with name '{name[:100]}' not found for experiment "
                    f"'{experiment_id}'.",
                    field="name",
                )
            return _views(session, [row])[0]

    def list(
        self,
        experiment_id: str,
        max_results: int,
        page_token: str | None = None,
        *,
        user: str | None = None,
        item_id: str | None = None,
    ) -> tuple[list[ReviewQueue], str | None]:
        """Return a page of an experiment's queues, the newest first, and the next page's token.

        ``user`` leaves those that are that person's task, ``item_id`` those that hold the item.
        """
        query = query_hash("review queues", experiment_id, user, item_id)
        offset = decode_token(page_token, query)
        row = ReviewQueueRow
        chosen = select(row).where(
            row.account == self._caller.account, row.experiment_id == experiment_id
        )
        if user is not None:
            of = ReviewQueueUserRow
            chosen = chosen.where(
                exists().where(of.queue_id == row.id, of.user == user.strip().lower())
            )
        if item_id is not None:
            item = ReviewItemRow
            chosen = chosen.where(exists().where(item.queue_id == row.id, item.item_id == item_id))
        chosen = chosen.order_by(row.created_ms.desc(), row.id)
        with self._caller.read() as session:
            find_active(session, self._caller.account, experiment_id)
            found = session.scalars(chosen.offset(offset).limit(max_results + 1)).all()
            views = _views(session, found[:max_results])
        more = token_after(len(found), offset, max_results, query)
        return views, more

    def update(
        self,
        queue_id: str,
        *,
        name: str | None = None,
        owner: str | None = None,
        users: Sequence[str] | None = None,
        schema_ids: Sequence[str] | None = None,
    ) -> ReviewQueue:
        """Change what is given of a queue that is nobody's own.

        Its questions change only while it is empty: an item that is done would lack answers.
        """
        request = {"name": name, "owner": owner, "users": users, "schema_ids": schema_ids}
        given = {key: value for key, value in request.items() if value is not None}
        with self._caller.change("UpdateReviewQueue", given) as change:
            session = change.session
            row = find_queue(session, self._caller.account, queue_id)
            change.concern(self._caller.experiment(row.experiment_id))
            if row.type == USER:
                raise InvalidInputError("a user's own queue cannot be changed", field="queue_id")
            if name is not None:
                name = _name(name, CUSTOM)
                if name.lower() != row.name_key:
                    self._require_free(session, row.experiment_id, name)
                row.name, row.name_key = name, name.lower()
            if owner is not None:
                row.created_by = check_name(owner.strip(), field="new_owner", most=MAX_KEY)
            if users is not None:
                _replace_users(session, row.id, _people(users))
            if schema_ids is not None:
                schemas = _schemas(schema_ids)
                _require_empty(session, row.id)
                self._require_schemas(session, row.experiment_id, schemas)
                row.schema_ids = orjson.dumps(schemas).decode()
            row.updated_ms = now_ms()
            session.flush()
            return _views(session, [row])[0]

    def delete(self, queue_id: str) -> None:
        """Delete a queue with its items; one that is not there is deleted already."""
        with self._caller.change("DeleteReviewQueue", {"queue_id": queue_id}) as change:
            session = change.session
            row = session.get(ReviewQueueRow, queue_id)
            if row is None or row.account != self._caller.account:
                change.cancel()
                return
            change.concern(self._caller.experiment(row.experiment_id))
            for owned in (ReviewQueueUserRow, ReviewItemRow):
                session.execute(delete(owned).where(owned.queue_id == queue_id))
            session.delete(row)

    def _named(self, session: Session, experiment_id: str, name: str) -> ReviewQueueRow | None:
        row = ReviewQueueRow
        return session.scalar(
            select(row)
            .where(row.account == self._caller.account, row.experiment_id == experiment_id)
            .where(row.name_key == name.lower())
        )

    def _require_free(self, session: Session, experiment_id: str, name: str) -> None:
        if self._named(session, experiment_id, name) is not None:
            raise ConflictError(
                f"Review queue with name '{name[:100]}' already exists (names are "
                "case-insensitive).",
                field="name",
            )

    def _require_schemas(
        self, session: Session, experiment_id: str, schema_ids: Sequence[str]
    ) -> None:
        row = LabelSchemaRow
        chosen = select(row.id).where(
            row.account == self._caller.account,
            row.experiment_id == experiment_id,
            row.id.in_(schema_ids),
        )
        missing = set(schema_ids) - set(session.scalars(chosen)) if schema_ids else ()
        if missing:
            raise InvalidInputError(
                f"Label schema id(s) {sorted(missing)} not found for experiment '{experiment_id}'.",
                field="schema_ids",
            )


def find_queue(session: Session, account: str, queue_id: str) -> ReviewQueueRow:
    """Return a queue's row; ``NotFoundError`` where the account has none such."""
    row = session.get(ReviewQueueRow, queue_id)
    if row is None or row.account != account:
        raise NotFoundError(f"Review queue with id '{queue_id[:100]}' not found.", field="queue_id")
    return row


def _name(name: str, type_: str) -> str:
    name = name.strip().lower() if type_ == USER else name.strip()
    check_name(name, field="name", most=MAX_KEY)
    if type_ == CUSTOM and name.lower() == RESERVED:
        raise InvalidInputError(
            f"'{name}' is a reserved queue name", field="name", remedy="choose another name"
        )
    return name


def _people(users: Sequence[str]) -> list[str]:
    """Return people as their assessments name them: in small letters, each once."""
    people = list(dict.fromkeys(user.strip().lower() for user in users))
    for user in people:
        check_name(user, field="users", most=MAX_KEY)
    if len(people) > MAX_USERS:
        raise InvalidInputError(
            f"a review queue is the task of up to {MAX_USERS} people, not of {len(people)}",
            field="users",
            remedy="make several queues",
        )
    return people


def _schemas(schema_ids: Sequence[str]) -> list[str]:
    schemas = list(dict.fromkeys(one.strip() for one in schema_ids))
    if len(schemas) > MAX_SCHEMAS:
        raise InvalidInputError(f"more than {MAX_SCHEMAS} label schemas", field="schema_ids")
    for one in schemas:
        check_length(one, MAX_KEY, field="schema_ids")
    return schemas


def _require_empty(session: Session, queue_id: str) -> None:
    item = select(ReviewItemRow.item_id).where(ReviewItemRow.queue_id == queue_id).limit(1)
    if session.scalar(item) is not None:
        raise InvalidInputError(
            "A review queue's questions are locked once items are assigned to it.",
            field="schema_ids",
            remedy="remove the items before changing its questions",
        )


def _replace_users(session: Session, queue_id: str, people: Sequence[str]) -> None:
    session.execute(delete(ReviewQueueUserRow).where(ReviewQueueUserRow.queue_id == queue_id))
    session.add_all(ReviewQueueUserRow(queue_id=queue_id, user=user) for user in people)


def _views(session: Session, rows: Sequence[ReviewQueueRow]) -> list[ReviewQueue]:
    users: dict[str, list[str]] = {}
    for part in chunks([row.id for row in rows]):
        chosen = (
            select(ReviewQueueUserRow)
            .where(ReviewQueueUserRow.queue_id.in_(part))
            .order_by(ReviewQueueUserRow.user)
        )
        for one in session.scalars(chosen):
            users.setdefault(one.queue_id, []).append(one.user)
    return [
        ReviewQueue(
            row.id, row.experiment_id, row.name, row.type, row.created_by, row.created_ms,
            row.updated_ms, users.get(row.id, []), orjson.loads(row.schema_ids),
        )
        for row in rows
    ]  # fmt: skip
