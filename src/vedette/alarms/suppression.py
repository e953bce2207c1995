"""When a composite with a suppressor tells: now, later, or not at all.

As in Amazon CloudWatch ("Composite alarm action suppression"): a change of the composite starts the
wait period, in which the suppressor may still go into ALARM; while it is in ALARM nothing is told;
when it clears, the extension period starts. What is told afterwards is the state at that time.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is remembered between evaluations; moments are Unix seconds.

    Attributes:
        active: the suppressor was in ALARM.
        wait_until: end of the wait period that runs, or None.
        extension_until: end of the extension period that runs, or None.

    """

    active: bool = False
    wait_until: float | None = None
    extension_until: float | None = None

    def step(
        self, *, now: float, changed: bool, suppressor_in_alarm: bool, wait: float, extension: float
    ) -> Suppression:
        """Return what is remembered after an evaluation.

        Args:
            now: the evaluation's time.
            changed: the composite changed its state in this evaluation.
            suppressor_in_alarm: whether the suppressor is in ALARM.
            wait: seconds of the wait period.
            extension: seconds of the extension period.

        """
        if suppressor_in_alarm:
            return Suppression(active=True)
        extension_until = now + extension if self.active else self.extension_until
        if extension_until is not None and now >= extension_until:
            extension_until = None
        wait_until = now + wait if changed and not self.active else self.wait_until
        if wait_until is not None and now >= wait_until:
            wait_until = None
        return Suppression(active=False, wait_until=wait_until, extension_until=extension_until)

    @property
    def reason(self) -> str | None:
        """Why nothing is told now, or None where it is."""
        if self.active:
            return "the suppressor is in ALARM"
        if self.extension_until is not None:
            return "the extension period after the suppressor runs"
        return "the wait period for the suppressor runs" if self.wait_until is not None else None
