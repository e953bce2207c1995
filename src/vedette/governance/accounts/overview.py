"""What a monitoring account sees of its sources at one look: entities of the kinds that are shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from vedette.core.time import TimeRange
from vedette.governance.accounts.links import Links, SharedKind
from vedette.governance.accounts.quotas import Quotas
from vedette.governance.tags.policies import TagPolicies
from vedette.query import QueryRunner
from vedette.query.scope import reading
from vedette.store.catalog import Catalog
from vedette.store.catalog.alarm_models import AlarmRow, AlarmStatusRow
from vedette.store.catalog.data_models import MonitorRow
from vedette.store.catalog.models import AccountRow
from vedette.store.catalog.registry_models import ModelVersionRow, RegisteredModelRow
from vedette.telemetry.ranges import bound_range

MAX_ITEMS = 1000
NEW = "not evaluated"
"""The state of an alarm before its first evaluation."""
_HEALTH = {
    SharedKind.LOGS: """
SELECT Account AS account, count() AS records, countIf(SeverityNumber >= 17) AS errors,
       max(TimestampTime) AS newest
FROM @otel_logs
WHERE TimestampTime >= toDateTime({start:DateTime64(9)}) AND TimestampTime < toDateTime({end:DateTime64(9)})
GROUP BY account
""",
    SharedKind.TRACES: """
SELECT Account AS account, count() AS records, countIf(StatusCode = 'Error') AS errors,
       toDateTime(max(Timestamp)) AS newest
