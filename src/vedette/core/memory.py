"""Work that makes many objects and no cycles."""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()
_inside = 0
_was_enabled = False


@contextmanager
def paused_collection() -> Iterator[None]:
    """Pause the search for cycles while a burst of work makes objects that counting frees.

    Each of the collector's rounds walks all of them again; for some seconds of evaluation that was a
    third of the time. May be nested and used by several threads; the last one out resumes it.
    """
    global _inside, _was_enabled  # noqa: PLW0603 - the collector is of the process
    with _lock:
        if _inside == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _was_enabled:
                gc.enable()
