"""Model monitors as people see and change them; every change is audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vedette.models.production.task import TaskBody
from vedette.monitors.models.definition import ModelMonitorSpec
from vedette.monitors.repository import MonitorRepository
from vedette.store.catalog.model_monitor_models import ModelMonitorRow

KIND = "model-monitors"
"""Kind of scheduled work."""


@dataclass(frozen=True, slots=True)
class ModelMonitor:
    """A monitor of a model."""

    id: str
    account: str
    name: str
    spec: ModelMonitorSpec
    owner: str
    created: datetime
    updated: datetime


class ModelMonitors(MonitorRepository[ModelMonitorSpec, ModelMonitor]):
    """Repository of monitors of models. Thread-safe; every method blocks its thread."""

    row = ModelMonitorRow
    target = "model"
    event = "ModelMonitor"
    source = "vedette.monitors.models"
    title = "model monitor"
    work_kinds = (KIND,)

    def monitor(self, row: ModelMonitorRow) -> ModelMonitor:
        """See ``MonitorRepository``."""
        spec = ModelMonitorSpec.model_validate_json(row.definition)
        return ModelMonitor(
            row.id, row.account, row.name, spec, row.owner, row.created, row.updated
        )  # fmt: skip

    def task_of(self, account: str, model: str) -> TaskBody:
        """Return what the newest monitor of a model says that the model does."""
        with self._catalog.read() as session:
            chosen = self._of(account).where(ModelMonitorRow.model == model)
            row = session.scalar(chosen.order_by(ModelMonitorRow.updated.desc()).limit(1))
            return TaskBody() if row is None else self.monitor(row).spec.task
