"""All sources together, ranked: telling changes, near in time and near on the service map, first."""

from __future__ import annotations

import logging
import math
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vedette.alarms.causes.alarms import EarlierAlarms
from vedette.alarms.causes.data import DatasetChanges
from vedette.alarms.causes.model import Candidate, CauseSource, Question
from vedette.alarms.causes.models import NewModelVersions
from vedette.alarms.causes.runs import PipelineRuns
from vedette.alarms.causes.telemetry import (
    ErrorBursts,
    FailingDependencies,
    NewMessages,
    NewVersions,
)
from vedette.alarms.definition import EventSource, MetricSource
from vedette.business.kpis.lineage import KpiEdges
from vedette.core.errors import ConflictError, VedetteError
from vedette.core.identity import ResourceId
from vedette.lineage.service import LineageService
from vedette.telemetry.metrics.bodies import MetricQueryBody
from vedette.telemetry.traces.service_map import ServiceMap, service_map

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.alarms.model import Contributor
    from vedette.alarms.service import AlarmView
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner
    from vedette.store.catalog import Catalog

SOURCES: list[CauseSource] = [
    NewVersions(), FailingDependencies(), ErrorBursts(), NewMessages(), NewModelVersions(),
    PipelineRuns(), DatasetChanges(), EarlierAlarms(),
]  # fmt: skip
"""Where causes are looked for."""
RESOURCE_LABELS = {
    "dataset": "dataset", "pipeline": "pipeline", "model": "model", "kpi": "kpi",
    "endpoint": "endpoint", "vedette.dataset": "dataset", "vedette.pipeline": "pipeline",
    "vedette.model": "model", "vedette.endpoint": "endpoint",
}  # fmt: skip
"""Labels of series that name resources, by label."""
LOOKBACK = timedelta(minutes=30)
MAX_ONSET = timedelta(hours=6)
"""How long before an alarm its data may have begun for causes to be looked for there."""
MAX_CAUSES = 20
MAX_RESOURCES = 20
UPSTREAM_DEPTH = 6
_ELSEWHERE = 0.4
"""What a change counts for in a service or resource that the alarm's own do not depend on."""
_AFTERWARDS = 0.2
"""What a change counts for that came when the data had begun: it may have made it worse, no more."""
_PER_CALL = 0.9
_HALF_LIFE = timedelta(minutes=20)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score, 0 to 1, and what made it.

    ``distance`` is how many calls or hops of lineage from the alarm it is; None where it is elsewhere.
    """

    candidate: Candidate
    score: float
    distance: int | None
    minutes_before: float


@dataclass(frozen=True, slots=True)
class Causes:
    """What may have caused an alarm.

    Attributes:
        since: when the alarm began.
        onset: when the data began that put it off; not after ``since``.
        services: what it is about.
        resources: identities that the labels of its series name.
        causes: the most likely first.
        failed: sources that could not be asked, and why.

    """

    since: datetime
    onset: datetime
    services: Sequence[str]
    resources: frozenset[str]
    causes: Sequence[Ranked]
    failed: Mapping[str, str]


def find_causes(
    catalog: Catalog,
    runner: QueryRunner,
    view: AlarmView,
    firing: Sequence[Contributor],
    *,
    lookback: timedelta = LOOKBACK,
) -> Causes:
    """Return what changed shortly before an alarm began, ranked.

    Args:
        catalog: entities.
        runner: runs queries.
        view: the alarm.
        firing: its series that are in ALARM.
        lookback: how long before that counts.

    Raises:
        ConflictError: the alarm was never evaluated.

    """
    if not view.status.since:
        raise ConflictError("the alarm was not evaluated yet", remedy="wait for its first minute")
    since = datetime.fromtimestamp(view.status.since, UTC)
    onset, labels = _onset_of(firing, since), [one.labels for one in firing]
    services = services_of(view, labels)
    question = Question(
        view.alarm.account, view.alarm.id, since, max(onset, since - MAX_ONSET), lookback, services,
        resources_of(view.alarm.account, labels), None, None, runner, catalog,
        # Without spans nothing is known of calls, and it is itself all the same.
        distances=dict.fromkeys(services, 0),
    )  # fmt: skip
    failed: dict[str, str] = {}
    try:
        now = _map(runner, view.alarm.account, question.window)
        usual = _map(runner, view.alarm.account, question.before)
        below = _distances(now, question.services) if now else {}
        question = replace(
            question, service_map=now, usual=usual, distances=question.distances | below
        )
    except VedetteError as error:
        failed["service map"] = error.message
    try:
        question = replace(question, upstream=_upstream(catalog, runner, question))
    except VedetteError as error:
        failed["lineage"] = error.message
    found: list[Ranked] = []
    # Data that begins in a period may have begun at its end.
    begun = question.onset + timedelta(seconds=view.alarm.spec.period)
    for source in SOURCES:
        try:
            found += [_ranked(question, one, begun) for one in source.find(question)]
        except VedetteError as error:
            failed[source.name] = error.message
        except Exception:  # noqa: BLE001 - one source's fault must not hide the others' answers
            _log.exception("causes could not be looked for in %s", source.name)
            failed[source.name] = "it failed; see the server's log"
    found.sort(key=lambda one: (-one.score, one.candidate.at, one.candidate.title))
    return Causes(since, onset, sorted(services), question.resources, found[:MAX_CAUSES], failed)


def _onset_of(firing: Sequence[Contributor], since: datetime) -> datetime:
    """Return when the data began that put an alarm's series off: when it began where none is known."""
    known = [one.onset for one in firing if one.onset is not None]
    return min([since, *(datetime.fromtimestamp(moment, UTC) for moment in known)])


