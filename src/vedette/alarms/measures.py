"""Metrics about alarms: how many are in which state, how late and how long evaluations are."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vedette.alarms.model import Evaluation, State
from vedette.core.errors import VedetteError
from vedette.telemetry.emit import MetricEmitter, MetricPoint

if TYPE_CHECKING:
    from vedette.alarms.evaluator import Outcome
    from vedette.scheduler import Tick

SCOPE = "vedette.alarms"
MAX_ALARMS = 2_000
"""Alarms that have a point of their own in one evaluation: those in ALARM, and those that left it."""
_log = logging.getLogger(__name__)


def points_of(tick: Tick, outcome: Outcome) -> list[MetricPoint]:
    """Return the points of one evaluation."""
    slot = datetime.fromtimestamp(outcome.slot, UTC)
    interval = {"interval": int(str(tick.payload["interval"]))}
    points = [
        MetricPoint("vedette.alarms.evaluation.lag", outcome.lag, "s", interval, slot),
        MetricPoint("vedette.alarms.evaluation.duration", outcome.seconds, "s", interval, slot),
        MetricPoint("vedette.alarms.evaluated", float(outcome.alarms), "1", interval, slot),
        MetricPoint("vedette.alarms.missed", float(tick.missed), "1", interval, slot),
    ]
    states = Counter(status.state for status in outcome.states.values())
    failed = sum(
        status.evaluation is Evaluation.EVALUATION_ERROR for status in outcome.states.values()
    )
    points += [
        MetricPoint("vedette.alarms.count", float(states[state]), "1", {"state": state.value}, slot)
        for state in State
    ]
    points.append(MetricPoint("vedette.alarms.failed", float(failed), "1", {}, slot))
    shown = [
        (alarm, status)
        for alarm, status in outcome.evaluated
        if status.in_alarm or status.since == outcome.slot
    ]
    return points + [
        MetricPoint(
            "vedette.alarm.series_in_alarm", float(status.in_alarm), "1",
            {"alarm": alarm.name, "severity": alarm.spec.severity}, slot,
        )
        for alarm, status in shown[:MAX_ALARMS]
    ]  # fmt: skip


class Measures:
    """Emits points after evaluations; what goes wrong here harms no alarm."""

    def __init__(self, emitter: MetricEmitter) -> None:
        self._emitter = emitter

    def __call__(self, tick: Tick, outcome: Outcome) -> None:
        """Emit the points of one evaluation, once however often it is tried."""
        try:
            self._emitter.emit_blocking(
                str(tick.account), points_of(tick, outcome), scope=SCOPE,
                batch=f"alarms/{tick.key}/{outcome.slot}",
            )  # fmt: skip
        except (VedetteError, TimeoutError, RuntimeError) as error:
            _log.warning("metrics about alarms were not stored: %s", error)
