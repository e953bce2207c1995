"""What monitors found last, for the checks that a version needs before it enters a stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import or_, select

from vedette.data.checks.result import UNKNOWN
from vedette.models.production.profile import dataset_of
from vedette.models.registry.checks import Finding
from vedette.monitors.models.definition import ModelMonitorSpec
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.store.catalog.data_models import MonitorRow
from vedette.store.catalog.model_monitor_models import ModelMonitorRow

MAX_MONITORS = 100
_KINDS = {
    "quality": "quality",
    "estimate": "quality",
    "check": "quality",
    "drift": "drift",
    "bias": "bias",
    "attribution": "attributions",
}
"""Kinds of findings by families of results."""
# Of each monitor the last window that it could judge, as its last run left it.
_LAST = """
SELECT Monitor AS monitor, Family AS family, max(End) AS end,
    groupUniqArrayIf(5)(
        Description,
        Status = 'violated' OR (Family = 'drift' AND Name = '' AND Status = 'drift')) AS problems
FROM @data_results
WHERE Dataset IN {datasets:Array(String)} AND Family IN {families:Array(String)} AND Status != {unknown:String}
    AND (Monitor, Start, Run) IN
    (
        SELECT Monitor, max(Start), argMax(Run, (Start, Run))
        FROM @data_results
        WHERE Dataset IN {datasets:Array(String)} AND Monitor IN {monitors:Array(String)}
            AND Family IN {families:Array(String)} AND Status != {unknown:String}
        GROUP BY Monitor
    )
GROUP BY Monitor, Family
ORDER BY monitor, family
"""


class LastFindings:
    """Finds what monitors of an account found last; a ``Watch``."""

    def __init__(self, catalog: Catalog, runner: QueryRunner, account: str) -> None:
        self._catalog = catalog
        self._runner = runner
        self._account = account

    def __call__(self, model: str, version: int, names: Sequence[str]) -> list[Finding]:
        """Return findings of monitors of a version, and of those of models and data with these names."""
        chosen = {one[0]: one for one in self._monitors(model, version, names)}
        if not chosen:
            return []
        params = {
            "monitors": list(chosen),
            "datasets": sorted({dataset for _, _, dataset, _ in chosen.values()}),
            "families": list(_KINDS),
            "unknown": UNKNOWN,
        }
        rows = self._runner.run(self._account, _LAST, params).records()
        return [
            Finding(
                monitor=chosen[row["monitor"]][1],
                kind=_KINDS[row["family"]],
                of_version=chosen[row["monitor"]][3],
                end=datetime.fromisoformat(str(row["end"])).replace(tzinfo=UTC),
                problems=row["problems"],
            )
            for row in rows
        ]

    def _monitors(
        self, model: str, version: int, names: Sequence[str]
    ) -> Iterator[tuple[str, str, str, bool]]:
        """Yield id, name, dataset and whether it looks at the version."""
        of_model, of_data = ModelMonitorRow, MonitorRow
        watching = (
            select(of_model)
            .where(of_model.account == self._account, of_model.enabled)
            .where(or_(of_model.model == model, of_model.name.in_(names)))
            .limit(MAX_MONITORS)
        )
        data = select(of_data).where(of_data.account == self._account, of_data.name.in_(names))
        with self._catalog.read() as session:
            for row in session.scalars(watching):
                spec = ModelMonitorSpec.model_validate_json(row.definition)
                sees = row.model == model and spec.version in {None, "", str(version)}
                yield row.id, row.name, dataset_of(row.model), sees
            for one in session.scalars(data.limit(MAX_MONITORS)):
                yield one.id, one.name, one.dataset, False
