"""Kinds of documents whose entities are kept as definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, TypeAdapter

from vedette.manifests.labels import Labels
from vedette.manifests.model import checked, dumped, no_labels
from vedette.manifests.plan import Existing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vedette.manifests.document import Document
    from vedette.store.catalog import Actor
    from vedette.store.catalog.definitions import Defined

S = TypeVar("S", bound=BaseModel)
_LABELS: TypeAdapter[dict[str, str]] = TypeAdapter(Labels)


class SpecKind(Generic[S]):
    """A ``Kind`` that is a spec and nothing else; a subclass says what is there and how to store."""

    name: str
    order: int
    spec: type[S]

    def read(self, spec: Mapping[str, Any]) -> S:
        """Return the definition of a document; raise where it is wrong."""
        return self.spec.model_validate(dict(spec))

    def kept(self, account: str) -> Iterable[tuple[str, S, str]]:
        """Return name, definition and owner of each that is there."""
        raise NotImplementedError

    def store(self, actor: Actor, account: str, name: str, spec: S, owner: str) -> object:
        """Create one or change it."""
        raise NotImplementedError

    def shown(self, account: str, name: str, spec: S) -> Mapping[str, Any]:
        """Return what a definition is compared by."""
        del account, name
        return dumped(spec)

    def normal(
        self, account: str, name: str, labels: Mapping[str, str], spec: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See ``Kind.normal``."""
        no_labels(labels)
        return self.shown(account, name, checked(lambda: self.read(spec)))

    def existing(self, account: str) -> Sequence[Existing]:
        """See ``Kind.existing``."""
        return [
            Existing(name, {}, self.shown(account, name, spec), owner)
            for name, spec, owner in self.kept(account)
        ]

    def put(self, actor: Actor, account: str, document: Document, owner: str) -> None:
        """See ``Kind.put``."""
        self.store(actor, account, document.name, self.read(document.spec), owner)


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
