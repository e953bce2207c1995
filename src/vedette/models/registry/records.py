"""What the registry holds, as callers see it, and how it is read in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, select, tuple_

from vedette.core.errors import NotFoundError
from vedette.models.registry.stages import to_mlflow
from vedette.models.rows import chunks, keyed_values
from vedette.store.catalog.registry_models import (
    ModelAliasRow,
    ModelVersionRow,
    ModelVersionTagRow,
    RegisteredModelRow,
    RegisteredModelTagRow,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

PROMPT_TAG = "mlflow.prompt.is_prompt"
"""A registered model with this tag is a prompt."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a registered model; moments in milliseconds since the epoch.

    Attributes:
        source: where it was registered from, as the client said.
        storage_location: where its files are.
        logged_model_id: the logged model that it is, if it is one.
    """

    model: str
    version: int
    description: str
    user_id: str
    stage: str
    stage_status: str
    source: str
    storage_location: str
    run_id: str
    run_link: str
    logged_model_id: str | None
    status: str
    status_message: str
    created_ms: int
    updated_ms: int
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A registered model; ``latest`` holds the newest version of each of MLflow's stages."""

    id: str
    name: str
    description: str
    user_id: str
    created_ms: int
    updated_ms: int
    last_version: int
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    latest: Sequence[Version] = ()


def find_model(session: Session, account: str, name: str) -> RegisteredModelRow:
    """Return the row of a model; ``NotFoundError`` where there is none."""
    row = session.scalar(
        select(RegisteredModelRow).where(
            RegisteredModelRow.account == account, RegisteredModelRow.name == name
        )
    )
    if row is None:
        raise NotFoundError(f"Registered Model with name={name[:200]} not found", field="name")
    return row


def find_version(
    session: Session, account: str, name: str, version: int
) -> tuple[RegisteredModelRow, ModelVersionRow]:
    """Return the rows of a model and one of its versions; else ``NotFoundError``."""
    model = find_model(session, account, name)
    row = session.get(ModelVersionRow, (model.id, version)) if 0 < version < 2**31 else None
    if row is None:
        raise NotFoundError(
            f"Model Version (name={name[:200]}, version={version}) not found", field="version"
        )
    return model, row


def whole_models(session: Session, rows: Sequence[RegisteredModelRow]) -> list[Model]:
    """Return models with their tags, aliases and latest versions."""
    ids = [row.id for row in rows]
    tags = keyed_values(session, RegisteredModelTagRow, "model_id", ids)
    aliases: dict[str, dict[str, int]] = {}
    latest: dict[str, list[Version]] = {}
    for part in chunks(ids):
        for row in session.scalars(select(ModelAliasRow).where(ModelAliasRow.model_id.in_(part))):
            aliases.setdefault(row.model_id, {})[row.alias] = row.version
        newest = (
            select(ModelVersionRow.model_id, func.max(ModelVersionRow.version))
            .where(ModelVersionRow.model_id.in_(part))
            .group_by(ModelVersionRow.model_id, ModelVersionRow.stage)
        )
        chosen = select(ModelVersionRow).where(
            tuple_(ModelVersionRow.model_id, ModelVersionRow.version).in_(newest)
        )
        names = {row.id: row.name for row in rows}
        found = session.scalars(chosen.order_by(ModelVersionRow.version.desc())).all()
        for version in whole_versions(session, found, names):
            group = latest.setdefault(version[0], [])
            stages = {to_mlflow(item.stage) for item in group}
            if to_mlflow(version[1].stage) not in stages:
                group.append(version[1])
    return [
        Model(
            row.id,
            row.name,
            row.description,
            row.user_id,
            row.created_ms,
            row.updated_ms,
            row.last_version,
            tags.get(row.id, {}),
            aliases.get(row.id, {}),
            latest.get(row.id, ()),
        )
        for row in rows
    ]


def whole_versions(
    session: Session, rows: Sequence[ModelVersionRow], names: Mapping[str, str]
) -> list[tuple[str, Version]]:
    """Return versions with their tags and aliases, each with the id of its model.

    Args:
        session: where to read.
        rows: the versions.
        names: names of their models by id.

    """
    tags: dict[tuple[str, int], dict[str, str]] = {}
    aliases: dict[tuple[str, int], list[str]] = {}
    for part in chunks([(row.model_id, row.version) for row in rows]):
        chosen = select(ModelVersionTagRow).where(
            tuple_(ModelVersionTagRow.model_id, ModelVersionTagRow.version).in_(part)
        )
        for tag in session.scalars(chosen):
            tags.setdefault((tag.model_id, tag.version), {})[tag.key] = tag.value
        pointing = select(ModelAliasRow).where(
            tuple_(ModelAliasRow.model_id, ModelAliasRow.version).in_(part)
        )
        for alias in session.scalars(pointing.order_by(ModelAliasRow.alias)):
            aliases.setdefault((alias.model_id, alias.version), []).append(alias.alias)
    return [
        (
            row.model_id,
            Version(
                names[row.model_id], row.version, row.description, row.user_id, row.stage,
                row.stage_status, row.source, row.storage_location, row.run_id, row.run_link,
                row.logged_model_id, row.status, row.status_message, row.created_ms,
                row.updated_ms, tags.get((row.model_id, row.version), {}),
                aliases.get((row.model_id, row.version), ()),
            ),
        )
        for row in rows
    ]  # fmt: skip


def whole_version(session: Session, model: RegisteredModelRow, row: ModelVersionRow) -> Version:
    """Return one version with its tags and aliases."""
    return whole_versions(session, [row], {model.id: model.name})[0][1]
