"""The services behind a server process, put together once and reached from every request."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from vedette.core.encryption import SecretBox
from vedette.core.settings import Settings
from vedette.core.time import now_ns
from vedette.experience.browser.service import BrowserApps, BrowserGate
from vedette.governance.accounts.links import Links
from vedette.governance.accounts.overview import Overview
from vedette.governance.accounts.quotas import Quotas
from vedette.governance.audit.service import AuditService
from vedette.governance.signin.oidc import Oidc
from vedette.governance.tags.inherited import InheritedTags
from vedette.governance.tags.policies import TagPolicies
from vedette.ingest import Ingest
from vedette.models.artifacts import ArtifactStore, open_artifacts
from vedette.models.production.estimator import Estimators
from vedette.models.tracking.metric_points import MetricOutbox
from vedette.models.uploads import Uploads
from vedette.notifications.guard import Guard
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.store.warehouse import Warehouse
from vedette.telemetry.bands import BandDetectors
from vedette.web.attempts import SignInAttempts


@dataclass(slots=True)
class Services:
    """Everything a receiver or an API route may use."""

    settings: Settings
    warehouse: Warehouse
    catalog: Catalog
    ingest: Ingest
    runner: QueryRunner
    started_ns: int = field(default_factory=now_ns)
    sign_in_attempts: SignInAttempts = field(default_factory=SignInAttempts)
    metric_outbox: MetricOutbox = field(init=False)
    artifacts: ArtifactStore = field(init=False)
    uploads: Uploads = field(init=False)
    bands: BandDetectors = field(init=False)
    estimators: Estimators = field(init=False)
    guard: Guard = field(init=False)
    synthetic_guard: Guard = field(init=False)
    browser_gate: BrowserGate = field(init=False)
    secrets: SecretBox = field(init=False)
    audit: AuditService = field(init=False)
    links: Links = field(init=False)
    quotas: Quotas = field(init=False)
    tag_policies: TagPolicies = field(init=False)
    inherited_tags: InheritedTags = field(init=False)
    overview: Overview = field(init=False)
    oidc: Oidc = field(init=False)

    def __post_init__(self) -> None:
        self.metric_outbox = MetricOutbox(self.catalog, self.warehouse)
        self.artifacts = open_artifacts(self.settings)
        self.uploads = Uploads(self.settings.data_dir / "uploads", self.artifacts)
        self.bands = BandDetectors(self.catalog, self.runner)
        self.estimators = Estimators(self.runner)
        self.guard = Guard(self.settings.notification_allowed_hosts)
        self.synthetic_guard = Guard(self.settings.synthetic_allowed_hosts)
        self.browser_gate = BrowserGate(BrowserApps(self.catalog))
        self.secrets = SecretBox.open(self.settings.secret_key, self.settings.data_dir)
        self.audit = AuditService(
            self.catalog, self.warehouse, self.runner, self.settings, self.secrets
        )
        self.links = Links(self.catalog)
        self.quotas = Quotas(self.catalog, self.warehouse)
        self.ingest.admit_account = self.quotas.check
        self.tag_policies = TagPolicies(self.catalog, self.runner)
        self.inherited_tags = InheritedTags(self.catalog, self.runner)
        self.overview = Overview(
            self.catalog, self.runner, self.links, self.tag_policies, self.quotas
        )
        self.oidc = Oidc(self.settings, self.catalog, self.secrets)


def services_of(connection: HTTPConnection) -> Services:
    """Return the services of the process that a request came to."""
    services: Services = connection.app.state.services
    return services
