"""What every service of models works with: the stores, whose entities, and who asks."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vedette.core.identity import ResourceId

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from vedette.store.catalog import Actor, Catalog, Change

SOURCE = "vedette.models"


@dataclass(frozen=True, slots=True)
class Caller:
    """One account's view of the catalog, for one caller.

    Attributes:
        catalog: the catalog.
        account: whose entities are read and changed.
        actor: who is named in audit records.

    """

    catalog: Catalog
    account: str
    actor: Actor

    def read(self) -> AbstractContextManager[Session]:
        """Open a read-only session."""
        return self.catalog.read()

    def change(
        self,
        name: str,
        request: Mapping[str, Any] | None = None,
        resources: Sequence[ResourceId] = (),
    ) -> AbstractContextManager[Change]:
        """Open the transaction of one mutation; see ``Catalog.change``."""
        return self.catalog.change(
            self.actor,
            name,
            account=self.account,
            request=request,
            resources=resources,
            source=SOURCE,
        )

    def experiment(self, experiment_id: str) -> ResourceId:
        """Return the identity of an experiment, also of one that is asked for without an id."""
        return ResourceId(self.account, "experiment", experiment_id or "-")

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.catalog.dialect


def now_ms() -> int:
    """Return the present moment in milliseconds since the epoch, as MLflow's entities have it."""
    return time.time_ns() // 1_000_000
