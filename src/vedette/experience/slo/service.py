"""Objectives as people see and change them, with the alarms that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.alarms.definition import AlarmSpec
from vedette.experience.alarmed import AlarmedDefinitions
from vedette.experience.slo.definition import BurnAlarm, SloSpec
from vedette.scheduler import Every, put_work
from vedette.store.catalog.definitions import Defined, DefinitionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.alarms.service import AlarmService
    from vedette.store.catalog import Catalog, Change

KIND = "slos"
"""Kind of scheduled work: one piece an account."""
SCHEDULE = Every(60, 20)
Slo = Defined[SloSpec]
DEFINITION = DefinitionKind("slo", "Slo", "vedette.slo", SloSpec, "an objective")


def key_of(slo: Slo) -> str:
    """Return what its counts are stored under: a changed source is counted anew."""
    return f"{slo.id}:{slo.spec.fingerprint()}"


class SloService(AlarmedDefinitions[SloSpec]):
    """Objectives of an account. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog, alarms: AlarmService) -> None:
        super().__init__(catalog, DEFINITION, alarms)

    def owner_of(self, made: Slo) -> str:
        """See ``AlarmedDefinitions``."""
        return f"slo/{made.id}"

    def wanted(self, made: Slo) -> Mapping[str, AlarmSpec]:
        """See ``AlarmedDefinitions``."""
        return {alarm_name(made, one): alarm_spec(made, one) for one in made.spec.alarms}

    def alarm_labels(self, made: Slo) -> Mapping[str, str]:
        """See ``AlarmedDefinitions``."""
        return {"slo": made.name}

    def on_change(self, change: Change, made: Slo, *, deleted: bool) -> None:
        """See ``Definitions.on_change``: one piece of work evaluates all of an account."""
        if not deleted:
            put_work(
                self._catalog, KIND, made.account, SCHEDULE, executor=change.session,
                account=made.account,
            )  # fmt: skip


def alarm_name(slo: Slo, burn: BurnAlarm) -> str:
    """Return the name of an objective's alarm."""
    return f"SLO {slo.name} {burn.windows}"


def alarm_spec(slo: Slo, burn: BurnAlarm) -> AlarmSpec:
    """Return the alarm on a burn rate: of both windows, the smaller one is the metric's value."""
    return AlarmSpec.model_validate(
        {
            "description": (
                f"The error budget of {slo.name} (goal {slo.spec.goal:g} over {slo.spec.period}) "
                f"burns {burn.burn_rate:g} times as fast as it may, over {burn.long} and still "
                f"over {burn.short}."
            ),
            "severity": burn.severity,
            "runbook": slo.spec.runbook,
            "enabled": slo.spec.enabled,
            "source": {
                "type": "metric",
                "queries": [
                    {
                        "id": "burn",
                        "metric": "vedette.slo.burn_rate",
                        "statistic": "Maximum",
                        "matchers": [
                            {"label": "slo", "value": slo.name},
                            {"label": "windows", "value": burn.windows},
                        ],
                    }
                ],
            },
            "condition": {"threshold": {"comparison": ">=", "threshold": burn.burn_rate}},
            # An evaluation that is late by a minute neither clears nor raises anything.
            "missing": "ignore",
        }
    )