def services_of(view: AlarmView, labels: Sequence[Mapping[str, str]]) -> frozenset[str]:
    """Return the services that an alarm is about, by its series, labels and conditions."""
    names = {one.get("service") or one.get("service.name") or "" for one in labels}
    names.add(view.alarm.labels.get("service", ""))
    source = view.alarm.spec.source
    if isinstance(source, MetricSource):
        for query in source.queries:
            if isinstance(query, MetricQueryBody):
                names |= {
                    m.value for m in query.matchers if m.label == "service" and m.operator == "="
                }
    elif isinstance(source, EventSource):
        for word in source.query.split():
            if word.startswith("service:"):
                names.add(word.removeprefix("service:").strip('"'))
    return frozenset(names - {""})


def resources_of(account: str, labels: Sequence[Mapping[str, str]]) -> frozenset[str]:
    """Return the identities of the resources that labels of series name."""
    return frozenset(
        str(ResourceId(account, kind, one[label]))
        for one in labels
        for label, kind in RESOURCE_LABELS.items()
        if one.get(label)
    )


def _upstream(catalog: Catalog, runner: QueryRunner, question: Question) -> dict[str, int]:
    """Return how many hops up the lineage each resource lies that the alarm's are made from."""
    lineage = LineageService(catalog, runner, more=[KpiEdges(catalog)])
    found: dict[str, int] = {}
    for resource in sorted(question.resources)[:MAX_RESOURCES]:
        up = lineage.distances(
            question.account, ResourceId.parse(resource), UPSTREAM_DEPTH, direction="up"
        )
        found |= {name: min(hops, found.get(name, hops)) for name, hops in up.items()}
    return found


def _map(runner: QueryRunner, account: str, time_range: TimeRange) -> ServiceMap | None:
    found = service_map(runner, account, time_range)
    return found if found.nodes else None


def _distances(now: ServiceMap, services: frozenset[str]) -> dict[str, int]:
    """Return how many calls below the alarm's services each node is, by name."""
    names = {node.id: node.name for node in now.nodes}
    calls: dict[str, list[str]] = {}
    for edge in now.edges:
        calls.setdefault(edge.source, []).append(edge.target)
    distances = {node_id: 0 for node_id, name in names.items() if name in services}
    waiting = deque(distances)
    while waiting:
        node = waiting.popleft()
        for target in calls.get(node, []):
            if target not in distances:
                distances[target] = distances[node] + 1
                waiting.append(target)
    return {names[node]: distance for node, distance in distances.items() if node in names}


def _ranked(question: Question, candidate: Candidate, begun: datetime) -> Ranked:
    """Score a candidate: its kind's weight, less for time that passed and for being elsewhere.

    Args:
        question: about the alarm.
        candidate: what changed.
        begun: when the first bad data had certainly begun.

    """
    before = (question.since - candidate.at).total_seconds()
    away = max(0.0, (question.onset - candidate.at).total_seconds())
    near = math.exp(-math.log(2) * away / _HALF_LIFE.total_seconds())
    placed = bool(candidate.service or candidate.resources)
    distance = question.distance(candidate) if placed else None
    elsewhere = placed and distance is None
    # Deeper is as likely: a failure travels up. Only what is very far counts a little less.
    place = _ELSEWHERE if elsewhere else _PER_CALL ** max(0, (distance or 0) - 1)
    order = _AFTERWARDS if candidate.at > begun and not candidate.earlier else 1.0
    score = candidate.weight * (0.5 + 0.5 * near) * place * order
    return Ranked(candidate, round(score, 4), distance, round(before / 60, 1))
