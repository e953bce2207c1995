"""What the routes of browsers take and answer."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from vedette.api.models import Body, View
from vedette.experience.browser.definition import BrowserAppSpec
from vedette.experience.browser.service import BrowserApp
from vedette.manifests.labels import Labels
from vedette.store.catalog.definitions import MAX_NAME


class BrowserAppBody(Body):
    """A new app."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    spec: BrowserAppSpec
    labels: Labels = Field(default={})


class BrowserAppPut(Body):
    """An app's definition."""

    spec: BrowserAppSpec
    labels: Labels = Field(default={})


class BrowserAppView(View):
    """An app."""

    id: str
    name: str
    spec: BrowserAppSpec
    labels: dict[str, str]
    owner: str
    key: str = Field(description="public: it is in the pages, and can send telemetry of them alone")
    created: datetime
    updated: datetime


class BrowserAppPage(View):
    """Apps by name."""

    apps: list[BrowserAppView]
    cursor: str | None


class BrowserKeyView(View):
    """A new key."""

    key: str


class BrowserTotalsView(View):
    """How many there were."""

    sessions: int
    users: int
    views: int
    errors: int
    sessions_with_errors: int


class VitalView(View):
    """One web vital."""

    page: str
    name: str
    samples: int
    p75: float = Field(description="ms; CLS has no unit")
    good: int
    poor: int
    rating: str = Field(description="good, needs improvement or poor, by the 75th percentile")


class BrowserPageView(View):
    """A kind of page."""

    page: str
    views: int
    sessions: int


class VitalsView(View):
    """Web vitals, of all pages and by page."""

    totals: BrowserTotalsView
    whole: list[VitalView]
    vitals: list[VitalView]
    pages: list[BrowserPageView]


class ErrorGroupView(View):
    """JavaScript errors that are alike."""

    print: str
    events: int
    sessions: int
    users: int
    first: str
    last: str
    type: str
    message: str
    stacktrace: str
    trace_id: str
    session: str
    pages: list[str]
    versions: list[str]
    service: str


class ErrorGroupsView(View):
    """Groups of errors, those that reached most sessions first."""

    groups: list[ErrorGroupView]


class BrowserSessionView(View):
    """A session."""

    session: str
    user: str
    service: str
    start: str
    end: str
    views: int
    errors: int
    entry: str
    version: str
    user_agent: str


class BrowserSessionsView(View):
    """Sessions, newest first."""

    sessions: list[BrowserSessionView]


class SessionEventView(View):
    """Something that happened in a session."""

    time: str
    name: str
    path: str
    text: str
    trace_id: str


class SessionRequestView(View):
    """A request that a page made."""

    time: str
    name: str
    url: str
    duration_ms: float
    failed: bool
    status: str
    trace_id: str


class BrowserSessionDetail(View):
    """What happened in a session, oldest first."""

    events: list[SessionEventView]
    requests: list[SessionRequestView]


class ReachedPage(View):
    """Sessions that a failure reached on a page."""

    page: str
    service: str
    sessions: int
    users: int
    traces: list[str]
    examples: list[str] = Field(description="sessions")


class UserImpactView(View):
    """Whom spans of a service reached."""

    sessions: int
    users: int
    traces: int
    all_sessions: int = Field(description="of all that made requests in the range")
    all_users: int
    pages: list[ReachedPage]


def app_view(app: BrowserApp, key: str) -> BrowserAppView:
    """Return an app with its key as the API shows it."""
    return BrowserAppView(
        id=app.id, name=app.name, spec=app.spec, labels=dict(app.labels), owner=app.owner, key=key,
        created=app.created, updated=app.updated,
    )  # fmt: skip
