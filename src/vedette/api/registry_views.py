"""What the routes of registered models, model cards and approvals answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from vedette.api.models import View


class VersionView(View):
    """A version of a registered model; moments in milliseconds since the epoch."""

    model: str
    version: int
    description: str
    user_id: str
    stage: str
    stage_status: str
    source: str = Field(description="where it was registered from, as the client said")
    storage_location: str = Field(description="where its files are")
    run_id: str
    run_link: str
    logged_model_id: str | None
    status: str
    status_message: str
    created_ms: int
    updated_ms: int
    tags: dict[str, str]
    aliases: list[str]


class ModelView(View):
    """A registered model; moments in milliseconds since the epoch."""

    id: str
    name: str
    description: str
    user_id: str
    created_ms: int
    updated_ms: int
    last_version: int
    tags: dict[str, str]
    aliases: dict[str, int] = Field(description="to versions")
    latest: list[VersionView] = Field(description="the newest of each of MLflow's stages")


class ModelPageView(View):
    """A page of registered models, by name."""

    models: list[ModelView]
    cursor: str | None


class VersionPageView(View):
    """A page of versions, newest first."""

    versions: list[VersionView]
    cursor: str | None


class CardView(View):
    """A model card: what is known of a version, and what people wrote about it."""

    model: str
    version: int
    revision: int = Field(description="0 where nobody has written anything yet")
    status: str
    risk: str
    content: dict[str, str] = Field(description="by section")
    author: str
    created: datetime | None
    facts: dict[str, Any] = Field(
        description="stage, parameters, metrics, datasets, approvals, lineage"
    )


class CheckView(View):
    """What a check of a rule found."""

    check: str
    passed: bool
    message: str


class DecisionView(View):
    """What a reviewer decided."""

    actor: str
    decision: str
    comment: str
    created: datetime


class ApprovalCommentView(View):
    """What somebody said of a request."""

    actor: str
    comment: str
    created: datetime


class ApprovalView(View):
    """A request that a version enters a stage."""

    id: str
    model: str
    version: int
    stage: str
    status: str
    comment: str
    requested_by: str
    needed: int = Field(description="approvals")
    reviewers: list[str] = Field(description="logins; none for all who may")
    checks: list[CheckView]
    decisions: list[DecisionView]
    comments: list[ApprovalCommentView]
    created: datetime
    expires: datetime
    closed: datetime | None


class ApprovalPageView(View):
    """A page of approval requests, newest first."""

    approvals: list[ApprovalView]
    cursor: str | None


class RuleView(View):
    """What versions need before they enter a stage."""

    id: str
    model: str = Field(description="a model's name, or * for every other model")
    stage: str
    approvals: int
    reviewers: list[str]
    aliases: list[str] = Field(description="guarded as the stage is")
    checks: list[dict[str, Any]]
    expires_hours: int


class RulesView(View):
    """All rules."""

    rules: list[RuleView]


class CardRevisionView(View):
    """That somebody wrote a card."""

    revision: int
    status: str
    risk: str
    author: str
    created: datetime


class CardRevisionsView(View):
    """Revisions of a card, newest first."""

    revisions: list[CardRevisionView]


class ValueDifferenceView(View):
    """One name with its values in both versions."""

    name: str
    this: float | str | None
    other: float | str | None
    same: bool


class DatasetDifferenceView(View):
    """A dataset that one or both versions were trained on, by its digests."""

    name: str
    context: str
    this: str | None
    other: str | None
    source: str
    same: bool


class VersionComparisonView(View):
    """A version beside another one."""

    this: VersionView
    other: VersionView | None = Field(description="null where there is none in production")
    metrics: list[ValueDifferenceView]
    params: list[ValueDifferenceView]
    datasets: list[DatasetDifferenceView]
    code: list[ValueDifferenceView]


class WebhookEventView(View):
    """What a webhook is told of."""

    entity: str
    action: str


class RegistryWebhookView(View):
    """A webhook of the registry, without its secret; moments in milliseconds since the epoch."""

    id: str
    name: str
    description: str
    url: str
    events: list[WebhookEventView]
    status: str = Field(description="ACTIVE or DISABLED")
    signed: bool = Field(description="whether it has a secret")
    waiting: int = Field(description="deliveries that wait, or are tried again")
    created_ms: int
    updated_ms: int


class RegistryWebhooksView(View):
    """All webhooks, oldest first."""

    webhooks: list[RegistryWebhookView]


class WebhookOutcomeView(View):
    """What came of an example delivery."""

    success: bool
    status: int | None
    body: str
    error: str
