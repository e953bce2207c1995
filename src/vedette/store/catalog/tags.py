"""Tags: keys with values on any resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from vedette.core.errors import InvalidInputError
from vedette.core.identity import ResourceId
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.checks import (
    DEFAULT_PAGE,
    Page,
    check_limit,
    check_text,
    is_storable,
)
from vedette.store.catalog.models import TagRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Select

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Database

MAX_KEY = 128
MAX_VALUE = 256
MAX_TAGS = 50
MAX_RESOURCE = 1024
MAX_FILTERS = 10


class Tags:
    """Repository of tags."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, actor: Actor, resource: ResourceId, tags: Mapping[str, str]) -> dict[str, str]:
        """Set tags, replacing values of keys that are there; return all of the resource's tags.

        A key has 1 to 128 characters, a value 0 to 256, a resource at most 50 tags.
        """
        text = _text(resource)
        checked = {
            check_text(key, field="key", max_length=MAX_KEY): check_text(
                value, field=f"tags[{key[:MAX_KEY]!r}]", max_length=MAX_VALUE, min_length=0
            )
            for key, value in tags.items()
        }
        _require_some(checked)
        with self._database.change(
            actor,
            "TagResource",
            account=resource.account,
            request={"tags": checked},
            resources=[resource],
        ) as change:
            session = change.session
            find_account(session, resource.account)
            rows = {row.key: row for row in session.scalars(_of(text))}
            if len(rows.keys() | checked.keys()) > MAX_TAGS:
                raise InvalidInputError(
                    f"the resource would have {len(rows.keys() | checked.keys())} tags",
                    field="tags",
                    remedy=f"a resource has up to {MAX_TAGS}: remove some first",
                )
            for key, value in checked.items():
                if key in rows:
                    rows[key].value = value
                else:
                    rows[key] = TagRow(
                        resource=text,
                        key=key,
                        value=value,
                        account=resource.account,
                        kind=resource.kind,
                    )
                    session.add(rows[key])
        return {key: rows[key].value for key in sorted(rows)}

    def remove(self, actor: Actor, resource: ResourceId, keys: Iterable[str]) -> None:
        """Remove tags by key; keys that the resource does not have are passed over."""
        text = _text(resource)
        names = sorted({check_text(key, field="key", max_length=MAX_KEY) for key in keys})
        _require_some(names)
        with self._database.change(
            actor,
            "UntagResource",
            account=resource.account,
            request={"keys": names},
            resources=[resource],
        ) as change:
            chosen = delete(TagRow).where(TagRow.resource == text, TagRow.key.in_(names))
            change.session.execute(chosen)

    def get(self, resource: ResourceId) -> dict[str, str]:
        """Return the resource's tags by key."""
        text = str(resource)
        if not is_storable(text):
            return {}
        with self._database.read() as session:
            return {row.key: row.value for row in session.scalars(_of(text))}

    def find(
        self,
        account: str,
        tags: Mapping[str, str | None],
        *,
        kind: str | None = None,
        limit: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Page[ResourceId]:
        """Return the account's resources that have all of ``tags``, by identity.

        Args:
            account: where to look.
            tags: up to 10 keys with the value each must have, or None for any value.
            kind: only resources of this kind.
            limit: most resources in the page.
            after: ``next`` of the page before.

        """
        _require_some(tags)
        if len(tags) > MAX_FILTERS:
            raise InvalidInputError(
                f"{len(tags)} tags are too many to look for",
                field="tags",
                remedy=f"give up to {MAX_FILTERS}",
            )
        query = select(TagRow.resource).where(TagRow.account == account)
        if kind is not None:
            query = query.where(TagRow.kind == kind)
        query = query.group_by(TagRow.resource).order_by(TagRow.resource)
        for key, value in tags.items():
            match = select(TagRow.resource).where(TagRow.account == account, TagRow.key == key)
            if value is not None:
                match = match.where(TagRow.value == value)
            query = query.where(TagRow.resource.in_(match))
        if after is not None:
            query = query.where(TagRow.resource > after)
        with self._database.read() as session:
            found = session.scalars(query.limit(check_limit(limit) + 1)).all()
        page = list(found[:limit])
        resources = [ResourceId.parse(text) for text in page]
        return Page(resources, page[-1] if len(found) > limit else None)

    def values(self, account: str, kind: str, key: str) -> dict[str, str]:
        """Return the values of a key by name of the account's resources of a kind."""
        query = select(TagRow.resource, TagRow.value).where(
            TagRow.account == account, TagRow.kind == kind, TagRow.key == key
        )
        with self._database.read() as session:
            return {
                ResourceId.parse(resource).name: value for resource, value in session.execute(query)
            }

    def keys(self, account: str, *, limit: int = DEFAULT_PAGE) -> dict[str, int]:
        """Return the keys used in an account and on how many resources, most used first."""
        uses = func.count().label("uses")
        query = (
            select(TagRow.key, uses)
            .where(TagRow.account == account)
            .group_by(TagRow.key)
            .order_by(uses.desc(), TagRow.key)
            .limit(check_limit(limit))
        )
        with self._database.read() as session:
            return {key: count for key, count in session.execute(query)}  # noqa: C416 - rows are not pairs to mypy


def _of(resource: str) -> Select[TagRow]:
    return select(TagRow).where(TagRow.resource == resource).order_by(TagRow.key)


def _text(resource: ResourceId) -> str:
    """Return the stored form of an identity: never stripped, as blanks are part of a name."""
    text = str(resource)
    if len(text) > MAX_RESOURCE or not is_storable(text):
        raise InvalidInputError(
            "the resource's identity is too long or holds control characters",
            field="resource",
            remedy=f"use up to {MAX_RESOURCE} characters of text",
        )
    return text


def _require_some(tags: object) -> None:
    if not tags:
        raise InvalidInputError("no tag was given", field="tags", remedy="give at least one")
