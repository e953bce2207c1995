"""What request bodies of the API have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Body(BaseModel):
    """A request body: members that it does not know are refused, so that no typo is ignored."""

    model_config = ConfigDict(extra="forbid")


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this moment is outside of the calendar") from error


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""RFC 3339; UTC where it names no zone."""
