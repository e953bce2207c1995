"""Where the time of a run goes: the chain of tasks that decided when it ended, and the gaps in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of the critical path.

    Attributes:
        task: run id of the task; empty where nothing on the path ran.
        job: its name; empty likewise.
        start: seconds from the run's start.
        seconds: length.

    """

    task: str
    job: str
    start: float
    seconds: float


def critical_path(
    run: tuple[float, float], tasks: Sequence[tuple[str, str, float, float]]
) -> list[Step]:
    """Return the path from a run's start to its end, without holes.

    Backwards from the end: the task that ended last, then the one that ended last before it began,
    and so on; what lies between is time in which nothing on the path ran. This is the critical path
    method (Kelley and Walker 1959) with the order in time in the place of declared dependencies.

    Args:
        run: its start and end, in seconds.
        tasks: run id, job, start and end of each, in seconds.

    """
    start, until = run
    left = sorted(tasks, key=lambda task: (task[3], task[2]))
    steps: list[Step] = []
    while left and until > start:
        while left and left[-1][2] >= until:
            left.pop()
        if not left:
            break
        task, job, began, ended = left.pop()
        ended, began = min(ended, until), max(began, start)
        if ended < until:
            steps.append(Step("", "", ended - start, until - ended))
        if ended > began:
            steps.append(Step(task, job, began - start, ended - began))
        # What ended within this task waited for nothing on the path.
        left = [other for other in left if other[3] <= began or other[2] < began]
        until = began
    if until > start:
        steps.append(Step("", "", 0.0, until - start))
    return steps[::-1]


def time_by_task(steps: Iterable[Step]) -> list[Mapping[str, Any]]:
    """Return each task's share of the path, longest first; the empty name is waiting."""
    seconds: dict[str, float] = {}
    for step in steps:
        seconds[step.job] = seconds.get(step.job, 0.0) + step.seconds
    whole = sum(seconds.values())
    return [
        {"job": job, "seconds": taken, "share": taken / whole if whole else 0.0}
        for job, taken in sorted(seconds.items(), key=lambda item: -item[1])
    ]
