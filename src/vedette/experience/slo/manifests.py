"""Objectives as code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.experience.slo.definition import SloSpec, check_slo
from vedette.manifests.definitions import DefinitionManifests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vedette.experience.slo.service import SloService


class SloKind(DefinitionManifests[SloSpec]):
    """``kind: SLO``."""

    name = "SLO"
    order = 32
    spec = SloSpec

    def __init__(
        self, slos: SloService, *, may_read: Callable[[SloSpec], None] | None = None
    ) -> None:
        super().__init__(slos)
        self._may_read = may_read

    def check(self, spec: Mapping[str, Any]) -> SloSpec:
        """See ``DefinitionManifests.check``."""
        slo = check_slo(dict(spec))
        if self._may_read:
            self._may_read(slo)
        return slo
