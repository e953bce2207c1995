"""Synthetic checks as people see and change them, with the alarms that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.alarms.definition import AlarmSpec
from vedette.experience.alarmed import AlarmedDefinitions
from vedette.experience.synthetic.definition import HttpCheck, SyntheticSpec, TcpCheck
from vedette.scheduler import Every, put_work
from vedette.store.catalog.definitions import Defined, DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.alarms.service import AlarmService
    from vedette.store.catalog import Catalog, Change

KIND = "synthetic"
"""Kind of scheduled work: one piece a check."""
Synthetic = Defined[SyntheticSpec]
DEFINITION = DefinitionKind(
    "synthetic_check", "SyntheticCheck", "vedette.synthetic", SyntheticSpec, "a synthetic check"
)
_SPREAD = 29


class SyntheticService(AlarmedDefinitions[SyntheticSpec]):
    """Checks of an account. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog, alarms: AlarmService) -> None:
        super().__init__(catalog, DEFINITION, alarms)

    def owner_of(self, made: Synthetic) -> str:
        """See ``AlarmedDefinitions``."""
        return f"synthetic/{made.id}"

    def wanted(self, made: Synthetic) -> Mapping[str, AlarmSpec]:
        """See ``AlarmedDefinitions``."""
        return alarms_of(made)

    def alarm_labels(self, made: Synthetic) -> Mapping[str, str]:
        """See ``AlarmedDefinitions``."""
        return _about(made)

    def on_change(self, change: Change, made: Synthetic, *, deleted: bool) -> None:
        """See ``Definitions.on_change``: each has work of its own."""
        key = f"{made.account}/{made.id}"
        if made.enabled and not deleted:
            # Not all at the same second: a place of its own in the half minute.
            offset = int.from_bytes(made.id.encode()[-4:]) % _SPREAD
            put_work(
                self._catalog, KIND, key, Every(made.spec.seconds, offset),
                executor=change.session, account=made.account,
            )  # fmt: skip
        else:
            self._catalog.scheduled_work.remove(change.session, KIND, key)


def alarms_of(check: Synthetic) -> dict[str, AlarmSpec]:
    """Return the alarms that a check is to have, by name."""
    spec, wanted = check.spec, check.spec.alarm
    if wanted is None:
        return {}
    period = max(60, -(-spec.seconds // 60) * 60)
    # A run may be late by its own length: two intervals have at least one.
    period *= 1 if spec.seconds <= period // 2 else 2
    found = {
        f"Check {check.name} fails": _alarm(
            check, "vedette.synthetic.success", "Maximum", ("<", 1.0), wanted.severity, period,
            wanted.failures,
            f"{wanted.failures} periods in a row without a run of {check.name} that passed.",
        )
    }  # fmt: skip
    has_tls = not isinstance(spec.check, TcpCheck) and (
        not isinstance(spec.check, HttpCheck)
        or any(step.url.startswith("https:") for step in spec.check.steps)
    )
    if wanted.tls_days is not None and has_tls:
        found[f"Check {check.name} certificate"] = _alarm(
            check, "vedette.synthetic.tls_days", "Minimum", ("<", wanted.tls_days), "warning",
            period, 1, f"The certificate that {check.name} sees expires soon.",
        )  # fmt: skip
    return found


def _alarm(
    check: Synthetic,
    metric: str,
    statistic: str,
    condition: tuple[str, float],
    severity: str,
    period: int,
    periods: int,
    description: str,
) -> AlarmSpec:
    matchers: list[dict[str, Any]] = [{"label": "check", "value": check.name}]
    return AlarmSpec.model_validate(
        {
            "description": description,
            "severity": severity,
            "runbook": check.spec.runbook,
            "enabled": check.spec.enabled,
            "source": {
                "type": "metric",
                "queries": [
                    {"id": "m", "metric": metric, "statistic": statistic, "matchers": matchers}
                ],
            },
            "condition": {"threshold": {"comparison": condition[0], "threshold": condition[1]}},
            "period": period,
            "periods": periods,
        }
    )


def _about(check: Synthetic) -> dict[str, str]:
    about = {"check": check.name}
    if check.spec.service:
        about["service"] = check.spec.service
    return about
