"""Approval requests and the rules that ask for them, of the caller's account."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import (
    Admin,
    Approver,
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    Reviewer,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body
from vedette.api.registered_models import caller_of
from vedette.api.registry_views import ApprovalPageView, ApprovalView, RulesView, RuleView
from vedette.api.routing import Router
from vedette.models.registry.approvals import MAX_COMMENT, Approvals
from vedette.models.registry.checks import CHECKS
from vedette.models.registry.rules import MAX_APPROVALS, MAX_HOURS, Rules
from vedette.models.registry.stages import parse_stage
from vedette.monitors.findings import LastFindings
from vedette.store.catalog import Principal
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.web import Services

router = Router(tags=["approvals"], responses=error_responses(404, 409))


class ApprovalRequest(Body):
    """A stage that a version shall enter once others agree."""

    model: str = Field(min_length=1, examples=["churn"])
    version: int = Field(ge=1)
    stage: str = Field(examples=["Production"])
    comment: str = Field(default="", max_length=MAX_COMMENT)


class DecisionRequest(Body):
    """Why."""

    comment: str = Field(default="", max_length=MAX_COMMENT)


class ApprovalCommentRequest(Body):
    """What somebody says of a request."""

    comment: str = Field(min_length=1, max_length=MAX_COMMENT)


class RuleRequest(Body):
    """What versions need before they enter a stage."""

    model: str = Field(min_length=1, description="a model's name, or * for every other model")
    stage: str = Field(examples=["Production"])
    approvals: int = Field(default=1, ge=0, le=MAX_APPROVALS)
    reviewers: list[str] = Field(default_factory=list, description="logins; none for all who may")
    aliases: list[str] = Field(default_factory=list, description="aliases guarded as the stage is")
    checks: list[dict[str, Any]] = Field(
        default_factory=list,
        examples=[[{"check": "better_than_production", "metric": "auc"}]],
        description=f"checks: {', '.join(sorted(CHECKS))}",
    )
    expires_hours: int = Field(default=168, ge=1, le=MAX_HOURS)


def _watched(request: Request, services: Services, caller: Principal) -> Approvals:
    """Return approvals whose checks know what monitors found."""
    watch = LastFindings(services.catalog, services.runner, caller.account)
    return Approvals(caller_of(request, services, caller), watch)


@router.post(
    "/approvals", status_code=201, operation_id="RequestApproval", response_model=ApprovalView
)
async def request_approval(
    request: Request, services: AppServices, caller: CatalogWriter, body: ApprovalRequest
) -> Response:
    """Ask that a version enters a stage; its checks are run at once."""
    approvals = _watched(request, services, caller)
    made = await asyncio.to_thread(
        approvals.request, body.model, body.version, parse_stage(body.stage), comment=body.comment
    )
    response = answer(made)
    response.status_code = 201
    return response


@router.get("/approvals", response_model=ApprovalPageView)
async def list_approvals(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    status: Annotated[str | None, Query(max_length=20, examples=["pending"])] = None,
    model: Annotated[str | None, Query(max_length=500)] = None,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> Response:
    """List approval requests, newest first."""
    page = await asyncio.to_thread(
        Approvals(caller_of(request, services, caller)).list,
        status=status, model=model, limit=limit, after=cursor,
    )  # fmt: skip
    return answer({"approvals": page.items, "cursor": page.next})


@router.get("/approvals/{request_id}", response_model=ApprovalView)
async def get_approval(
    request: Request, services: AppServices, caller: CatalogReader, request_id: str
) -> Response:
    """Return an approval request with its checks and decisions."""
    approvals = Approvals(caller_of(request, services, caller))
    return answer(await asyncio.to_thread(approvals.get, request_id))


@router.post(
    "/approvals/{request_id}/approve", operation_id="ApproveRequest", response_model=ApprovalView
)
async def approve(
    request: Request,
    services: AppServices,
    caller: Approver,
    request_id: str,
    body: DecisionRequest,
) -> Response:
    """Approve; the last approval that is needed brings the version into its stage."""
    approvals = _watched(request, services, caller)
    return answer(
        await asyncio.to_thread(approvals.decide, request_id, approve=True, comment=body.comment)
    )


@router.post(
    "/approvals/{request_id}/reject", operation_id="RejectRequest", response_model=ApprovalView
)
async def reject(
    request: Request,
    services: AppServices,
    caller: Approver,
    request_id: str,
    body: DecisionRequest,
) -> Response:
    """Reject, saying why; one rejection ends the request."""
    approvals = Approvals(caller_of(request, services, caller))
    return answer(
        await asyncio.to_thread(approvals.decide, request_id, approve=False, comment=body.comment)
    )


@router.post(
    "/approvals/{request_id}/comments",
    operation_id="CommentOnApprovalRequest",
    response_model=ApprovalView,
)
async def comment(
    request: Request,
    services: AppServices,
    caller: Reviewer,
    request_id: str,
    body: ApprovalCommentRequest,
) -> Response:
    """Say something of a request without deciding it."""
    approvals = Approvals(caller_of(request, services, caller))
    return answer(await asyncio.to_thread(approvals.comment, request_id, body.comment))


@router.post(
    "/approvals/{request_id}/cancel",
    operation_id="CancelApprovalRequest",
    response_model=ApprovalView,
)
async def cancel(
    request: Request, services: AppServices, caller: CatalogWriter, request_id: str
) -> Response:
    """Take a request of one's own back."""
    approvals = Approvals(caller_of(request, services, caller))
    return answer(await asyncio.to_thread(approvals.cancel, request_id))


@router.get("/approval-rules", response_model=RulesView)
async def list_rules(request: Request, services: AppServices, caller: CatalogReader) -> Response:
    """List what versions need before they enter stages."""
    rules = await asyncio.to_thread(Rules(caller_of(request, services, caller)).list)
    return answer({"rules": rules})


@router.put("/approval-rules", operation_id="PutApprovalRule", response_model=RuleView)
async def put_rule(
    request: Request, services: AppServices, caller: Admin, body: RuleRequest
) -> Response:
    """Set the rule of a model and stage, replacing the one that is there."""
    rule = await asyncio.to_thread(
        Rules(caller_of(request, services, caller)).put, body.model, parse_stage(body.stage),
        approvals=body.approvals, reviewers=body.reviewers, aliases=body.aliases,
        checks=body.checks, expires_hours=body.expires_hours,
    )  # fmt: skip
    return answer(rule)


@router.delete("/approval-rules/{rule_id}", status_code=204, operation_id="DeleteApprovalRule")
async def delete_rule(request: Request, services: AppServices, caller: Admin, rule_id: str) -> None:
    """Delete a rule."""
    await asyncio.to_thread(Rules(caller_of(request, services, caller)).delete, rule_id)