FROM @otel_traces
WHERE Timestamp >= {start:DateTime64(9)} AND Timestamp < {end:DateTime64(9)}
GROUP BY account
""",
}


@dataclass(slots=True)
class AccountSummary:
    """One account; what it does not share is None.

    ``health`` has records, errors and the newest time of logs and traces; ``alarms`` and ``models`` have
    counts by state and by stage.
    """

    account: str
    display_name: str
    kinds: list[str]
    health: dict[str, dict[str, Any]] = field(default_factory=dict)
    alarms: dict[str, int] | None = None
    models: dict[str, int] | None = None
    monitors: int | None = None
    compliance: dict[str, int] | None = None
    usage: dict[str, float] | None = None


class Overview:
    """Reads over accounts, each within what it shares."""

    def __init__(
        self,
        catalog: Catalog,
        runner: QueryRunner,
        links: Links,
        policies: TagPolicies,
        quotas: Quotas,
    ) -> None:
        self._catalog = catalog
        self._runner = runner
        self._links = links
        self._policies = policies
        self._quotas = quotas

    def accounts(self, account: str, within: TimeRange) -> list[AccountSummary]:
        """Return the account itself and those that share with it."""
        shared = {account: frozenset(map(str, SharedKind)), **self._links.shared_with(account)}
        with self._catalog.read() as session:
            query = select(AccountRow.name, AccountRow.display_name)
            rows = session.execute(query.where(AccountRow.name.in_(shared))).all()
            names = {name: shown for name, shown in rows}  # noqa: C416 - rows are not pairs to mypy
        found = {
            name: AccountSummary(name, names.get(name, name), sorted(kinds))
            for name, kinds in shared.items()
        }
        self._add_health(account, within, shared, found)
        self._add_entities(shared, found)
        today = self._catalog.clock.now().date().isoformat()
        with_usage = [name for name, kinds in shared.items() if SharedKind.USAGE in kinds]
        for item in self._quotas.usage(with_usage, since=today, until=today):
            limits = self._quotas.of(item.account)
            found[item.account].usage = {
                "ingest_bytes": item.ingest_bytes,
                "storage_bytes": item.storage_bytes,
                "series": item.series,
                **{f"limit_{quota}": limit for quota, limit in limits.items()},
            }
        for name, kinds in shared.items():
            if SharedKind.COMPLIANCE in kinds:
                report = self._policies.report(name, limit=1)
                found[name].compliance = {
                    "resources": report.resources,
                    "compliant": report.compliant,
                }
        return [found[name] for name in sorted(found, key=lambda name: (name != account, name))]

    def _add_health(
        self,
        account: str,
        within: TimeRange,
        shared: Mapping[str, frozenset[str]],
        found: Mapping[str, AccountSummary],
    ) -> None:
        with reading({name: kinds for name, kinds in shared.items() if name != account}):
            for kind, sql in _HEALTH.items():
                for row in self._runner.run(account, sql, bound_range(within)).records():
                    summary = found.get(row.pop("account"))
                    if summary is not None:
                        summary.health[kind] = row

    def _add_entities(
        self, shared: Mapping[str, frozenset[str]], found: Mapping[str, AccountSummary]
    ) -> None:
        def having(kind: SharedKind) -> list[str]:
            return [name for name, kinds in shared.items() if kind in kinds]

        for name in having(SharedKind.ALARMS):
            found[name].alarms = {}
        for name in having(SharedKind.MODELS):
            found[name].models = {}
        for name in having(SharedKind.MONITORS):
            found[name].monitors = 0
        alarms = (
            select(AlarmRow.account, func.coalesce(AlarmStatusRow.state, NEW), func.count())
            .outerjoin(AlarmStatusRow, AlarmStatusRow.alarm_id == AlarmRow.id)
            .where(AlarmRow.account.in_(having(SharedKind.ALARMS)))
            .group_by(AlarmRow.account, AlarmStatusRow.state)
        )
        models = (
            select(ModelVersionRow.account, ModelVersionRow.stage, func.count())
            .where(ModelVersionRow.account.in_(having(SharedKind.MODELS)))
            .group_by(ModelVersionRow.account, ModelVersionRow.stage)
        )
        monitors = (
            select(MonitorRow.account, func.count())
            .where(MonitorRow.account.in_(having(SharedKind.MONITORS)))
            .group_by(MonitorRow.account)
        )
        with self._catalog.read() as session:
            for name, state, count in session.execute(alarms):
                counted = found[name].alarms
                assert counted is not None  # noqa: S101 - set above
                counted[state] = count
            for name, stage, count in session.execute(models):
                counted = found[name].models
                assert counted is not None  # noqa: S101 - set above
                counted[stage or "None"] = count
            for name, count in session.execute(monitors):
                found[name].monitors = count

    def items(self, account: str, kind: SharedKind) -> list[dict[str, Any]]:
        """Return alarms, models or monitors of the account and of those that share them."""
        shared = self._links.shared_with(account)
        accounts = [account, *(name for name, kinds in shared.items() if kind in kinds)]
        queries = {
            SharedKind.ALARMS: select(
                AlarmRow.account, AlarmRow.name, AlarmStatusRow.state, AlarmRow.severity
            )
            .outerjoin(AlarmStatusRow, AlarmStatusRow.alarm_id == AlarmRow.id)
            .where(AlarmRow.account.in_(accounts))
            .order_by(AlarmStatusRow.state, AlarmRow.account, AlarmRow.name),
            SharedKind.MODELS: select(
                RegisteredModelRow.account,
                RegisteredModelRow.name,
                ModelVersionRow.stage,
                ModelVersionRow.stage_status,
            )
            .outerjoin(
                ModelVersionRow,
                (ModelVersionRow.model_id == RegisteredModelRow.id)
                & (ModelVersionRow.version == RegisteredModelRow.last_version),
            )
            .where(RegisteredModelRow.account.in_(accounts))
            .order_by(RegisteredModelRow.account, RegisteredModelRow.name),
            SharedKind.MONITORS: select(
                MonitorRow.account, MonitorRow.name, MonitorRow.dataset, MonitorRow.name
            )
            .where(MonitorRow.account.in_(accounts))
            .order_by(MonitorRow.account, MonitorRow.name),
        }
        query = queries.get(kind)
        if query is None:
            return []
        with self._catalog.read() as session:
            rows = session.execute(query.limit(MAX_ITEMS)).all()
        return [
            {"account": row[0], "name": row[1], "state": row[2] or "", "detail": row[3] or ""}
            for row in rows
        ]
