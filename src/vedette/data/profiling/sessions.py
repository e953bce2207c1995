"""Sessions of PostgreSQL that the engine opens: they show moments in UTC."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SESSIONS = threading.Lock()


@contextmanager
def sessions_in_utc(sql: str) -> Iterator[None]:
    """Have sessions of PostgreSQL that a statement opens show moments in UTC.

    The engine reads a moment's text and not its offset; its client takes the zone from ``PGTZ``.
    """
    if "postgresql(" not in sql:
        yield
        return
    with _SESSIONS:
        before = os.environ.get("PGTZ")
        os.environ["PGTZ"] = "UTC"
        try:
            yield
        finally:
            os.environ.pop("PGTZ")
            if before is not None:
                os.environ["PGTZ"] = before
