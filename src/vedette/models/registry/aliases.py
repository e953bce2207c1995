"""Aliases of registered models: names that point to one version each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from vedette.core.errors import InvalidInputError
from vedette.core.identity import ResourceId
from vedette.models.context import Caller
from vedette.models.limits import check_alias
from vedette.models.registry.events import announce_of_model
from vedette.models.registry.gates import require_approved_alias
from vedette.models.registry.records import Version, find_model, find_version, whole_version
from vedette.models.rows import upsert
from vedette.store.catalog.registry_models import (
    ModelAliasRow,
    ModelVersionRow,
    RegisteredModelRow,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Aliases:
    """Aliases of one account's models."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def set(self, name: str, alias: str, version: int) -> None:
        """Point an alias to a version; it may need an approval as a stage does."""
        check_alias(alias)
        with self._caller.change(
            "SetRegisteredModelAlias",
            {"alias": alias},
            [ResourceId(self._caller.account, "model", name or "-", str(version))],
        ) as change:
            model, row = find_version(change.session, self._caller.account, name, version)
            require_approved_alias(change.session, self._caller.account, model, row, alias)
            values = {"model_id": model.id, "alias": alias, "version": row.version}
            upsert(change.session, ModelAliasRow, [values])
            event = {"name": name, "alias": alias, "version": str(version)}
            self._announce(change.session, model, "CREATED", event)

    def delete(self, name: str, alias: str) -> None:
        """Delete an alias; one that is not there is passed over."""
        with self._caller.change(
            "DeleteRegisteredModelAlias",
            {"alias": alias},
            [ResourceId(self._caller.account, "model", name or "-")],
        ) as change:
            model = find_model(change.session, self._caller.account, name)
            change.session.execute(
                delete(ModelAliasRow).where(
                    ModelAliasRow.model_id == model.id, ModelAliasRow.alias == alias
                )
            )
            event = {"name": name, "alias": alias}
            self._announce(change.session, model, "DELETED", event)

    def _announce(
        self, session: Session, model: RegisteredModelRow, action: str, event: Mapping[str, str]
    ) -> None:
        account = self._caller.account
        announce_of_model(session, account, model.id, "MODEL_VERSION_ALIAS", action, event)

    def version(self, name: str, alias: str) -> Version:
        """Return the version that an alias points to; ``latest`` is the newest one."""
        with self._caller.read() as session:
            model = find_model(session, self._caller.account, name)
            chosen = select(ModelVersionRow).where(ModelVersionRow.model_id == model.id)
            if alias.lower() == "latest":
                chosen = chosen.order_by(ModelVersionRow.version.desc())
            else:
                pointed = select(ModelAliasRow.version).where(
                    ModelAliasRow.model_id == model.id, ModelAliasRow.alias == alias
                )
                chosen = chosen.where(ModelVersionRow.version == pointed.scalar_subquery())
            row = session.scalar(chosen.limit(1))
            if row is None:
                # The client asks for this code where an alias is not there.
                raise InvalidInputError(
                    f"Registered model alias {alias[:100]} not found.", field="alias"
                )
            return whole_version(session, model, row)
