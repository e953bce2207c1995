"""From the latest periods of a series to a state: M of N, with missing data.

The rules are those of Amazon CloudWatch, "Configuring how CloudWatch alarms treat missing data". More
periods than N are looked at (``periods_read``). Of those with a data point:

1. With N or more, the newest N decide and the mode is not used.
2. With fewer, all of them are used, and as few periods as possible are filled up to N, as the mode
   says.
3. Mode ``missing``: where the oldest breaching period is at least M periods old and no period has a
   data point that does not breach, the state is ALARM even with fewer than M of them.

Where nothing is decided by these (mode ``ignore``, or ``missing`` with too young a breach) the state
stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.alarms.model import Missing, State

if TYPE_CHECKING:
    from collections.abc import Sequence

EXTRA_PERIODS = 2
"""Periods that are looked at beyond N, for data that comes late: 5 for N = 3."""


@dataclass(frozen=True, slots=True)
class Rule:
    """M of N, and how missing data counts."""

    n: int = 1
    m: int = 1
    missing: Missing = Missing.MISSING


@dataclass(frozen=True, slots=True)
class Decision:
    """What the periods say.

    Attributes:
        state: the state, or None where it stays as it was.
        reason: why, in a sentence.

    """

    state: State | None
    reason: str


def periods_read(n: int) -> int:
    """Return how many periods are looked at for N."""
    return n + EXTRA_PERIODS


def decide(breaching: Sequence[bool | None], rule: Rule) -> Decision:  # noqa: PLR0911 - a table
    """Decide from the periods of one series.

    Args:
        breaching: one a period, oldest first: True breaches, False does not, None has no data point.
        rule: M of N and the mode.

    """
    real = [one for one in breaching if one is not None]
    if len(real) >= rule.n:
        return _counted(sum(real[-rule.n :]), rule, filled=0)
    if rule.missing is Missing.BREACHING:
        return _counted(sum(real) + rule.n - len(real), rule, filled=rule.n - len(real))
    if rule.missing is Missing.NOT_BREACHING:
        return _counted(sum(real), rule, filled=rule.n - len(real))
    if sum(real) >= rule.m:
        return _counted(sum(real), rule, filled=0)
    if False in real:
        count = f"{sum(real)} of {len(real)} data points breach"
        return Decision(State.OK, f"{count}; {rule.m} of {rule.n} are needed")
    if rule.missing is Missing.IGNORE:
        return Decision(None, "too few data points; missing data is ignored")
    return _without_ok(breaching, rule)


def _without_ok(breaching: Sequence[bool | None], rule: Rule) -> Decision:
    """Decide for mode ``missing`` where every data point that there is breaches."""
    if True not in breaching:
        return Decision(State.INSUFFICIENT_DATA, "no period has a data point")
    age = len(breaching) - breaching.index(True)
    if age >= rule.m:
        text = f"every data point since {age} periods breaches, and the others are missing"
        return Decision(State.ALARM, text)
    return Decision(None, f"the oldest breach is {age} periods old; {rule.m} are needed")


def _counted(count: int, rule: Rule, *, filled: int) -> Decision:
    how = f"; {filled} missing periods count as {_COUNTS_AS[rule.missing]}" if filled else ""
    if count >= rule.m:
        return Decision(State.ALARM, f"{count} of {rule.n} periods breach{how}")
    text = f"{count} of {rule.n} periods breach, {rule.m} are needed{how}"
    return Decision(State.OK, text)


_COUNTS_AS = {
    Missing.BREACHING: "breaching",
    Missing.NOT_BREACHING: "not breaching",
    Missing.MISSING: "missing",
    Missing.IGNORE: "ignored",
}
