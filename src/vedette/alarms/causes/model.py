"""What is asked of the sources of causes, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from vedette.core.time import TimeRange
from vedette.telemetry.ranges import bound_range

if TYPE_CHECKING:
    from vedette.query import QueryRunner
    from vedette.store.catalog import Catalog
    from vedette.telemetry.traces.service_map import ServiceMap

AFTER = timedelta(minutes=5)
"""How long after the alarm began is looked at: a cause shows in data that comes late."""


@dataclass(frozen=True, slots=True)
class Question:
    """Where and when to look.

    Attributes:
        account: whose data.
        alarm_id: the alarm itself is no cause of its own.
        since: when it went into ALARM.
        onset: when the data began that put it off, which may be long before.
        lookback: how long before that counts as shortly before.
        services: the services that the alarm is about; empty where it names none.
        resources: identities that the labels of its series name, such as of a dataset.
        service_map: of the time around the alarm; None where there are no spans.
        usual: of the period before.
        runner: runs queries.
        catalog: entities.
        distances: how many calls below the alarm's services each service is.
        upstream: how many hops up the lineage of its resources each resource is.

    """

    account: str
    alarm_id: str
    since: datetime
    onset: datetime
    lookback: timedelta
    services: frozenset[str]
    resources: frozenset[str]
    service_map: ServiceMap | None
    usual: ServiceMap | None
    runner: QueryRunner
    catalog: Catalog
    distances: dict[str, int] = field(default_factory=dict)
    upstream: Mapping[str, int] = field(default_factory=dict)

    @property
    def window(self) -> TimeRange:
        """The time in which a cause would show."""
        return TimeRange(self.onset - self.lookback, self.since + AFTER)

    @property
    def before(self) -> TimeRange:
        """The period of the same length before that."""
        start = self.window.start
        return TimeRange(start - (self.window.end - start), start)

    def bounds(self, earlier: timedelta) -> dict[str, Any]:
        """Return the ``start`` and ``end`` of a statement that looks further back than the window.

        The window itself begins at ``shortly``.
        """
        window = self.window
        return {
            **bound_range(TimeRange(window.start - earlier, window.end)),
            "shortly": bound_range(window)["start"],
        }

    def distance(self, candidate: Candidate) -> int | None:
        """Return how far up what the alarm is about depends on where a change happened.

        That is in calls or in hops of lineage, whichever are fewer; None where it depends on it in
        no way that is known; 0 for all where the alarm names neither a service nor a resource.
        """
        if not self.services and not self.resources:
            return 0
        known = [self.distances.get(candidate.service)]
        known += [self.upstream.get(resource) for resource in candidate.resources]
        return min((hops for hops in known if hops is not None), default=None)

    def link(self, path: str, **query: str) -> str:
        """Return a page of the console that shows the time around the alarm."""
        around = {"from": self.window.start, "to": self.window.end}
        return link(path, **query, **{name: _text(at) for name, at in around.items()})


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that changed, and may be why.

    Attributes:
        kind: such as ``version`` or ``errors``.
        title: what happened, in a line.
        reason: why it may be the cause.
        at: when it began.
        weight: how telling this kind of change is, 0 to 1, before time and distance count.
        service: where, or empty.
        resources: identities of what changed, if it has any.
        evidence: numbers and texts behind it.
        link: path and query of the console's page that shows it.
        earlier: whether it may have begun before ``at``, when nobody looked yet.

    """

    kind: str
    title: str
    reason: str
    at: datetime
    weight: float
    service: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""
    resources: tuple[str, ...] = ()
    earlier: bool = False


def link(path: str, **query: str) -> str:
    """Return a page of the console."""
    return f"{path}?{urlencode(query)}" if query else path


def moment_of(text: str) -> datetime:
    """Return the engine's time as a moment."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class CauseSource(Protocol):
    """One kind of change. Sources are added to ``rank.SOURCES``."""

    name: str

    def find(self, question: Question) -> Sequence[Candidate]:
        """Return the changes of this kind around the alarm; an error is that source's alone."""
