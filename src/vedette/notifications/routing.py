"""Routes: which notices go to which channels, and which go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import orjson
from pydantic import Field, model_validator

from vedette.core.bodies import Body
from vedette.core.time import parse_duration
from vedette.telemetry.metrics.bodies import MatcherBody
from vedette.telemetry.metrics.matching import compile_matcher, matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vedette.notifications.model import Notice

MAX_WAIT_SECONDS = 3600
ChannelName = Annotated[str, Field(min_length=1, max_length=255)]


class RouteSpec(Body):
    """Notices that match go to channels; routes are tried in order and the first one takes it."""

    matchers: list[MatcherBody] = Field(
        default=[],
        max_length=20,
        description="on labels of the alarm and its series, 'alarm', 'severity', and 'tag.KEY' of"
        " the service; none takes everything",
    )
    channels: list[ChannelName] = Field(default=[], max_length=20)
    policy: ChannelName | None = Field(
        default=None, description="escalation policy: who is on call, and who is next"
    )
    group_by: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(
        default=["alarm"], max_length=10, description="notices with the same labels go together"
    )
    group_wait: str = Field(default="5s", max_length=16, description="waits for more of a group")
    further: bool = Field(default=False, description="later routes are tried, too")

    @model_validator(mode="after")
    def _can_match(self) -> RouteSpec:
        if not self.channels and self.policy is None:
            raise ValueError("channels: name a channel, or a policy")
        for matcher in self.matchers:
            if matcher.parsed().operator in {"=~", "!~"}:
                compile_matcher(matcher.value)
        wait = parse_duration(self.group_wait, field="group_wait").total_seconds()
        if wait > MAX_WAIT_SECONDS:
            raise ValueError("group_wait: up to an hour")
        return self

    @property
    def wait_seconds(self) -> float:
        """How long a group waits for more."""
        return parse_duration(self.group_wait).total_seconds()

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a notice with these labels goes this way."""
        return all(matches(matcher.parsed(), labels) for matcher in self.matchers)


@dataclass(frozen=True, slots=True)
class Route:
    """A route as it is kept."""

    name: str
    position: int
    spec: RouteSpec


@dataclass(frozen=True, slots=True)
class Way:
    """One notice on its way to one channel, or to a policy."""

    channel: str
    route: str
    group_key: str
    wait_seconds: float


def ways_of(routes: Sequence[Route], notice: Notice, labels: Mapping[str, str]) -> list[Way]:
    """Return where a notice goes; a channel gets it once."""
    found: dict[str, Way] = {}
    for route in _taking(routes, labels):
        # A resolve does not wait: whoever was called should know at once.
        wait = route.spec.wait_seconds if notice.status == "firing" else 0.0
        for channel in route.spec.channels:
            found.setdefault(channel, Way(channel, route.name, _group(route, labels), wait))
    return list(found.values())


def escalations_of(routes: Sequence[Route], labels: Mapping[str, str]) -> list[Way]:
    """Return the policies by which a notice is escalated, each once, as ``Way.channel``."""
    found: dict[str, Way] = {}
    for route in _taking(routes, labels):
        if policy := route.spec.policy:
            way = Way(policy, route.name, _group(route, labels), route.spec.wait_seconds)
            found.setdefault(policy, way)
    return list(found.values())


def _taking(routes: Sequence[Route], labels: Mapping[str, str]) -> Iterator[Route]:
    for route in routes:
        if route.spec.takes(labels):
            yield route
            if not route.spec.further:
                return


def _group(route: Route, labels: Mapping[str, str]) -> str:
    group = {name: labels.get(name, "") for name in route.spec.group_by}
    return orjson.dumps([route.name, group], option=orjson.OPT_SORT_KEYS).decode()
