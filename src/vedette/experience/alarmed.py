"""Definitions that make alarms: what SLOs and synthetic checks share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from vedette.core.errors import NotFoundError
from vedette.store.catalog.definitions import Defined, DefinitionKind, Definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.alarms.definition import AlarmSpec
    from vedette.alarms.service import AlarmService
    from vedette.store.catalog import Actor, Catalog

S = TypeVar("S", bound=BaseModel)
_PAGE = 1000


class AlarmedDefinitions(Definitions[S]):
    """Definitions whose alarms come, change and go with them; a subclass says which alarms."""

    def __init__(self, catalog: Catalog, kind: DefinitionKind[S], alarms: AlarmService) -> None:
        super().__init__(catalog, kind)
        self._alarms = alarms

    def owner_of(self, made: Defined[S]) -> str:
        """Return the owner of the alarms that a definition makes."""
        raise NotImplementedError

    def wanted(self, made: Defined[S]) -> Mapping[str, AlarmSpec]:
        """Return the alarms that a definition is to have, by name."""
        raise NotImplementedError

    def alarm_labels(self, made: Defined[S]) -> Mapping[str, str]:
        """Return the labels of its alarms, beside its own."""
        raise NotImplementedError

    def put(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: S,
        *,
        labels: Mapping[str, str] | None = None,
        owner: str = "",
        create: bool | None = None,
    ) -> Defined[S]:
        """Create one or change it, with its alarms; see ``Definitions.put``."""
        made = super().put(actor, account, name, spec, labels=labels, owner=owner, create=create)
        wanted = self.wanted(made)
        for alarm in self.alarms_of(made):
            if alarm not in wanted:
                self._delete(actor, account, alarm)
        for alarm, alarm_spec in wanted.items():
            self._alarms.put(
                actor, account, alarm, alarm_spec, owner=self.owner_of(made),
                labels={**made.labels, **self.alarm_labels(made)},
            )  # fmt: skip
        return made

    def remove(self, actor: Actor, account: str, name: str) -> Defined[S]:
        """Delete one and its alarms; facts about it stay."""
        removed = super().remove(actor, account, name)
        for alarm in self.alarms_of(removed):
            self._delete(actor, account, alarm)
        return removed

    def alarms_of(self, made: Defined[S]) -> list[str]:
        """Return the names of the alarms that a definition made."""
        page = self._alarms.find(made.account, owner=self.owner_of(made), limit=_PAGE)
        return [view.alarm.name for view in page.items]

    def _delete(self, actor: Actor, account: str, alarm: str) -> None:
        try:
            self._alarms.delete(actor, account, alarm)
        except NotFoundError:
            return
