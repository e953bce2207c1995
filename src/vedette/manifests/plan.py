"""What applying documents would change, and doing it.

Kinds of entities plug in by the registry: how one is checked, read, written and deleted is theirs;
the comparison, the order and the pruning are here. Applying twice changes nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import TypeAdapter

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError, VedetteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vedette.manifests.document import Document
    from vedette.store.catalog import Actor

Verb = Literal["create", "update", "unchanged", "delete"]
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Existing:
    """An entity as it is; ``spec`` is in the form that ``Kind.normal`` gives."""

    name: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]
    owner: str


class Kind(Protocol):
    """A kind of entity that can be kept as code."""

    name: str
    """As documents write it, such as ``Alarm``."""
    order: int
    """Lower ones are applied first and pruned last."""
    spec: Any
    """The type of a spec, which its JSON Schema is made of."""

    def normal(
        self, account: str, name: str, labels: Mapping[str, str], spec: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return a spec in its normal form, without defaults; raise where it is wrong.

        Secrets are replaced by what tells whether they are the same.
        """

    def existing(self, account: str) -> Sequence[Existing]:
        """Return all entities of the kind."""

    def put(self, actor: Actor, account: str, document: Document, owner: str) -> None:
        """Create or change an entity."""

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """Delete an entity."""


@dataclass(frozen=True, slots=True)
class Change:
    """A member that differs; None stands for none."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done with one entity."""

    verb: Verb
    kind: str
    name: str
    place: str = ""
    changes: Sequence[Change] = ()
    document: Document | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, in order."""

    actions: Sequence[Action]

    @property
    def changes(self) -> int:
        """How many entities change."""
        return sum(action.verb != "unchanged" for action in self.actions)


@dataclass(frozen=True, slots=True)
class Applied:
    """How far a plan got.

    Attributes:
        done: actions that were carried out.
        failed: the action that stopped it, or None.
        error: why.

    """

    done: Sequence[Action]
    failed: Action | None = None
    error: VedetteError | None = None


class Registry:
    """The kinds that can be kept as code."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = {kind.name: kind for kind in sorted(kinds, key=lambda kind: kind.order)}

    @property
    def kinds(self) -> list[str]:
        """Their names, in the order in which they are applied."""
        return list(self._kinds)

    def schema(self, kind: str) -> dict[str, Any]:
        """Return the JSON Schema of a kind's specs.

        Raises:
            NotFoundError: there is no such kind.

        """
        if kind not in self._kinds:
            raise NotFoundError(
                f"{kind!r} is no kind", field="kind", remedy=f"use one of {', '.join(self._kinds)}"
            )
        return TypeAdapter(self._kinds[kind].spec).json_schema()

    def plan(
        self, account: str, documents: Sequence[Document], *, owner: str, prune: bool = False
    ) -> Plan:
        """Compare documents with what is there.

        Args:
            account: whose entities.
            documents: what is to be.
            owner: who keeps them as code; another owner's entities are not touched.
            prune: delete what this owner keeps and no document names.

        Raises:
            InvalidInputError: a document is wrong; the message names its file and line.
            ConflictError: an entity is kept by another owner.

        """
        if prune and not owner:
            raise InvalidInputError(
                "pruning needs an owner", field="owner",
                remedy="name who keeps these files: only what it keeps is pruned",
            )  # fmt: skip
        for document in documents:
            if document.kind not in self._kinds:
                raise InvalidInputError(
                    f"{document.place}: {document.kind!r} is no kind",
                    field="kind",
                    remedy=f"use one of {', '.join(self._kinds)}",
                )
        actions, pruned = [], []
        for kind in self._kinds.values():
            there = {one.name: one for one in kind.existing(account)}
            mine = [document for document in documents if document.kind == kind.name]
            actions += [
                self._action(kind, account, document, there.get(document.name), owner)
                for document in mine
            ]
            if prune:
                named = {document.name for document in mine}
                pruned += [
                    Action("delete", kind.name, one.name)
                    for one in there.values()
                    if one.owner == owner and one.name not in named
                ]
        return Plan([*actions, *reversed(pruned)])

    def apply(self, actor: Actor, account: str, plan: Plan, *, owner: str) -> Applied:
        """Carry a plan out, as far as it goes; each change is audited by itself."""
        done: list[Action] = []
        for action in plan.actions:
            if action.verb == "unchanged":
                continue
            kind = self._kinds[action.kind]
            try:
                if action.verb == "delete":
                    kind.delete(actor, account, action.name)
                elif action.document:
                    kind.put(actor, account, action.document, owner)
            except VedetteError as error:
                return Applied(done, action, error)
            done.append(action)
        return Applied(done)

    @staticmethod
    def _action(
        kind: Kind, account: str, document: Document, there: Existing | None, owner: str
    ) -> Action:
        try:
            spec = kind.normal(account, document.name, document.labels, document.spec)
        except VedetteError as error:
            error.message = f"{document.place}: {document.name}: {error.message}"
            error.args = (error.message,)
            raise
        if there is None:
            return Action(
                "create", kind.name, document.name, document.place,
                [Change("spec", None, spec)], document,
            )  # fmt: skip
        if there.owner and there.owner != owner:
            raise ConflictError(
                f"{document.place}: {kind.name} {document.name!r} is kept by {there.owner!r}",
                field="owner",
                remedy="apply it as that owner, or delete it first",
            )
        before = {"labels": dict(there.labels), "spec": there.spec, "owner": there.owner}
        after = {"labels": dict(document.labels), "spec": spec, "owner": owner}
        changes = list(differences(before, after))
        verb: Verb = "update" if changes else "unchanged"
        return Action(verb, kind.name, document.name, document.place, changes, document)


def differences(before: Any, after: Any, path: str = "") -> Iterator[Change]:  # noqa: ANN401 - JSON
    """Return the members in which two values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from differences(
                before.get(key), after.get(key), f"{path}.{key}" if path else str(key)
            )
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path}[{number}]")
    elif before != after:
        yield Change(path, before, after)
