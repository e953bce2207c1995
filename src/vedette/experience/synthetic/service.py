"""Synthetic checks as people see and change them, with the alarms that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.alarms.definition import AlarmSpec
from vedette.core.errors import NotFoundError
from vedette.experience.synthetic.definition import HttpCheck, SyntheticSpec, TcpCheck
from vedette.scheduler import Every, put_work
from vedette.store.catalog.definitions import Defined, DefinitionKind, Definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.alarms.service import AlarmService
    from vedette.store.catalog import Actor, Catalog, Change, Page

KIND = "synthetic"
"""Kind of scheduled work: one piece a check."""
Synthetic = Defined[SyntheticSpec]
DEFINITION = DefinitionKind(
    "synthetic_check", "SyntheticCheck", "vedette.synthetic", SyntheticSpec, "a synthetic check"
)
_PAGE = 1000
_SPREAD = 29


def owner_of(check: Synthetic) -> str:
    """Return the owner of the alarms that a check makes."""
    return f"synthetic/{check.id}"


class SyntheticService:
    """Checks of an account. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog, alarms: AlarmService) -> None:
        self._catalog = catalog
        self._alarms = alarms
        self._definitions = Definitions(catalog, DEFINITION, self._schedule)

    def put(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: SyntheticSpec,
        *,
        labels: Mapping[str, str] | None = None,
        owner: str = "",
        create: bool | None = None,
    ) -> Synthetic:
        """Create a check or change it, with its alarms; see ``Definitions.put``."""
        check = self._definitions.put(
            actor, account, name, spec, labels=labels, owner=owner, enabled=spec.enabled,
            create=create,
        )  # fmt: skip
        wanted = alarms_of(check)
        for alarm in self.alarms(check):
            if alarm not in wanted:
                self._delete_alarm(actor, account, alarm)
        for alarm, alarm_spec in wanted.items():
            self._alarms.put(
                actor, account, alarm, alarm_spec, labels={**check.labels, **_about(check)},
                owner=owner_of(check),
            )  # fmt: skip
        return check

    def get(self, account: str, name: str) -> Synthetic:
        """Return a check by name or id."""
        return self._definitions.get(account, name)

    def by_id(self, account: str, check_id: str) -> Synthetic | None:
        """Return a check, or None."""
        return self._definitions.by_id(account, check_id)

    def page(
        self, account: str, *, search: str = "", limit: int = 100, after: str | None = None
    ) -> Page[Synthetic]:
        """Return checks by name."""
        return self._definitions.page(account, search=search, limit=limit, after=after)

    def all(self, account: str) -> list[Synthetic]:
        """Return all checks of an account."""
        return self._definitions.all(account)

    def remove(self, actor: Actor, account: str, name: str) -> None:
        """Delete a check and its alarms; its runs stay."""
        check = self._definitions.remove(actor, account, name)
        for alarm in self.alarms(check):
            self._delete_alarm(actor, account, alarm)

    def alarms(self, check: Synthetic) -> list[str]:
        """Return the names of the alarms that a check made."""
        page = self._alarms.find(check.account, owner=owner_of(check), limit=_PAGE)
        return [view.alarm.name for view in page.items]

    def _delete_alarm(self, actor: Actor, account: str, alarm: str) -> None:
        try:
            self._alarms.delete(actor, account, alarm)
        except NotFoundError:
            return

    def _schedule(self, change: Change, check: Synthetic, verb: str) -> None:
        key = f"{check.account}/{check.id}"
        if verb == "put" and check.enabled:
            # Not all at the same second: a place of its own in the half minute.
            offset = int.from_bytes(check.id.encode()[-4:]) % _SPREAD
            put_work(
                self._catalog, KIND, key, Every(check.spec.seconds, offset),
                executor=change.session, account=check.account,
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
