"""The call that is being answered: whether its audit record is in the catalog already.

Whoever serves a request begins a call; a change of the catalog, or a failure that was recorded, notes
itself in it, in whatever thread it happens. What leaves no record in the catalog is recorded as a fact
by whoever began the call.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Call:
    """One request."""

    recorded: bool = False


_current: ContextVar[Call | None] = ContextVar("vedette_call", default=None)


def begin_call() -> Call:
    """Begin a call; it is the current one of this context and of the threads begun in it."""
    call = Call()
    _current.set(call)
    return call


def note_recorded() -> None:
    """Say that the current call, if there is one, left a record in the catalog."""
    call = _current.get()
    if call is not None:
        call.recorded = True
