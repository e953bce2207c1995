"""Machine types: what they cost and have, for costs of hosts and for sizes that would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from vedette.core.bodies import Body
from vedette.manifests.definitions import DefinitionManifests
from vedette.manifests.model import checked
from vedette.store.catalog.definitions import Defined, DefinitionKind, Definitions

if TYPE_CHECKING:
    from vedette.store.catalog import Catalog

MAX_PRICE = 1e6
MAX_SIZE = 1e6


class MachineSpec(Body):
    """A machine type, such as the cloud's ``m5.xlarge``: hosts name it as ``host.type``."""

    price_hour: float = Field(ge=0, le=MAX_PRICE, description="in the currency of training prices")
    cpus: float = Field(gt=0, le=MAX_SIZE)
    memory_gib: float = Field(gt=0, le=MAX_SIZE)
    gpus: int = Field(default=0, ge=0, le=1024)


MachineType = Defined[MachineSpec]
DEFINITION = DefinitionKind(
    "machine_type", "MachineType", "vedette.infrastructure", MachineSpec, "a machine type"
)


def machine_types(catalog: Catalog) -> Definitions[MachineSpec]:
    """Return the repository of machine types."""
    return Definitions(catalog, DEFINITION)


class MachineTypeKind(DefinitionManifests[MachineSpec]):
    """``kind: MachineType``."""

    name = "MachineType"
    order = 5
    spec = MachineSpec

    def check(self, spec: Mapping[str, Any]) -> MachineSpec:
        """See ``DefinitionManifests``."""
        return checked(lambda: MachineSpec.model_validate(dict(spec)))
