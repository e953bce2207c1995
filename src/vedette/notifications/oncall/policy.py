"""Policies: whom to tell first, and whom next where nobody answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from vedette.core.bodies import Body
from vedette.core.time import parse_duration

Reference = Annotated[str, Field(min_length=1, max_length=255)]
MAX_WAIT_SECONDS = 86_400
MIN_WAIT_SECONDS = 30


class EscalationTarget(Body):
    """A schedule, whose person on call is told, or a channel."""

    schedule: Reference | None = None
    channel: Reference | None = None

    @model_validator(mode="after")
    def _is_one(self) -> EscalationTarget:
        if (self.schedule is None) == (self.channel is None):
            raise ValueError("targets: name a schedule or a channel")
        return self


class EscalationStep(Body):
    """Who is told, and how long they have to acknowledge before the next step."""

    targets: list[EscalationTarget] = Field(min_length=1, max_length=20)
    wait: str = Field(default="10m", max_length=16, description="for an acknowledgement")

    @model_validator(mode="after")
    def _waits(self) -> EscalationStep:
        if not MIN_WAIT_SECONDS <= self.wait_seconds <= MAX_WAIT_SECONDS:
            raise ValueError("wait: 30 seconds up to a day")
        return self

    @property
    def wait_seconds(self) -> float:
        """How long it waits before the next step."""
        return parse_duration(self.wait, field="wait").total_seconds()


class EscalationSpec(Body):
    """Steps, one after the other until someone acknowledges or the alarm is over."""

    description: str = Field(default="", max_length=4096)
    steps: list[EscalationStep] = Field(min_length=1, max_length=20)
    repeat: int = Field(default=0, ge=0, le=20, description="how often all steps are gone again")

    def step_at(self, number: int) -> EscalationStep | None:
        """Return the step that is taken as the number-th from 0, or None after the last."""
        if number >= len(self.steps) * (1 + self.repeat):
            return None
        return self.steps[number % len(self.steps)]

    @property
    def schedules(self) -> set[str]:
        """Names of the schedules that it names."""
        return {one.schedule for step in self.steps for one in step.targets if one.schedule}

    @property
    def channels(self) -> set[str]:
        """Names of the channels that it names."""
        return {one.channel for step in self.steps for one in step.targets if one.channel}
