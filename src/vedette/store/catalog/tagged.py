"""Whether a resource carries a tag: what roles that are limited by a tag ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.core.identity import ResourceId
from vedette.store.catalog.models import TagRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def carries(session: Session, resource: ResourceId, key: str, value: str) -> bool:
    """Tell whether a resource has a tag; a version has its own value, or else that of its whole."""
    names = [str(resource)]
    if resource.version is not None:
        names.append(str(ResourceId(resource.account, resource.kind, resource.name)))
    query = select(TagRow.resource, TagRow.value).where(
        TagRow.resource.in_(names), TagRow.key == key
    )
    held = {name: found for name, found in session.execute(query)}  # noqa: C416 - rows are not pairs to mypy
    return next((held[name] == value for name in names if name in held), False)
