"""Which alarms belong together: a pure decision over what is known of each.

An alarm joins the incident with which it has most in common: the same likeliest cause, a common
service, a service that calls one of the incident's or is called by it, or a place in the lineage of
what the incident is about. It does not where the incident had been over for long.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

JOIN_WITHIN = timedelta(minutes=30)
"""How long after the last alarm joined, or the last one went out, another still joins."""
MAX_CALLS = 4
"""Services farther apart than this on the service map have nothing to do with each other."""
MAX_LINEAGE = 6


@dataclass(frozen=True, slots=True)
class Firing:
    """An alarm that fires and what is known of it.

    Attributes:
        alarm_id: its id.
        services: what it is about.
        cause: key of the likeliest cause; empty where none was found.
        cause_title: that in words.
        resources: identities of resources that its labels name, such as ``acme/dataset/orders``.
        since: when it began.

    """

    alarm_id: str
    services: frozenset[str]
    cause: str
    cause_title: str
    resources: frozenset[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """An incident that an alarm may join."""

    incident_id: str
    alarms: frozenset[str]
    services: frozenset[str]
    cause: str
    resources: frozenset[str]
    joined: datetime
    quiet_since: datetime | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies between services and between resources.

    Attributes:
        calls: by caller, the services that it calls.
        lineage: by resource identity, how many steps away others are, upstream or downstream.

    """

    calls: Mapping[str, Iterable[str]] = field(default_factory=dict)
    lineage: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """The incident that an alarm belongs to, and why."""

    incident_id: str
    reason: str


def find_incident(
    firing: Firing, candidates: Sequence[Candidate], around: Surroundings
) -> Match | None:
    """Return the incident that an alarm belongs to, or None where it begins one."""
    best: tuple[float, Match] | None = None
    for one in candidates:
        if not _is_in_time(firing, one):
            continue
        found = _in_common(firing, one, around)
        if found and (best is None or found[0] > best[0]):
            best = (found[0], Match(one.incident_id, found[1]))
    return best[1] if best else None


def _is_in_time(firing: Firing, one: Candidate) -> bool:
    if one.quiet_since is None:
        # What fires still may take what belongs to it, however late that shows.
        return firing.since >= one.joined - JOIN_WITHIN
    return firing.since - max(one.joined, one.quiet_since) <= JOIN_WITHIN


def _in_common(firing: Firing, one: Candidate, around: Surroundings) -> tuple[float, str] | None:
    """Return how much an alarm has in common with an incident (0 to 1), and what."""
    if firing.alarm_id in one.alarms:
        return 1.0, "it fires again"
    if firing.cause and firing.cause == one.cause:
        return 0.95, f"same likely cause: {firing.cause_title}"
    if shared := sorted(firing.services & one.services):
        return 0.9, f"same service: {', '.join(shared[:3])}"
    if same := sorted(firing.resources & one.resources):
        return 0.9, f"same resource: {same[0]}"
    found = [_by_calls(firing, one, around), _by_lineage(firing, one, around)]
    return max((each for each in found if each), default=None)


def _by_calls(firing: Firing, one: Candidate, around: Surroundings) -> tuple[float, str] | None:
    down = _nearest(around.calls, firing.services, one.services)
    up = _nearest(around.calls, one.services, firing.services)
    found = [way for way in (down, up) if way]
    if not found:
        return None
    caller, callee, calls = min(found, key=lambda way: way[2])
    how = "calls" if calls == 1 else "depends on"
    return 0.8**calls, f"{caller} {how} {callee}"


def _by_lineage(firing: Firing, one: Candidate, around: Surroundings) -> tuple[float, str] | None:
    steps = [
        (around.lineage[mine][other], mine, other)
        for mine in sorted(firing.resources & around.lineage.keys())
        for other in sorted(one.resources & around.lineage[mine].keys())
        if around.lineage[mine][other] <= MAX_LINEAGE
    ]
    if not steps:
        return None
    distance, mine, other = min(steps)
    return 0.85**distance, f"{mine} and {other} are linked in lineage"


def _nearest(
    calls: Mapping[str, Iterable[str]], begin: frozenset[str], end: frozenset[str]
) -> tuple[str, str, int] | None:
    """Return the shortest way along calls from one of some services to one of others."""
    waiting = deque((name, name, 0) for name in sorted(begin))
    seen = set(begin)
    while waiting:
        first, name, length = waiting.popleft()
        if name in end and length:
            return first, name, length
        if length == MAX_CALLS:
            continue
        for target in sorted(calls.get(name, ())):
            if target not in seen:
                seen.add(target)
                waiting.append((first, target, length + 1))
    return None
