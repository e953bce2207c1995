"""Entities as code: what files would change, and changing it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import Path, Request
from pydantic import Field

from vedette.alarms.prometheus import import_rules
from vedette.api.alarms import require_sources
from vedette.api.dependencies import AppServices, CatalogReader, WholeWriter, actor_of
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.manifests import Action, Applied, Plan, SourceFile, read_documents
from vedette.web.manifests import make_registry

router = Router(tags=["as_code"])

MAX_FILES = 2_000
KindName = Annotated[str, Path(max_length=64, description="such as ``Alarm``")]
Owner = Annotated[str, Field(max_length=128, pattern=r"^[\w./@:-]*$")]


class FileBody(Body):
    """A file of YAML documents."""

    name: str = Field(min_length=1, max_length=1024, description="for messages")
    text: str = Field(max_length=8 * 1024 * 1024)


class ApplyRequest(Body):
    """Files to be applied."""

    files: list[FileBody] = Field(min_length=1, max_length=MAX_FILES)
    owner: Owner = Field(default="", description="who keeps them as code")
    prune: bool = Field(default=False, description="delete what the owner keeps and no file names")
    dry_run: bool = Field(default=False, description="only say what would change")


class ChangeView(View):
    """A member that differs; secrets are shown by fingerprints."""

    path: str
    before: Any
    after: Any


class ActionView(View):
    """What was, or would be, done with an entity."""

    action: Literal["create", "update", "unchanged", "delete"]
    kind: str
    name: str
    place: str = Field(description="file and line; empty for what is deleted")
    changes: list[ChangeView]
    done: bool


class ApplyView(View):
    """What was, or would be, done."""

    actions: list[ActionView]
    changes: int
    applied: bool = Field(description="whether everything was done")
    error: str | None = Field(description="what stopped it")


@router.post("/apply", operation_id="ApplyManifests", responses=error_responses(409))
async def apply(
    request: Request, services: AppServices, caller: WholeWriter, body: ApplyRequest
) -> ApplyView:
    """Make entities as files say; everything is checked before anything is changed."""
    registry = make_registry(services, may_read=lambda spec: require_sources(caller, spec))

    def work() -> tuple[Plan, Applied | None]:
        documents = read_documents([SourceFile(one.name, one.text) for one in body.files])
        plan = registry.plan(caller.account, documents, owner=body.owner, prune=body.prune)
        if body.dry_run:
            return plan, None
        actor = actor_of(request, caller)
        return plan, registry.apply(actor, caller.account, plan, owner=body.owner)

    plan, applied = await asyncio.to_thread(work)
    done = {id(action) for action in applied.done} if applied else set()
    error = applied.error if applied else None
    return ApplyView(
        actions=[_view(action, done=id(action) in done) for action in plan.actions],
        changes=plan.changes,
        applied=applied is not None and error is None,
        error=error.message if error else None,
    )


class KindsView(View):
    """Kinds of entities that can be kept as code, in the order in which they are applied."""

    kinds: list[str]


class KindView(View):
    """What a kind's definitions look like."""

    kind: str
    definition: dict[str, Any] = Field(description="JSON Schema of ``spec``, for forms and editors")


@router.get("/kinds")
async def list_kinds(services: AppServices, caller: CatalogReader) -> KindsView:
    """List the kinds that files of `apply` may hold."""
    del caller
    return KindsView(kinds=make_registry(services).kinds)


@router.get("/kinds/{kind}", responses=error_responses(404))
async def get_kind(services: AppServices, caller: CatalogReader, kind: KindName) -> KindView:
    """Return the JSON Schema of a kind's ``spec``."""
    del caller
    schema = await asyncio.to_thread(make_registry(services).schema, kind)
    return KindView(kind=kind, definition=schema)


class RefusedRule(View):
    """A rule that has no equal here."""

    place: str = Field(description="file, group and number")
    name: str
    reason: str
    position: int | None = Field(description="column in the expression, from 0")


class ImportView(View):
    """What a file of Prometheus rules became."""

    documents: str = Field(description="YAML for 'apply'")
    imported: int
    refused: list[RefusedRule]
    notes: list[str] = Field(description="what is not exactly as it was")


@router.post("/alarm-import", openapi_extra={READ_ONLY: True})
async def import_prometheus_rules(caller: CatalogReader, body: FileBody) -> ImportView:
    """Turn Prometheus alerting rules into documents; nothing is stored."""
    del caller
    done = await asyncio.to_thread(import_rules, SourceFile(body.name, body.text))
    return ImportView(
        documents=done.to_yaml() if done.documents else "",
        imported=len(done.documents),
        refused=[
            RefusedRule(place=one.place, name=one.name, reason=one.reason, position=one.position)
            for one in done.refused
        ],
        notes=done.notes,
    )


def _view(action: Action, *, done: bool) -> ActionView:
    return ActionView(
        action=action.verb,
        kind=action.kind,
        name=action.name,
        place=action.place,
        changes=[
            ChangeView(path=one.path, before=one.before, after=one.after) for one in action.changes
        ],
        done=done,
    )
