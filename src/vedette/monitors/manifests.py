"""Monitors of datasets and of models as code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vedette.data.profile_rows import check_dataset
from vedette.manifests.definitions import SpecKind
from vedette.manifests.model import dumped
from vedette.monitors.definition import MonitorSpec
from vedette.monitors.models.definition import ModelMonitorSpec

if TYPE_CHECKING:
    from vedette.monitors.models.service import ModelMonitors
    from vedette.monitors.service import Monitors
    from vedette.store.catalog import Actor


class MonitorKind(SpecKind[MonitorSpec]):
    """``kind: Monitor``; a secret of its source is shown by a fingerprint."""

    name = "Monitor"
    order = 40
    spec = MonitorSpec

    def __init__(self, monitors: Monitors) -> None:
        self._monitors = monitors

    def read(self, spec: Mapping[str, Any]) -> MonitorSpec:
        """See ``SpecKind``."""
        monitor = MonitorSpec.model_validate(dict(spec)).check()
        check_dataset(monitor.dataset)
        return monitor

    def shown(self, account: str, name: str, spec: MonitorSpec) -> Mapping[str, Any]:
        """See ``SpecKind``."""
        plain = dumped(spec)
        if source := plain.get("source"):
            source.pop("secret", None)
            if mark := self._monitors.fingerprint(account, name, spec):
                source["secret"] = mark
        return plain

    def kept(self, account: str) -> Iterable[tuple[str, MonitorSpec, str]]:
        """See ``SpecKind``."""
        return ((one.name, one.spec, one.owner) for one in self._monitors.all(account))

    def store(self, actor: Actor, account: str, name: str, spec: MonitorSpec, owner: str) -> None:
        """See ``SpecKind``."""
        self._monitors.put(actor, account, name, spec, owner=owner)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._monitors.remove(actor, account, name)


class ModelMonitorKind(SpecKind[ModelMonitorSpec]):
    """``kind: ModelMonitor``."""

    name = "ModelMonitor"
    order = 40
    spec = ModelMonitorSpec

    def __init__(self, monitors: ModelMonitors) -> None:
        self._monitors = monitors

    def read(self, spec: Mapping[str, Any]) -> ModelMonitorSpec:
        """See ``SpecKind``."""
        return ModelMonitorSpec.model_validate(dict(spec)).check()

    def kept(self, account: str) -> Iterable[tuple[str, ModelMonitorSpec, str]]:
        """See ``SpecKind``."""
        return ((one.name, one.spec, one.owner) for one in self._monitors.all(account))

    def store(
        self, actor: Actor, account: str, name: str, spec: ModelMonitorSpec, owner: str
    ) -> None:
        """See ``SpecKind``."""
        self._monitors.put(actor, account, name, spec, owner=owner)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._monitors.remove(actor, account, name)
