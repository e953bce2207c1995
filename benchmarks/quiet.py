"""Runs of a measurement on a machine that does other things as well."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import psutil

QUIET = 0.1
"""The most of the processors' time that others may take in a run that counts."""
MOST_TRIES = 4


class Others:
    """How much of the processors' time others than this process and its children take."""

    def __init__(self) -> None:
        self._then = self._look()

    def share(self) -> float:
        """Return the share since the last call."""
        before, self._then = self._then, self._look()
        moment, busy, own = (now - then for now, then in zip(self._then, before, strict=True))
        return max(0.0, busy - own) / (moment * (os.cpu_count() or 1))

    @staticmethod
    def _look() -> tuple[float, float, float]:
        times = psutil.cpu_times()
        here = psutil.Process()
        own = 0.0
        for process in [here, *here.children(recursive=True)]:
            with suppress(psutil.Error):
                own += sum(process.cpu_times()[:4])  # with those of children that have ended
        return time.monotonic(), sum(times) - times.idle - times.iowait - times.guest, own


def repeated(runs: int, work: Callable[[], Sequence[float]]) -> tuple[list[Sequence[float]], int]:
    """Run until enough runs were quiet; returns what they gave, and how many were not quiet."""
    others = Others()
    found: list[tuple[float, Sequence[float]]] = []
    for _ in range(runs * MOST_TRIES):
        others.share()
        values = work()
        found.append((others.share(), values))
        if sum(share <= QUIET for share, _ in found) == runs:
            break
    found.sort(key=lambda one: one[0])
    kept = found[:runs]
    return [values for _, values in kept], sum(share > QUIET for share, _ in kept)
