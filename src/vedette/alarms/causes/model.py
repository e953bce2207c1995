"""What is asked of the sources of causes, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from vedette.core.time import TimeRange

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
        lookback: how long before that counts as shortly before.
        services: the services that the alarm is about; empty where it names none.
        labels: of the alarm's series.
        service_map: of the time around the alarm; None where there are no spans.
        usual: of the period before.
        runner: runs queries.
        catalog: entities.

    """

    account: str
    alarm_id: str
    since: datetime
    lookback: timedelta
    services: frozenset[str]
    labels: Mapping[str, str]
    service_map: ServiceMap | None
    usual: ServiceMap | None
    runner: QueryRunner
    catalog: Catalog
    distances: Mapping[str, int] = field(default_factory=dict)

    @property
    def window(self) -> TimeRange:
        """The time in which a cause would show."""
        return TimeRange(self.since - self.lookback, self.since + AFTER)

    @property
    def before(self) -> TimeRange:
        """The period of the same length before that."""
        return TimeRange(self.since - 2 * self.lookback - AFTER, self.since - self.lookback)

    def distance(self, service: str) -> int | None:
        """Return how many calls lie between the alarm's services and this one.

        None where it is not among those that they depend on; 0 for all where the alarm names none.
        """
        return 0 if not self.services else self.distances.get(service)


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
        evidence: numbers and texts behind it.
        link: path and query of the console's page that shows it.

    """

    kind: str
    title: str
    reason: str
    at: datetime
    weight: float
    service: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""


class CauseSource(Protocol):
    """One kind of change. Sources are added to ``rank.SOURCES``."""

    name: str

    def find(self, question: Question) -> Sequence[Candidate]:
        """Return the changes of this kind around the alarm; an error is that source's alone."""
