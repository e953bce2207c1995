"""Monitors of datasets as code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vedette.data.profile_rows import check_dataset
from vedette.manifests import Existing
from vedette.manifests.model import checked, dumped, no_labels
from vedette.monitors.definition import MonitorSpec

if TYPE_CHECKING:
    from vedette.manifests import Document
    from vedette.monitors.service import Monitors
    from vedette.store.catalog import Actor


class MonitorKind:
    """``kind: Monitor``; a secret of its source is shown by a fingerprint."""

    name = "Monitor"
    order = 40
    spec = MonitorSpec

    def __init__(self, monitors: Monitors) -> None:
        self._monitors = monitors

    def normal(
        self, account: str, name: str, labels: Mapping[str, str], spec: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See ``Kind.normal``."""
        no_labels(labels)
        monitor = _spec(spec)
        check_dataset(monitor.dataset)
        return _shown(monitor, self._monitors.fingerprint(account, name, monitor))

    def existing(self, account: str) -> Sequence[Existing]:
        """See ``Kind.existing``."""
        found: list[Existing] = []
        after = None
        while True:
            page = self._monitors.page(account, limit=1000, after=after)
            for one in page.items:
                mark = self._monitors.fingerprint(account, one.name, one.spec)
                found.append(Existing(one.name, {}, _shown(one.spec, mark), one.owner))
            after = page.next
            if after is None:
                return found

    def put(self, actor: Actor, account: str, document: Document, owner: str) -> None:
        """See ``Kind.put``."""
        self._monitors.put(actor, account, document.name, _spec(document.spec), owner=owner)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._monitors.remove(actor, account, name)


def _spec(spec: Mapping[str, Any]) -> MonitorSpec:
    return checked(lambda: MonitorSpec.model_validate(dict(spec)).check())


def _shown(monitor: MonitorSpec, fingerprint: str | None) -> Mapping[str, Any]:
    plain = dumped(monitor)
    if source := plain.get("source"):
        source.pop("secret", None)
        if fingerprint:
            source["secret"] = fingerprint
    return plain
