"""How often traces that pass one filter pass another one, too, against what chance would give.

Normalised pointwise mutual information: 1 where the two always come together, 0 where they have
nothing to do with each other, -1 where they never do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.models.context import Caller
from vedette.models.traces.search import count_traces

if TYPE_CHECKING:
    from vedette.query import QueryRunner

_PRIOR = 0.5
"""Jeffreys': half a trace in each of the four cells keeps small numbers from saying too much."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Numbers of traces, and what they say; NaN where a filter lets none through."""

    npmi: float
    npmi_smoothed: float
    first: int
    second: int
    both: int
    total: int


def correlate(
    caller: Caller,
    runner: QueryRunner,
    experiment_ids: Sequence[str],
    first: str,
    second: str,
    base: str | None = None,
) -> Correlation:
    """Return how two filters go together in the traces of experiments, of those that pass ``base``."""

    def count(*filters: str) -> int:
        given = [filter_ for filter_ in (base, *filters) if filter_]
        return count_traces(caller, runner, experiment_ids, given)

    ones, others, both, total = count(first), count(second), count(first, second), count()
    if not ones or not others:
        return Correlation(math.nan, math.nan, ones, others, both, total)
    neither = total - ones - others + both
    cells = (both, ones - both, others - both, neither)
    npmi = _npmi(*cells) if both else -1.0
    smoothed = _npmi(*(cell + _PRIOR for cell in cells))
    return Correlation(npmi, smoothed, ones, others, both, total)


def _npmi(both: float, only_first: float, only_second: float, neither: float) -> float:
    total = both + only_first + only_second + neither
    share = both / total
    if share == 1:
        return 1.0
    by_chance = (both + only_first) * (both + only_second) / total**2
    return max(-1.0, min(1.0, math.log(share / by_chance) / -math.log(share)))
