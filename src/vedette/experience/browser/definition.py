"""What a browser app is defined by: which pages may send, and how much."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from vedette.core.bodies import Body
from vedette.manifests.model import checked

_ORIGIN = re.compile(
    r"https?://(?:\*\.)?[a-z0-9.\-]{1,253}(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?"
)


def _origin(text: str) -> str:
    text = text.lower().rstrip("/")
    if not _ORIGIN.fullmatch(text):
        raise ValueError("an origin is https://shop.example, or https://*.shop.example")
    return text


Origin = Annotated[str, Field(max_length=300), AfterValidator(_origin)]


class BrowserAppSpec(Body):
    """A site or app whose pages send telemetry."""

    description: str = Field(default="", max_length=4096)
    service: str = Field(
        min_length=1, max_length=255, description="service.name of everything that its pages send"
    )
    origins: list[Origin] = Field(
        min_length=1, max_length=50, description="origins of its pages; others are refused"
    )
    per_minute: int = Field(
        default=3000, ge=1, le=1_000_000, description="requests; more are answered 429"
    )
    enabled: bool = True

    def allows(self, origin: str) -> bool:
        """Tell whether pages of an origin may send."""
        origin = origin.lower()
        return any(_matches(one, origin) for one in self.origins)


def _matches(pattern: str, origin: str) -> bool:
    scheme, star, rest = pattern.partition("://*.")
    if not star:
        return origin == pattern
    return origin.startswith(f"{scheme}://") and origin.endswith(f".{rest}")


def check_browser_app(spec: dict[str, Any]) -> BrowserAppSpec:
    """Return a definition that is right; ``InvalidInputError`` names the member that is not."""
    return checked(lambda: BrowserAppSpec.model_validate(spec))
