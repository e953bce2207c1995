"""What an objective would have counted, before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.core.time import utc_now
from vedette.experience.slo.burn import Counts
from vedette.experience.slo.counting import count
from vedette.experience.slo.counts import HOUR
from vedette.experience.slo.definition import DAY

if TYPE_CHECKING:
    from vedette.experience.slo.definition import SloSpec
    from vedette.query import QueryRunner

_KEY = "preview"
MAX_DAYS = 30


@dataclass(frozen=True, slots=True)
class Preview:
    """What was counted in how many days."""

    counts: Counts
    days: float
    warning: str = ""


def preview(runner: QueryRunner, account: str, spec: SloSpec) -> Preview:
    """Count the events of an objective's last period, of 30 days at most."""
    end = int(utc_now().timestamp()) // HOUR * HOUR + HOUR
    start = int(spec.period_at(end)[0]) // HOUR * HOUR
    start = max(start, end - MAX_DAYS * DAY)
    counted = count(runner, account, {_KEY: spec.source}, start, end, HOUR)
    if why := counted.failed.get(_KEY):
        raise InvalidInputError(why, field="source", remedy="narrow what is counted")
    total = sum(counted.table.get(_KEY, {}).values(), Counts())
    warning = "" if total.total else "nothing was counted: check the source, or wait for data"
    return Preview(total, (end - start) / DAY, warning)
