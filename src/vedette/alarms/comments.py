"""What people say about an alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from vedette.alarms.service import SOURCE, existing_alarm
from vedette.core.errors import InvalidInputError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.store.catalog.alarm_models import AlarmCommentRow
from vedette.store.catalog.checks import DEFAULT_PAGE, check_limit

if TYPE_CHECKING:
    from datetime import datetime

    from vedette.store.catalog import Actor, Catalog

MAX_COMMENTS = 1_000
"""Most comments of an alarm."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What someone said about an alarm."""

    id: str
    at: datetime
    by: str
    text: str


class AlarmComments:
    """Comments on the alarms of an account. Thread-safe; everything blocks."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def add(self, actor: Actor, account: str, name: str, text: str) -> Comment:
        """Add a comment."""
        text = text.strip()
        if not 1 <= len(text) <= 4096 or "\x00" in text:  # noqa: PLR2004 - as the remedy says
            raise InvalidInputError(
                "the comment is empty or too long", field="text", remedy="give 1 to 4096 characters"
            )
        with self._catalog.change(
            actor, "CommentAlarm", account=account, source=SOURCE,
            request={"name": name, "text": text}, resources=[ResourceId(account, "alarm", name)],
        ) as change:  # fmt: skip
            row = existing_alarm(change.session, account, name)
            count = select(func.count()).where(AlarmCommentRow.alarm_id == row.id)
            if (change.session.scalar(count) or 0) >= MAX_COMMENTS:
                raise InvalidInputError(
                    f"the alarm has {MAX_COMMENTS} comments", field="text",
                    remedy="keep notes in its runbook",
                )  # fmt: skip
            made = AlarmCommentRow(
                id=new_id(), alarm_id=row.id, at=self._catalog.clock.now(), by=actor.name, text=text
            )
            change.session.add(made)
            return Comment(made.id, made.at, made.by, made.text)

    def page(self, account: str, name: str, *, limit: int = DEFAULT_PAGE) -> list[Comment]:
        """Return an alarm's comments, newest first."""
        with self._catalog.read() as session:
            row = existing_alarm(session, account, name)
            chosen = (
                select(AlarmCommentRow)
                .where(AlarmCommentRow.alarm_id == row.id)
                .order_by(AlarmCommentRow.id.desc())
                .limit(check_limit(limit))
            )
            found = session.scalars(chosen).all()
        return [Comment(one.id, one.at, one.by, one.text) for one in found]
