"""One piece of due work, as its handler sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vedette.core.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection


class LostClaimError(StoreError):
    """Another process took the work over meanwhile; nothing of this run may be stored."""

    code = "lost_claim"


@dataclass(frozen=True, slots=True)
class Tick:
    """Which run of which work it is.

    Attributes:
        kind: whose work it is, such as ``alarms``.
        key: which piece of that kind; empty where there is only one.
        account: whose resources it is about, or None.
        payload: what was given when it was scheduled.
        slot: the scheduled moment that this run is for.
        previous: the slot that was done last, or None before the first run.
        missed: how many slots between these two nobody ran. This run stands for all of them; they
            do not come again.
        clock_stepped_back: the last run was in what is now the future, so the clock had been wrong.
        attempt: how often this slot failed before.

    """

    kind: str
    key: str
    account: str | None
    payload: Mapping[str, Any]
    slot: datetime
    previous: datetime | None = None
    missed: int = 0
    clock_stepped_back: bool = False
    attempt: int = 0

    @property
    def note(self) -> str | None:
        """What an operator should know of this run, or None where it is as any other."""
        if self.clock_stepped_back and self.previous:
            return (
                f"the clock was set back: the run before was for {self.previous.isoformat()}; "
                "runs go on from here"
            )
        if self.missed and self.previous:
            return (
                f"{self.missed} runs after {self.previous.isoformat()} were missed; "
                "one run stands for all of them"
            )
        return None


@dataclass(slots=True)
class Claim:
    """A tick that this process holds.

    A handler that writes to the catalog calls ``complete`` inside its own ``Catalog.operate``
    transaction: its result and the fact that the slot is done are then stored together, once, even
    where a process pauses and another takes over. What is not completed when the handler returns is
    completed by the scheduler; where it raises, that is failed and tried again.
    """

    tick: Tick
    _complete: Callable[[Tick, Connection | None], bool] = field(repr=False)
    done: bool = False
    error: BaseException | None = None

    def complete(self, connection: Connection | None = None) -> None:
        """Store that the slot is done.

        Raises:
            LostClaimError: another process holds the work now; roll back and stop.

        """
        if not self._complete(self.tick, connection):
            raise LostClaimError(
                f"{self.tick.kind}/{self.tick.key} was taken over by another process"
            )
        self.done = True

    def fail(self, error: BaseException) -> None:
        """Have this tick tried again, while others of the same batch are completed."""
        self.error = error
