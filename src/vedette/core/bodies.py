"""What bodies of requests and documents have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request body: members that it does not know are refused, so that no typo is ignored."""

    model_config = ConfigDict(extra="forbid", defer_build=True)
