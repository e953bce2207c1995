"""What bodies and answers of the API have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from vedette.core.bodies import Body

__all__ = ["Body", "Moment", "View"]


class View(BaseModel):
    """A part of an answer: it has these members, always, and no others.

    Times are RFC 3339. A number in JSON is exact up to 2**53: durations in nanoseconds are numbers
    (exact for 104 days), moments in nanoseconds are decimal text.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this moment is outside of the calendar") from error


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""RFC 3339; UTC where it names no zone."""
