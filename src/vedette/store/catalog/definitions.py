"""Entities that a document defines: one repository for every kind of them.

What a definition means is its domain's; here are names, versions of rows, audit and pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson
from pydantic import BaseModel
from sqlalchemy import func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.store.catalog.checks import DEFAULT_PAGE, Page, check_limit, check_text, is_storable
from vedette.store.catalog.definition_models import DefinitionRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.catalog import Catalog
    from vedette.store.catalog.database import Change

S = TypeVar("S", bound=BaseModel)
MAX_NAME = 200
MAX_ROWS = 5_000
"""Most entities of a kind and account."""


@dataclass(frozen=True, slots=True)
class Defined(Generic[S]):
    """An entity with its definition."""

    id: str
    account: str
    name: str
    spec: S
    owner: str
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str
    labels: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True
    """Whether what is recurring about it happens; as its definition says, if that does."""


@dataclass(frozen=True, slots=True)
class DefinitionKind(Generic[S]):
    """What a kind of entity is called.

    Attributes:
        name: as in resource identities, such as ``kpi``.
        event: as in audit events, such as ``Kpi`` in ``PutKpi``.
        source: whose events they are, such as ``vedette.business``.
        spec: the model of its definition.
        title: what messages call it.

    """

    name: str
    event: str
    source: str
    spec: type[S]
    title: str


class Definitions(Generic[S]):
    """Entities of one kind. Thread-safe; every method blocks its thread.

    A kind that is more than its document subclasses it, see ``check_name`` and ``on_change``.

    Args:
        catalog: where they are kept.
        kind: which kind.

    """

    def __init__(self, catalog: Catalog, kind: DefinitionKind[S]) -> None:
        self._catalog = catalog
        self.kind = kind

    def check_name(self, name: str) -> str:
        """Return a name that one of this kind may have; raise where it is none."""
        return check_text(name, field="name", max_length=MAX_NAME)

    def on_change(self, change: Change, made: Defined[S], *, deleted: bool) -> None:
        """Store with a change what belongs to it, such as scheduled work; in its transaction."""

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
        """Create one or change its definition.

        Args:
            actor: who does it.
            account: whose.
            name: unique in the account and kind.
            spec: its definition; checked by its model and domain.
            labels: key and value pairs.
            owner: who keeps it as code, empty where nobody does.
            create: True refuses one that is there, False one that is not, None takes both.

        Raises:
            ConflictError, NotFoundError: see ``create``.
            InvalidInputError: the name is none, or there are too many.

        """
        name = self.check_name(name)
        now = self._catalog.clock.now()
        request = {
            "name": name,
            "spec": spec.model_dump(mode="json", exclude_defaults=True),
            "labels": dict(labels or {}),
        }
        verb = "Create" if create else "Put"
        with self._catalog.change(
            actor, f"{verb}{self.kind.event}", account=account, request=request,
            source=self.kind.source, resources=[ResourceId(account, self.kind.name, name)],
        ) as change:  # fmt: skip
            session = change.session
            row = self._found(session, account, name, create)
            if row is None:
                self._check_room(change, account)
                row = DefinitionRow(
                    id=new_id(), account=account, kind=self.kind.name, name=name,
                    created=now, created_by=actor.name,
                )  # fmt: skip
                session.add(row)
            row.enabled, row.owner = getattr(spec, "enabled", True), owner
            row.labels = orjson.dumps(dict(labels or {}), option=orjson.OPT_SORT_KEYS).decode()
            row.definition = spec.model_dump_json(exclude_defaults=True, by_alias=True)
            row.updated, row.updated_by = now, actor.name
            session.flush()
            made = self._defined(row)
            self.on_change(change, made, deleted=False)
        return made

    def get(self, account: str, name: str) -> Defined[S]:
        """Return one by name, or by its id; ``NotFoundError`` where there is none."""
        if not is_storable(name):
            raise self._missing(name)
        with self._catalog.read() as session:
            row = session.scalar(self._of(account).where(DefinitionRow.name == name))
            if row is None:
                row = session.scalar(self._of(account).where(DefinitionRow.id == name))
        if row is None:
            raise self._missing(name)
        return self._defined(row)

    def by_id(self, account: str, entity_id: str) -> Defined[S] | None:
        """Return one by id, or None."""
        with self._catalog.read() as session:
            row = session.scalar(self._of(account).where(DefinitionRow.id == entity_id))
        return None if row is None else self._defined(row)

    def page(
        self,
        account: str,
        *,
        search: str = "",
        limit: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Page[Defined[S]]:
        """Return them by name; ``search`` is a part of the name, in any case."""
        query = self._of(account).order_by(DefinitionRow.name).limit(check_limit(limit) + 1)
        if search:
            text = check_text(search, field="search", max_length=MAX_NAME)
            query = query.where(
                func.lower(DefinitionRow.name).contains(text.lower(), autoescape=True)
            )
        if after is not None:
            query = query.where(
                DefinitionRow.name > check_text(after, field="cursor", max_length=MAX_NAME)
            )
        with self._catalog.read() as session:
            rows = session.scalars(query).all()
        page = [self._defined(row) for row in rows[:limit]]
        return Page(page, page[-1].name if len(rows) > limit else None)

    def all(self, account: str, *, enabled: bool | None = None) -> list[Defined[S]]:
        """Return every one of an account, by name."""
        query = self._of(account).order_by(DefinitionRow.name)
        if enabled is not None:
            query = query.where(DefinitionRow.enabled == enabled)
        with self._catalog.read() as session:
            return [self._defined(row) for row in session.scalars(query)]

    def remove(self, actor: Actor, account: str, name: str) -> Defined[S]:
        """Delete one, and return what it was; facts about it stay."""
        with self._catalog.change(
            actor, f"Delete{self.kind.event}", account=account, request={"name": name},
            source=self.kind.source,
            resources=[ResourceId(account, self.kind.name, name)] if name else [],
        ) as change:  # fmt: skip
            row = None
            if is_storable(name):
                row = change.session.scalar(self._of(account).where(DefinitionRow.name == name))
            if row is None:
                raise self._missing(name)
            removed = self._defined(row)
            self.on_change(change, removed, deleted=True)
            change.session.delete(row)
        return removed

    def _found(
        self, session: Session, account: str, name: str, create: bool | None  # noqa: FBT001 - as put has it
    ) -> DefinitionRow | None:  # fmt: skip
        """Return the row of a name, if there is one; refuse what ``create`` refuses."""
        row: DefinitionRow | None = session.scalar(
            self._of(account).where(DefinitionRow.name == name)
        )
        if row is not None and create:
            raise ConflictError(
                f"there is {self.kind.title} {name!r} already",
                field="name",
                remedy="choose another name",
            )
        if row is None and create is False:
            raise self._missing(name)
        return row

    def _check_room(self, change: Change, account: str) -> None:
        held = select(func.count()).where(
            DefinitionRow.account == account, DefinitionRow.kind == self.kind.name
        )
        if (change.session.scalar(held) or 0) >= MAX_ROWS:
            raise InvalidInputError(
                f"an account has up to {MAX_ROWS} of these",
                field="name",
                remedy="delete some first",
            )

    def _of(self, account: str) -> Any:  # noqa: ANN401 - a Select
        return select(DefinitionRow).where(
            DefinitionRow.account == account, DefinitionRow.kind == self.kind.name
        )

    def _missing(self, name: str) -> NotFoundError:
        return NotFoundError(
            f"there is no {self.kind.title.split(' ', 1)[-1]} {name[:200]!r}",
            field="name",
            remedy="list them for their names",
        )

    def _defined(self, row: DefinitionRow) -> Defined[S]:
        return Defined(
            id=row.id,
            account=row.account,
            name=row.name,
            spec=self.kind.spec.model_validate_json(row.definition),
            owner=row.owner,
            created=row.created,
            created_by=row.created_by,
            updated=row.updated,
            updated_by=row.updated_by,
            labels=orjson.loads(row.labels),
            enabled=row.enabled,
        )
