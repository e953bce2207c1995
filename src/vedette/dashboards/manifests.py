"""Dashboards as code."""

# ruff: noqa: ARG002 - methods have the shape of Kind

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.dashboards.definition import DashboardSpec
from vedette.dashboards.service import dumped_text
from vedette.manifests import Existing
from vedette.manifests.model import checked, dumped, no_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.dashboards.service import Dashboards
    from vedette.manifests import Document
    from vedette.store.catalog import Actor

_PAGE = 500


class DashboardKind:
    """``kind: Dashboard``."""

    name = "Dashboard"
    order = 60
    spec = DashboardSpec

    def __init__(self, dashboards: Dashboards) -> None:
        self._dashboards = dashboards

    def normal(
        self, account: str, name: str, labels: Mapping[str, str], spec: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See ``Kind.normal``."""
        no_labels(labels)
        definition = checked(lambda: DashboardSpec.model_validate(dict(spec)))
        dumped_text(definition)
        return dumped(definition)

    def existing(self, account: str) -> Sequence[Existing]:
        """See ``Kind.existing``."""
        found: list[Existing] = []
        cursor: str | None = None
        while True:
            page = self._dashboards.page(account, limit=_PAGE, after=cursor)
            found += [Existing(one.name, {}, dumped(one.spec), one.owner) for one in page.items]
            cursor = page.next
            if cursor is None:
                return found

    def put(self, actor: Actor, account: str, document: Document, owner: str) -> None:
        """See ``Kind.put``."""
        spec = DashboardSpec.model_validate(dict(document.spec))
        self._dashboards.put(actor, account, document.name, spec, owner=owner)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._dashboards.delete(actor, account, name, owner=None)
