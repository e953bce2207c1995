"""Model monitors as code."""

# ruff: noqa: ARG002 - methods have the shape of Kind

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vedette.manifests import Existing
from vedette.manifests.model import checked, dumped, no_labels
from vedette.monitors.models.definition import ModelMonitorSpec

if TYPE_CHECKING:
    from vedette.manifests import Document
    from vedette.monitors.models.service import ModelMonitors
    from vedette.store.catalog import Actor


class ModelMonitorKind:
    """``kind: ModelMonitor``."""

    name = "ModelMonitor"
    order = 40
    spec = ModelMonitorSpec

    def __init__(self, monitors: ModelMonitors) -> None:
        self._monitors = monitors

    def normal(
        self, account: str, name: str, labels: Mapping[str, str], spec: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See ``Kind.normal``."""
        no_labels(labels)
        return dumped(checked(lambda: ModelMonitorSpec.model_validate(dict(spec)).check()))

    def existing(self, account: str) -> Sequence[Existing]:
        """See ``Kind.existing``."""
        found: list[Existing] = []
        after = None
        while True:
            page = self._monitors.page(account, after=after)
            found += [Existing(one.name, {}, dumped(one.spec), one.owner) for one in page.items]
            after = page.next
            if after is None:
                return found

    def put(self, actor: Actor, account: str, document: Document, owner: str) -> None:
        """See ``Kind.put``."""
        spec = ModelMonitorSpec.model_validate(dict(document.spec))
        self._monitors.put(actor, account, document.name, spec, owner=owner)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._monitors.remove(actor, account, name)
