"""The evaluation of all alarms of one account and interval, once a slot.

Read everything in few statements, decide series by series, then store the new states, their history,
the notices and the fact that the slot is done in one transaction. What is not stored there is not
told; what is stored is told once.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vedette.alarms.composite import Composites
from vedette.alarms.definition import INTERVAL, SHORT_INTERVAL
from vedette.alarms.history import AlarmHistory, evaluation_fact, note_fact, transition_fact
from vedette.alarms.model import Contributor, Evaluation, State, Transition, shown
from vedette.alarms.mute import open_windows
from vedette.alarms.series import evaluate_series, overall
from vedette.alarms.sources import Job, read_sources
from vedette.alarms.store import Alarm, AlarmStore, Status, add_events
from vedette.alarms.telling import Teller
from vedette.core.errors import VedetteError
from vedette.core.memory import paused_collection
from vedette.scheduler import Every

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vedette.alarms.model import Reading
    from vedette.query import QueryRunner
    from vedette.scheduler import Claim, Tick
    from vedette.store.catalog import Catalog
    from vedette.store.warehouse import Warehouse

    BandReader = Callable[[Sequence[Job], float], Mapping[str, Reading | VedetteError]]

KIND = "alarms"
"""Kind of scheduled work: one piece for each account and interval."""
DELAY_SECONDS = {INTERVAL: 5, SHORT_INTERVAL: 2}
"""How long after the end of a period it is evaluated, so that its last points are there."""
_log = logging.getLogger(__name__)


def work_key(account: str, interval: int) -> str:
    """Return the key of an account's scheduled work."""
    return f"{account}/{interval}"


def schedule(interval: int) -> Every:
    """Return when alarms of an interval are evaluated."""
    return Every(interval, DELAY_SECONDS[interval])


@dataclass(slots=True)
class Outcome:
    """What an evaluation of a group gave, before it is stored.

    Attributes:
        alarms: how many were evaluated.
        lag: seconds from the slot to the beginning of the evaluation.
        seconds: how long it took until everything was stored.
        evaluated: each alarm that was evaluated, with its status.
        states: the status of each alarm after it, by id.
        statuses: those to be written.
        contributors: series to be written, with their alarm's id.
        closed: series to be forgotten.
        facts: rows of the history.
        teller: what is to be told.

    """

    slot: float
    alarms: int = 0
    lag: float = 0.0
    seconds: float = 0.0
    evaluated: list[tuple[Alarm, Status]] = field(default_factory=list)
    states: dict[str, Status] = field(default_factory=dict)
    statuses: list[tuple[Alarm, Status]] = field(default_factory=list)
    contributors: list[tuple[str, Contributor]] = field(default_factory=list)
    closed: list[tuple[str, str]] = field(default_factory=list)
    facts: list[dict[str, object]] = field(default_factory=list)
    transitions: list[tuple[Alarm, Transition]] = field(default_factory=list)


