"""Alarms and mute windows as code."""

# ruff: noqa: ARG002 - methods have the shape of Kind

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from vedette.alarms.checks import check_evaluable
from vedette.alarms.definition import AlarmSpec, Labels, check_spec
from vedette.alarms.mute import MuteSpec
from vedette.manifests import Existing
from vedette.manifests.definitions import SpecKind
from vedette.manifests.model import checked, dumped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vedette.alarms.mute_service import MuteService
    from vedette.alarms.service import AlarmService
    from vedette.manifests import Document
    from vedette.store.catalog import Actor

_PAGE = 1000
_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)


class AlarmKind:
    """``kind: Alarm``."""

    name = "Alarm"
    order = 30
    spec = AlarmSpec

    def __init__(
        self, alarms: AlarmService, *, may_read: Callable[[AlarmSpec], None] | None = None
    ) -> None:
        self._alarms = alarms
        self._may_read = may_read

    def normal(
        self,
        account: str,
        name: str,
        labels: Mapping[str, str],
        spec: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """See ``Kind.normal``."""
        alarm = check_spec(dict(spec))
        check_evaluable(alarm)
        if self._may_read:
            self._may_read(alarm)
        checked(lambda: _LABELS.validate_python(dict(labels)))
        return dumped(alarm)

    def existing(self, account: str) -> Sequence[Existing]:
        """See ``Kind.existing``."""
        found: list[Existing] = []
        cursor: str | None = None
        while True:
            page = self._alarms.find(account, limit=_PAGE, after=cursor)
            for view in page.items:
                one = view.alarm
                found.append(Existing(one.name, one.labels, dumped(one.spec), one.owner))
            cursor = page.next
            if cursor is None:
                return found

    def put(self, actor: Actor, account: str, document: Document, owner: str) -> None:
        """See ``Kind.put``."""
        self._alarms.put(
            actor, account, document.name, check_spec(dict(document.spec)),
            labels=document.labels, owner=owner,
        )  # fmt: skip

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._alarms.delete(actor, account, name)


class MuteWindowKind(SpecKind[MuteSpec]):
    """``kind: MuteWindow``."""

    name = "MuteWindow"
    order = 40
    spec = MuteSpec

    def __init__(self, windows: MuteService) -> None:
        self._windows = windows

    def kept(self, account: str) -> Iterable[tuple[str, MuteSpec, str]]:
        """See ``SpecKind``."""
        return [(one.name, one.spec, one.owner) for one in self._windows.all(account)]

    def store(self, actor: Actor, account: str, name: str, spec: MuteSpec, owner: str) -> None:
        """See ``SpecKind``."""
        self._windows.put(actor, account, name, spec, owner=owner)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._windows.delete(actor, account, name)
