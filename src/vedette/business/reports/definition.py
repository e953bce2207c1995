"""What a report is defined by: what is in it, when it is made and who gets it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from vedette.core.bodies import Body
from vedette.core.time import parse_duration
from vedette.manifests.model import checked
from vedette.scheduler import parse_schedule

MAX_LISTED = 50


def _schedule(text: str) -> str:
    return parse_schedule(text).text


def _days(text: str) -> str:
    seconds = parse_duration(text).total_seconds()
    if not 86_400 <= seconds <= 400 * 86_400:  # noqa: PLR2004 - a day to 400 days
        raise ValueError("range: 1d to 400d")
    return text


Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[list[Name], Field(max_length=MAX_LISTED)]


class ReportSpec(Body):
    """A report: a page on its own, made on a schedule and sent to channels."""

    title: str = Field(default="", max_length=200, description="its name where it is empty")
    description: str = Field(default="", max_length=4096)
    schedule: Annotated[str, AfterValidator(_schedule)] = Field(
        default="0 7 * * MON", max_length=256, description="'every 1d', or cron with CRON_TZ=Zone"
    )
    range: Annotated[str, AfterValidator(_days)] = Field(default="30d", max_length=16)
    kpis: Names | None = Field(default=None, description="all where null, none where empty")
    slos: Names | None = Field(default=None, description="all where null, none where empty")
    returns: Names | None = Field(default=None, description="all where null, none where empty")
    alarms: bool = Field(default=True, description="list the alarms that fire")
    channels: list[Name] = Field(default=[], max_length=20, description="names of channels")
    enabled: bool = True

    @model_validator(mode="after")
    def _has_something(self) -> ReportSpec:
        if self.kpis == [] and self.slos == [] and self.returns == [] and not self.alarms:
            raise ValueError("kpis: a report with nothing in it says nothing")
        return self


def check_report(spec: dict[str, Any]) -> ReportSpec:
    """Return a definition that is right; ``InvalidInputError`` names the member that is not."""
    return checked(lambda: ReportSpec.model_validate(spec))
