"""Synthetic checks as code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.experience.synthetic.definition import SyntheticSpec, check_synthetic
from vedette.manifests.definitions import DefinitionManifests

if TYPE_CHECKING:
    from collections.abc import Mapping


class SyntheticKind(DefinitionManifests[SyntheticSpec]):
    """``kind: SyntheticCheck``."""

    name = "SyntheticCheck"
    order = 33
    spec = SyntheticSpec

    def check(self, spec: Mapping[str, Any]) -> SyntheticSpec:
        """See ``DefinitionManifests.check``."""
        return check_synthetic(dict(spec))
