"""What became of checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vedette.core.errors import VedetteError
from vedette.data.checks.definition import Check, Severity

PASSED, VIOLATED, UNKNOWN = "passed", "violated", "unknown"
_ORDER = (Severity.WARNING, Severity.ERROR, Severity.CRITICAL)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What became of a check.

    Attributes:
        check: the check.
        status: ``passed``, ``violated``, or ``unknown`` where the data cannot tell.
        observed: what was found, as the check measures it.
        expected: what was to be.
        description: both in words.
        failing: rows that fail, where rows were looked at.
        sample: some of them.

    """

    check: Check
    status: str
    observed: float | None = None
    expected: float | None = None
    description: str = ""
    failing: int | None = None
    sample: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        found = {
            "check": self.check.as_dict(),
            "title": self.check.title,
            "kind": self.check.kind,
            "column": self.check.column,
            "severity": self.check.severity.value,
            "status": self.status,
            "observed": self.observed,
            "expected": self.expected,
            "description": self.description,
            "failing": self.failing,
            "sample": list(self.sample),
        }
        return {name: value for name, value in found.items() if value not in (None, [])}


class CheckFailedError(VedetteError):
    """A gate stopped: checks were violated; ``report`` has all of them."""

    code = "check_failed"
    status = 422

    def __init__(self, report: CheckReport, violations: Sequence[CheckResult]) -> None:
        titles = "; ".join(f"{one.check.title}: {one.description}" for one in violations[:5])
        more = f"; and {len(violations) - 5} more" if len(violations) > 5 else ""  # noqa: PLR2004
        super().__init__(f"{len(violations)} checks are violated: {titles}{more}")
        self.report = report


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All results of a run, violations first.

    Attributes:
        results: one a check.
        rows: rows of the data.

    """

    results: Sequence[CheckResult]
    rows: int

    @classmethod
    def of(cls, results: Sequence[CheckResult], rows: int) -> CheckReport:
        """Put the results in order: violated, unknown, passed; worst first."""
        places = (VIOLATED, UNKNOWN, PASSED)
        return cls(
            sorted(
                results,
                key=lambda r: (places.index(r.status), -_ORDER.index(r.check.severity)),
            ),
            rows,
        )

    def violations(self, least: Severity = Severity.WARNING) -> list[CheckResult]:
        """Return what was violated at a severity and above."""
        at_least = _ORDER.index(least)
        return [
            result
            for result in self.results
            if result.status == VIOLATED and _ORDER.index(result.check.severity) >= at_least
        ]

    def raise_for(self, least: Severity = Severity.ERROR) -> None:
        """Raise ``CheckFailedError`` where something is violated at that severity or above."""
        if found := self.violations(least):
            raise CheckFailedError(self, found)

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        statuses = [result.status for result in self.results]
        return {
            "rows": self.rows,
            **{status: statuses.count(status) for status in (PASSED, VIOLATED, UNKNOWN)},
            "results": [result.as_dict() for result in self.results],
        }


def percent(share: float) -> str:
    """Return a share as people read it: as many digits as it has, up to four; 100% is all."""
    shown = f"{share * 100:.4f}".rstrip("0").rstrip(".")
    return "just under 100%" if shown == "100" and share < 1 else f"{shown}%"
