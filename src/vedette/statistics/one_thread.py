"""Boosted trees on one thread.

scikit-learn fits them in many short parallel steps, whose threads spin while they wait for each other:
on two cores that something else uses too, that takes 17 to 40 times as long as one thread does.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold OpenMP of the native libraries that are loaded to one thread; import scikit-learn before."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # noqa: PLC0415 - comes with scikit-learn

    with threadpool_limits(1, user_api="openmp"):
        yield
