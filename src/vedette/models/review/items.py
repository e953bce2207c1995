"""Items of review queues: a trace each, and how its review stands.

The people of a queue share its items: one of them is enough for an item to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.models.context import Caller, now_ms
from vedette.models.limits import MAX_KEY, check_name
from vedette.models.paging import decode_token, query_hash, token_after
from vedette.models.review.queues import find_queue
from vedette.models.rows import chunks, insert_missing
from vedette.store.catalog.review_models import ReviewItemRow

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

PENDING = "PENDING"
STATUSES = (PENDING, "COMPLETE", "DECLINED")
MAX_AT_ONCE = 1000
MAX_ITEM = 50


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An item of a queue; who closed it and when are None while it is pending."""

    queue_id: str
    item_id: str
    status: str
    completed_by: str | None
    completed_ms: int | None
    created_ms: int
    updated_ms: int


class ReviewItems:
    """Items of one account's review queues."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def add(self, queue_id: str, item_ids: Sequence[str]) -> list[ReviewItem]:
        """Put items into a queue and return them; one that is there stays as it is."""
        ids, now = _checked(item_ids), now_ms()
        new = {
            "queue_id": queue_id, "status": PENDING, "completed_by": None, "completed_ms": None,
            "created_ms": now, "updated_ms": now,
        }  # fmt: skip
        with self._caller.change("AddReviewItems", {"queue_id": queue_id, "items": ids}) as change:
            queue = find_queue(change.session, self._caller.account, queue_id)
            change.concern(self._caller.experiment(queue.experiment_id))
            insert_missing(change.session, ReviewItemRow, [{**new, "item_id": one} for one in ids])
            found = {}
            for part in chunks(ids):
                chosen = _of(queue_id).where(ReviewItemRow.item_id.in_(part))
                found.update({row.item_id: _view(row) for row in change.session.scalars(chosen)})
            return [found[one] for one in ids]

    def remove(self, queue_id: str, item_ids: Sequence[str]) -> None:
        """Take items out of a queue; those that are not in it are passed over."""
        ids = _checked(item_ids)
        request = {"queue_id": queue_id, "items": ids}
        with self._caller.change("RemoveReviewItems", request) as change:
            queue = find_queue(change.session, self._caller.account, queue_id)
            change.concern(self._caller.experiment(queue.experiment_id))
            for part in chunks(ids):
                change.session.execute(
                    delete(ReviewItemRow).where(
                        ReviewItemRow.queue_id == queue_id, ReviewItemRow.item_id.in_(part)
                    )
                )

    def list(
        self,
        queue_id: str,
        max_results: int,
        page_token: str | None = None,
        *,
        status: str | None = None,
    ) -> tuple[list[ReviewItem], str | None]:
        """Return a page of a queue's items, the newest first, and the next page's token."""
        query = query_hash("review items", queue_id, status)
        offset = decode_token(page_token, query)
        chosen = _of(queue_id)
        if status is not None:
            chosen = chosen.where(ReviewItemRow.status == status)
        chosen = chosen.order_by(ReviewItemRow.created_ms.desc(), ReviewItemRow.item_id)
        with self._caller.read() as session:
            find_queue(session, self._caller.account, queue_id)
            found = session.scalars(chosen.offset(offset).limit(max_results + 1)).all()
        more = token_after(len(found), offset, max_results, query)
        return [_view(row) for row in found[:max_results]], more

    def set_status(
        self, queue_id: str, item_id: str, status: str, completed_by: str | None
    ) -> ReviewItem:
        """Close an item, or open it again; who closed it first stays, as long as it is closed so."""
        by = completed_by.strip().lower() if completed_by is not None else None
        if (status == PENDING) != (by is None):
            raise InvalidInputError(
                f"an item that is {status} has {'nobody' if status == PENDING else 'somebody'} "
                "who closed it",
                field="completed_by",
                remedy="leave it out" if status == PENDING else "say who closes it",
            )
        if by is not None:
            check_name(by, field="completed_by", most=MAX_KEY)
        request = {"queue_id": queue_id, "item_id": item_id, "status": status}
        with self._caller.change("SetReviewItemStatus", request) as change:
            queue = find_queue(change.session, self._caller.account, queue_id)
            change.concern(self._caller.experiment(queue.experiment_id))
            row = _find(change.session, queue_id, item_id.strip())
            if row.status != status:
                now = now_ms()
                row.status, row.completed_by, row.updated_ms = status, by, now
                row.completed_ms = now if by is not None else None
            return _view(row)


def _of(queue_id: str) -> Select[ReviewItemRow]:
    return select(ReviewItemRow).where(ReviewItemRow.queue_id == queue_id)


def _find(session: Session, queue_id: str, item_id: str) -> ReviewItemRow:
    row = session.get(ReviewItemRow, (queue_id, item_id))
    if row is None:
        raise NotFoundError(
            f"Item '{item_id[:100]}' is not attached to review queue '{queue_id[:100]}'.",
            field="item_id",
        )
    return row


def _checked(item_ids: Sequence[str]) -> list[str]:
    ids = list(dict.fromkeys(one.strip() for one in item_ids))
    if not 1 <= len(ids) <= MAX_AT_ONCE:
        raise InvalidInputError(
            f"{len(ids)} items", field="item_ids", remedy=f"give 1 to {MAX_AT_ONCE} at once"
        )
    for one in ids:
        check_name(one, field="item_ids", most=MAX_ITEM)
    return ids


def _view(row: ReviewItemRow) -> ReviewItem:
    return ReviewItem(
        row.queue_id, row.item_id, row.status, row.completed_by, row.completed_ms, row.created_ms,
        row.updated_ms,
    )  # fmt: skip
