"""What goes wrong, and when: a seeded schedule, so that two demos tell the same story.

Nothing here is said to anybody. A fault is a change of what really happens (a damaged file, a
wrong join key, a transaction kept open) and shows only in the telemetry of the code it meets.
"""

from __future__ import annotations

import random
from enum import StrEnum

TRAINING_PERIOD = 10
"""Rounds from one training to the next; one fault falls into each such period."""
TRAINING_OFFSET = 2
_OTHER_OFFSETS = (3, 4)
CLOCK_ROUNDS, CLOCK_PERIOD = 50, 130
"""Rounds that the clock's mishap lasts, from the second one on, and after which it comes again."""


class Fault(StrEnum):
    """One kind of mishap."""

    CORRUPT_ROWS = "corrupt-rows"
    """The flights file comes with rows out of any range, sometimes most of them."""
    RENAMED_COLUMN = "renamed-column"
    """The provider renames a column of the flights file."""
    WEATHER_WITHOUT_COLUMN = "weather-without-column"
    """The weather file lacks a column; the next model is trained without it."""
    WIDE_JOIN = "wide-join"
    """Flights are joined with weather on the airport alone: a memory-hungry round."""
    ROW_BY_ROW_LOAD = "row-by-row-load"
    """Rows are written one at a time in one transaction, which keeps all other writers waiting."""


def is_training_round(number: int) -> bool:
    """Return whether a model is trained after round ``number`` (from 0)."""
    return number == 0 or number % TRAINING_PERIOD == TRAINING_OFFSET


def fault_of_round(seed: int, number: int) -> Fault | None:
    """Return the fault of round ``number``: each kind once in as many periods as there are."""
    period, offset = divmod(number, TRAINING_PERIOD)
    kinds = list(Fault)
    cycle, position = divmod(period, len(kinds))
    dice = random.Random(f"{seed}/{cycle}")  # noqa: S311 - a schedule, not a secret
    dice.shuffle(kinds)
    offsets = [dice.choice(_OTHER_OFFSETS) for _ in kinds]
    fault = kinds[position]
    # A model trained on a damaged day needs both in one round.
    due = TRAINING_OFFSET if fault is Fault.WEATHER_WITHOUT_COLUMN else offsets[position]
    return fault if offset == due else None


def hours_of_round(number: int) -> int:
    """Return on how many hours the provider's clock goes around in a round: 24, or by mistake 12.

    Nothing fails because of it: every hour is a possible one, and no check of rows refuses it.
    """
    return 12 if 0 < number % CLOCK_PERIOD <= CLOCK_ROUNDS else 24