class Evaluator:
    """Evaluates alarms; the handler of their kind of scheduled work.

    Args:
        catalog: definitions and states.
        warehouse: history.
        runner: reads telemetry.
        teller: makes notices.
        bands: reads series that are compared with bands.
        after: called with what was stored, for metrics about alarms; it must not raise.

    """

    def __init__(
        self,
        catalog: Catalog,
        warehouse: Warehouse,
        runner: QueryRunner,
        teller: Teller,
        *,
        bands: Callable[[str], BandReader] | None = None,
        after: Callable[[Tick, Outcome], None] | None = None,
    ) -> None:
        self._catalog = catalog
        self._store = AlarmStore(catalog)
        self._history = AlarmHistory(catalog, warehouse, runner)
        self._runner = runner
        self._teller = teller
        self._bands = bands
        self._after = after

    def handle(self, claims: Sequence[Claim]) -> None:
        """Evaluate the groups that are due; one that fails does not stop the others."""
        for claim in claims:
            try:
                with paused_collection():
                    self.evaluate(claim)
            except Exception as error:  # noqa: BLE001 - stored with the work, and tried again
                _log.warning("alarms of %s were not evaluated", claim.tick.key, exc_info=error)
                claim.fail(error)

    def evaluate(self, claim: Claim) -> Outcome:
        """Evaluate one group and store everything about it."""
        tick = claim.tick
        account, interval = str(tick.account), int(str(tick.payload["interval"]))
        began = time.perf_counter()
        lag = self._catalog.clock.now().timestamp() - tick.slot.timestamp()
        outcome = self._decide(account, interval, tick)
        with self._catalog.operate() as connection:
            exists = self._store.existing(connection, account)
            self._store.save_contributors(
                connection, [one for one in outcome.contributors if one[0] in exists]
            )
            self._store.remove_contributors(connection, outcome.closed)
            self._store.save_statuses(
                connection, [one for one in outcome.statuses if one[0].id in exists]
            )
            add_events(connection, account, [f for f in outcome.facts if f["AlarmId"] in exists])
            self._teller.store(connection, account)
            claim.complete(connection)
        outcome.lag, outcome.seconds = lag, time.perf_counter() - began
        self._follow_up(tick, outcome)
        return outcome

    def _follow_up(self, tick: Tick, outcome: Outcome) -> None:
        """Do what may fail without harm to the evaluation."""
        try:
            self._history.flush()
        except VedetteError as error:
            _log.warning("the history of alarms waits: %s", error.message)
        if self._after:
            self._after(tick, outcome)

    def _decide(self, account: str, interval: int, tick: Tick) -> Outcome:
        slot = tick.slot.timestamp()
        outcome = Outcome(slot)
        alarms = self._store.due(account, interval)
        simple = [alarm for alarm in alarms if alarm.spec.source.type != "composite"]
        statuses = self._store.statuses(account)
        known = self._store.contributors(account, interval)
        readings = read_sources(
            self._runner,
            account,
            [Job(alarm.id, alarm.spec) for alarm in simple],
            slot,
            self._bands(account) if self._bands else None,
        )
        self._teller.begin(account, slot, open_windows(self._teller.windows(account), slot))
        outcome.states = dict(statuses)
        for alarm in simple:
            self._one(outcome, alarm, statuses.get(alarm.id), known, readings.get(alarm.id))
        self._composites(outcome, account, interval, known)
        outcome.alarms = len(simple)
        if tick.note:
            outcome.facts += [note_fact(alarm, slot, tick.note) for alarm in alarms[:1000]]
        return outcome

    def _one(
        self,
        outcome: Outcome,
        alarm: Alarm,
        before: Status | None,
        known: Mapping[str, Mapping[str, Contributor]],
        reading: Reading | VedetteError | None,
    ) -> None:
        """Evaluate one alarm from what its source gave."""
        status = replace(before) if before else Status()
        mine = known.get(alarm.id, {})
        if reading is None or isinstance(reading, VedetteError):
            message = reading.message if reading else "nothing reads this kind of source here"
            self._set_evaluation(outcome, alarm, status, Evaluation.EVALUATION_ERROR, message)
            self._keep(outcome, alarm, before, status)
            return
        after, transitions = evaluate_series(
            alarm.spec, mine, reading.series, list(reading.starts), outcome.slot
        )
        partial = Evaluation.PARTIAL_DATA if reading.partial else Evaluation.OK
        why = reading.partial or "; ".join(reading.warnings)
        self._set_evaluation(outcome, alarm, status, partial, why)
        self._summarise(outcome, alarm, status, after, transitions)
        self._tell(outcome, alarm, status, mine, after)
        self._keep(outcome, alarm, before, status)

    def _composites(
        self,
        outcome: Outcome,
        account: str,
        interval: int,
        known: Mapping[str, Mapping[str, Contributor]],
    ) -> None:
        alarms, named = self._store.composites(account)
        composites = Composites(alarms, named)
        for alarm in composites.due(interval):
            before = outcome.states.get(alarm.id)
            status = replace(before) if before else Status()
            result = composites.evaluate(alarm, status, outcome.states, outcome.slot)
            mine = known.get(alarm.id, {})
            contributor = mine.get("", Contributor())
            transition = None
            if contributor.state is not result.state or not contributor.since:
                transition = Transition(
                    {}, contributor.state, result.state, outcome.slot, result.reason,
                    result.evidence,
                )  # fmt: skip
                contributor = replace(contributor, state=result.state, since=outcome.slot)
            contributor = replace(contributor, reason=result.reason, seen=outcome.slot)
            status.suppression, status.quiet = result.suppression, result.quiet
            after = {"": contributor}
            self._set_evaluation(outcome, alarm, status, Evaluation.OK, result.warning)
            self._summarise(outcome, alarm, status, after, [transition] if transition else [])
            self._tell(outcome, alarm, status, mine, after, quiet=result.quiet)
            self._keep(outcome, alarm, before, status)

    def _set_evaluation(
        self, outcome: Outcome, alarm: Alarm, status: Status, now: Evaluation, reason: str
    ) -> None:
        before = status.evaluation
        status.evaluation, status.evaluation_reason = now, reason
        if now is not before and not (before is Evaluation.NONE and now is Evaluation.OK):
            outcome.facts.append(evaluation_fact(alarm, outcome.slot, before, now, reason))

    @staticmethod
    def _summarise(
        outcome: Outcome,
        alarm: Alarm,
        status: Status,
        after: Mapping[str, Contributor],
        transitions: Sequence[Transition],
    ) -> None:
        """Set the alarm's own state from its series, and note what changed."""
        for transition in transitions:
            outcome.facts.append(transition_fact(alarm, transition))
            outcome.transitions.append((alarm, transition))
        firing = [one for one in after.values() if one.state is State.ALARM]
        state = overall(one.state for one in after.values())
        status.series, status.in_alarm = len(after), len(firing)
        status.pending = sum(one.pending_since is not None for one in after.values())
        first = next(iter(firing or after.values()), None)
        status.reason = _reason(firing, first)
        if state is status.state and status.since:
            return
        previous, status.state, status.since = status.state, state, outcome.slot
        if previous is state:
            return
        evidence = {"series": [dict(one.labels) for one in firing[:100]], "in_alarm": len(firing)}
        change = Transition(None, previous, state, outcome.slot, status.reason, evidence)
        outcome.facts.append(transition_fact(alarm, change))

    def _tell(
        self,
        outcome: Outcome,
        alarm: Alarm,
        status: Status,
        before: Mapping[str, Contributor],
        after: Mapping[str, Contributor],
        *,
        quiet: str = "",
    ) -> None:
        """Have changes told, and note the series that are to be written."""
        muted = quiet
        for key, contributor in after.items():
            muted = self._teller.tell(alarm, status, contributor, quiet=quiet) or muted
            if _is_worth_writing(alarm, before.get(key), contributor):
                outcome.contributors.append((alarm.id, contributor))
        for key in before.keys() - after.keys():
            self._teller.tell_closed(alarm, status, before[key])
            outcome.closed.append((alarm.id, key))
        status.quiet = muted

    @staticmethod
    def _keep(outcome: Outcome, alarm: Alarm, before: Status | None, status: Status) -> None:
        outcome.states[alarm.id] = status
        outcome.evaluated.append((alarm, status))
        if before is None or replace(before, reason="") != replace(status, reason=""):
            outcome.statuses.append((alarm, status))


def _reason(firing: Sequence[Contributor], first: Contributor | None) -> str:
    if first is None:
        return "no series"
    name = shown(first.labels)
    others = f" (and {len(firing) - 1} more series)" if len(firing) > 1 else ""
    return f"{name}: {first.reason}{others}" if name else f"{first.reason}{others}"


def _is_worth_writing(alarm: Alarm, before: Contributor | None, after: Contributor) -> bool:
    """Tell whether a series changed in what must outlive this evaluation.

    Its newest value changes each minute and can be read any time, so it is not a reason.
    """
    if before is None:
        return True
    same = (
        before.state is after.state
        and before.since == after.since
        and before.pending_since == after.pending_since
        and before.onset == after.onset
        and before.told is after.told
        and before.told_at == after.told_at
        and (before.breached is None) == (after.breached is None)
    )
    if not same:
        return True
    if after.state is State.ALARM and alarm.spec.keep_firing_for != "0s":
        return before.breached != after.breached
    silence = max(60.0, alarm.spec.forget_seconds / 10)
    return (after.seen or 0.0) - (before.seen or 0.0) >= silence
