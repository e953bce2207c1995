"""What came of predictions: labels for the model's monitors, and what it was worth to the business.

A traveller who is warned of a delay rebooks. That spares a missed connection where the flight is late
indeed, and is a needless trouble where it is not.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import vedette
from vedette.demo.workload import model as models
from vedette.demo.workload.loading import take_outcomes

if TYPE_CHECKING:
    from sqlalchemy import Engine

LABELS_AFTER_S = 90.0
"""Labels are late: so long after the prediction at least."""
SAVED_EUR, NEEDLESS_EUR = 0.4, -0.15
"""What a warning is worth where the flight is late, and where it is not."""
SAVED_KPI, NEEDLESS_KPI = "rebooking.saved", "rebooking.needless"
SLOT_S = 300
"""The period of the KPIs."""
_SETTLED_S = LABELS_AFTER_S + 70.0
"""When no more outcomes of a period are to be expected."""


class Outcomes:
    """Tells labels as they come, and the KPIs of periods that are over."""

    def __init__(self, engine: Engine, labels_after: float = LABELS_AFTER_S) -> None:
        self._engine = engine
        self._labels_after = labels_after
        self._began: int | None = None
        self._saved: dict[int, float] = defaultdict(float)
        self._needless: dict[int, int] = defaultdict(int)
        self._warned: dict[int, int] = defaultdict(int)

    def tell(self) -> int:
        """Send what has become known; returns how many labels."""
        found = take_outcomes(self._engine, older_than=self._labels_after)
        if found:
            vedette.log_labels(
                models.NAME,
                [row["prediction_id"] for row in found],
                [models.outcome(late=bool(row["delayed"])) for row in found],
            )
        for row in found:
            if self._began is None:
                # The period of the first answer is not whole.
                self._began = _slot(row["made_at"])
            slot, warned = _slot(row["made_at"]), row["probability"] >= models.LATE
            self._saved[slot] += warned * (SAVED_EUR if row["delayed"] else NEEDLESS_EUR)
            self._needless[slot] += warned and not row["delayed"]
            self._warned[slot] += warned
        for slot in sorted(slot for slot in self._warned if _settled(slot)):
            saved, needless = self._saved.pop(slot), self._needless.pop(slot)
            warned = self._warned.pop(slot)
            if self._began is not None and slot > self._began:
                at = datetime.fromtimestamp(slot, UTC)
                vedette.kpi(SAVED_KPI, saved, unit="EUR", time=at)
                if warned:
                    vedette.kpi(NEEDLESS_KPI, 100 * needless / warned, unit="%", time=at)
        return len(found)


def _slot(moment: float) -> int:
    return math.floor(moment / SLOT_S) * SLOT_S


def _settled(slot: int) -> bool:
    return slot + SLOT_S + _SETTLED_S < time.time()
