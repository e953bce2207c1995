"""What the routes of dashboards take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from vedette.api.models import Body, View
from vedette.dashboards.definition import MAX_NAME, DashboardSpec
from vedette.dashboards.service import Dashboard, DashboardVersion

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Comment = Annotated[str, Field(max_length=500, description="said in the history")]
MAX_IMPORT = 4 * 1024 * 1024


class DashboardRequest(Body):
    """A dashboard to be made."""

    name: Name
    spec: DashboardSpec
    comment: Comment = ""


class DashboardChange(Body):
    """What is to be changed; what is left out stays."""

    name: Name | None = None
    spec: DashboardSpec | None = None
    version: int | None = Field(
        default=None, ge=1, description="the version that was edited; another by now is a conflict"
    )
    comment: Comment = ""


class DuplicateRequest(Body):
    """A copy to be made."""

    name: Name | None = Field(default=None, description="null: the name with '(copy)'")


class RestoreRequest(Body):
    """A former version that is to be the newest."""

    version: int = Field(ge=1)


class DashboardImport(Body):
    """A file: an export of ours in JSON or YAML, or a dashboard of Grafana in JSON."""

    text: str = Field(min_length=1, max_length=MAX_IMPORT)
    name: Name | None = Field(default=None, description="null: the name in the file")
    dry_run: bool = Field(default=False, description="only say what would come over")


class DashboardView(View):
    """A dashboard."""

    id: str
    name: str
    spec: DashboardSpec
    owner: str = Field(description="who keeps it as code; empty where nobody does")
    version: int
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str


class DashboardSummary(View):
    """A dashboard in a list."""

    id: str
    name: str
    description: str
    tags: list[str]
    panels: int
    owner: str
    version: int
    updated: datetime
    updated_by: str


class DashboardPage(View):
    """Dashboards by name."""

    dashboards: list[DashboardSummary]
    cursor: str | None


class DashboardVersionView(View):
    """What a dashboard was."""

    version: int
    name: str
    comment: str
    created: datetime
    created_by: str
    panels: int


class DashboardHistory(View):
    """Versions, newest first."""

    versions: list[DashboardVersionView]


class FormerDashboard(View):
    """A version with its definition."""

    version: int
    name: str
    spec: DashboardSpec


class ImportNote(View):
    """What did not come over as it was."""

    panel: str = Field(description="title; empty where it concerns the dashboard")
    reason: str


class DashboardImportView(View):
    """What a file became."""

    format: Literal["vedette", "grafana"]
    name: str
    spec: DashboardSpec
    notes: list[ImportNote]
    dashboard: DashboardView | None = Field(description="none where it was only asked")


class ReadyView(View):
    """A ready-made dashboard."""

    id: str
    name: str
    summary: str
    available: bool = Field(description="whether there are data for it in the range")


class ReadyList(View):
    """The ready-made dashboards."""

    dashboards: list[ReadyView]


class ReadyDashboard(View):
    """A ready-made dashboard with its definition."""

    id: str
    name: str
    spec: DashboardSpec


def dashboard_view(one: Dashboard) -> DashboardView:
    """Return a dashboard as the API shows it."""
    return DashboardView(
        id=one.id, name=one.name, spec=one.spec, owner=one.owner, version=one.version,
        created=one.created, created_by=one.created_by, updated=one.updated,
        updated_by=one.updated_by,
    )  # fmt: skip


def dashboard_summary(one: Dashboard) -> DashboardSummary:
    """Return a dashboard as it is in a list."""
    return DashboardSummary(
        id=one.id, name=one.name, description=one.spec.description, tags=one.spec.tags,
        panels=len(one.spec.panels), owner=one.owner, version=one.version, updated=one.updated,
        updated_by=one.updated_by,
    )  # fmt: skip


def version_view(one: DashboardVersion) -> DashboardVersionView:
    """Return what a dashboard was."""
    return DashboardVersionView(
        version=one.version, name=one.name, comment=one.comment, created=one.created,
        created_by=one.created_by, panels=len(one.spec.panels),
    )  # fmt: skip
