"""Kinds of documents whose entities are kept as definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, TypeAdapter

from vedette.manifests.labels import Labels
from vedette.manifests.model import checked, dumped
from vedette.manifests.plan import Existing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.manifests.document import Document
    from vedette.store.catalog import Actor
    from vedette.store.catalog.definitions import Defined

S = TypeVar("S", bound=BaseModel)
_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)


class DefinitionService(Protocol[S]):
    """What changes the entities of a kind."""

    def put(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: S,
        *,
        labels: Mapping[str, str] | None = None,
        owner: str = "",
    ) -> Defined[S]:
        """Create one or change it."""

    def all(self, account: str) -> list[Defined[S]]:
        """Return all of an account."""

    def remove(self, actor: Actor, account: str, name: str) -> object:
        """Delete one."""


class DefinitionManifests(Generic[S]):
    """A ``Kind`` over such a service; a subclass says its name, order and how a spec is checked."""

    name: str
    order: int
    spec: type[S]

    def __init__(self, service: DefinitionService[S]) -> None:
        self._service = service

    def check(self, spec: Mapping[str, Any]) -> S:
        """Return the definition of a document; raise where it is wrong."""
        raise NotImplementedError

    def normal(
        self, account: str, name: str, labels: Mapping[str, str], spec: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See ``Kind.normal``."""
        del account, name
        checked(lambda: _LABELS.validate_python(dict(labels)))
        return dumped(self.check(spec))

    def existing(self, account: str) -> Sequence[Existing]:
        """See ``Kind.existing``."""
        return [
            Existing(one.name, one.labels, dumped(one.spec), one.owner)
            for one in self._service.all(account)
        ]

    def put(self, actor: Actor, account: str, document: Document, owner: str) -> None:
        """See ``Kind.put``."""
        self._service.put(
            actor, account, document.name, self.check(document.spec), labels=document.labels,
            owner=owner,
        )  # fmt: skip

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._service.remove(actor, account, name)
