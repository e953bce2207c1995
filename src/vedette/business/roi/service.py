"""Definitions of returns as people see and change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.business.roi.definition import RoiSpec
from vedette.store.catalog.definitions import Defined, DefinitionKind, Definitions

if TYPE_CHECKING:
    from vedette.store.catalog import Catalog

RoiDefinition = Defined[RoiSpec]
DEFINITION = DefinitionKind("roi", "Roi", "vedette.business", RoiSpec, "a return")


def roi_definitions(catalog: Catalog) -> Definitions[RoiSpec]:
    """Return the repository of returns."""
    return Definitions(catalog, DEFINITION)
