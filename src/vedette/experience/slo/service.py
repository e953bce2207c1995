"""Objectives as people see and change them, with the alarms that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.alarms.definition import AlarmSpec
from vedette.core.errors import NotFoundError
from vedette.experience.slo.definition import BurnAlarm, SloSpec
from vedette.scheduler import Every, put_work
from vedette.store.catalog.definitions import Defined, DefinitionKind, Definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.alarms.service import AlarmService
    from vedette.store.catalog import Actor, Catalog, Change, Page

KIND = "slos"
"""Kind of scheduled work: one piece an account."""
SCHEDULE = Every(60, 20)
Slo = Defined[SloSpec]
DEFINITION = DefinitionKind("slo", "Slo", "vedette.slo", SloSpec, "an objective")
_PAGE = 1000


def key_of(slo: Slo) -> str:
    """Return what its counts are stored under: a changed source is counted anew."""
    return f"{slo.id}:{slo.spec.fingerprint()}"


def owner_of(slo: Slo) -> str:
    """Return the owner of the alarms that an objective makes."""
    return f"slo/{slo.id}"


class SloService:
    """Objectives of an account. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog, alarms: AlarmService) -> None:
        self._catalog = catalog
        self._alarms = alarms
        self._definitions = Definitions(catalog, DEFINITION, self._schedule)

    def put(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: SloSpec,
        *,
        labels: Mapping[str, str] | None = None,
        owner: str = "",
        create: bool | None = None,
    ) -> Slo:
        """Create an objective or change it, with its alarms; see ``Definitions.put``."""
        slo = self._definitions.put(
            actor, account, name, spec, labels=labels, owner=owner, enabled=spec.enabled,
            create=create,
        )  # fmt: skip
        self.sync_alarms(actor, slo)
        return slo

    def get(self, account: str, name: str) -> Slo:
        """Return an objective by name or id."""
        return self._definitions.get(account, name)

    def page(
        self, account: str, *, search: str = "", limit: int = 100, after: str | None = None
    ) -> Page[Slo]:
        """Return objectives by name."""
        return self._definitions.page(account, search=search, limit=limit, after=after)

    def all(self, account: str) -> list[Slo]:
        """Return all objectives of an account."""
        return self._definitions.all(account)

    def remove(self, actor: Actor, account: str, name: str) -> None:
        """Delete an objective and its alarms."""
        slo = self._definitions.remove(actor, account, name)
        for alarm in self.alarms_of(slo):
            self._delete_alarm(actor, account, alarm)

    def sync_alarms(self, actor: Actor, slo: Slo) -> None:
        """Make the alarms of an objective as its definition has them."""
        wanted = {alarm_name(slo, one): one for one in slo.spec.alarms}
        for name in self.alarms_of(slo):
            if name not in wanted:
                self._delete_alarm(actor, slo.account, name)
        for name, burn in wanted.items():
            self._alarms.put(
                actor, slo.account, name, alarm_spec(slo, burn),
                labels={**slo.labels, "slo": slo.name}, owner=owner_of(slo),
            )  # fmt: skip

    def alarms_of(self, slo: Slo) -> list[str]:
        """Return the names of the alarms that an objective made."""
        page = self._alarms.find(slo.account, owner=owner_of(slo), limit=_PAGE)
        return [view.alarm.name for view in page.items]

    def _delete_alarm(self, actor: Actor, account: str, name: str) -> None:
        try:
            self._alarms.delete(actor, account, name)
        except NotFoundError:
            return

    def _schedule(self, change: Change, slo: Slo, verb: str) -> None:
        if verb == "put":
            put_work(
                self._catalog, KIND, slo.account, SCHEDULE, executor=change.session,
                account=slo.account,
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
