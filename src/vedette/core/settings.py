"""The one settings object; each field is documented where it is defined.

A field ``data_dir`` is read from the environment as ``VEDETTE_DATA_DIR``; the CLI's options set the
same fields. URLs choose the back ends, so growing out of one process changes no code.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024


class Settings(BaseSettings):
    """Everything about one server process that can be chosen."""

    model_config = SettingsConfigDict(env_prefix="VEDETTE_", extra="ignore", frozen=True)

    data_dir: Path = Path("vedette-data")
    """Folder of the embedded stores, the lock file and the writer's scratch space."""

    backup_dir: Path | None = None
    """Folder that backups are written to; ``data_dir/backups`` where it is not set."""

    warehouse_url: str = ""
    """``chdb:///path`` (embedded) or ``clickhouse://user:password@host:8123/database`` (add
    ``?secure=1`` for TLS, ``?cluster=name`` for replicated and distributed tables). Empty: chDB
    under ``data_dir``."""

    catalog_url: str = ""
    """``sqlite:///path`` or ``postgresql://user:password@host/database``. Empty: SQLite under
    ``data_dir``."""

    artifact_url: str = ""
    """Where files of runs and models are kept: a folder, or any URL that fsspec reads, such as
    ``s3://bucket/prefix``. Empty: a folder under ``data_dir``."""

    artifact_max_bytes: int = Field(default=100 * 1024 * MIB, ge=1024)
    """Largest file of a run or a model."""

    host: str = "127.0.0.1"
    """Address that every port binds to."""

    port: int = Field(default=8230, ge=0, le=65535)
    """Main port: API, console and every HTTP receiver. 0 picks a free one."""

    otlp_http_port: int = Field(default=4318, ge=-1, le=65535)
    """OTLP over HTTP on its standard port; -1 turns this extra port off, 0 picks a free one."""

    otlp_grpc_port: int = Field(default=4317, ge=-1, le=65535)
    """OTLP over gRPC; -1 turns it off, 0 picks a free one."""

    base_path: str = ""
    """Path prefix behind a reverse proxy, such as ``/vedette``."""

    frame_ancestors: str = Field(
        default="",
        max_length=2000,
        pattern=r"^('self'|https?://[\w.*:-]+)?( ('self'|https?://[\w.*:-]+))*$",
    )
    """Origins of pages that may show the console within them, such as ``https://wiki.example``, with
    blanks between. Empty: none may."""

    auth: str = Field(default="auto", pattern="^(auto|required|off)$")
    """``auto``: everything but health needs credentials once a password or a key exists.
    ``required``: always. ``off``: never, every caller is an admin (only for tests on loopback)."""

    max_body_bytes: int = Field(default=16 * MIB, ge=1024)
    """Largest request body as sent."""

    max_unpacked_bytes: int = Field(default=64 * MIB, ge=1024)
    """Largest request body after gzip, zstd or snappy."""

    ingest_queue_bytes: int = Field(default=128 * MIB, ge=1024)
    """Bytes waiting for commit over all signals; more is answered 429 with Retry-After."""

    ingest_group_bytes: int = Field(default=4 * MIB, ge=1024)
    """Largest group that one commit takes; the engine needs some 40 times as much memory for it."""

    ingest_max_age_days: float = Field(default=90.0, gt=0)
    """A record older than this is rejected (a time far in the past makes needless partitions)."""

    ingest_max_ahead_hours: float = Field(default=24.0, gt=0)
    """A record further in the future than this is rejected."""

    derive_interval_seconds: float = Field(default=2.0, gt=0, le=60.0)
    """How often rollups, indexes and facets are derived from what was stored since."""

    derive_lag_seconds: float = Field(default=10.0, ge=0, le=600.0)
    """With a ClickHouse server: how long others' inserts may take to be part of what is derived."""

    min_free_disk_bytes: int = Field(default=1024 * MIB, ge=0)
    """Below this much free disk ingest answers 503 until there is 10 % more than this again."""

    warehouse_memory_bytes: int = Field(default=2048 * MIB, ge=256 * MIB)
    """Memory that the embedded engine may use over all queries and inserts."""

    warehouse_cache_bytes: int = Field(default=96 * MIB, ge=8 * MIB)
    """Memory of the embedded engine's caches (marks, index, uncompressed blocks) together."""

    warehouse_readers: int = Field(default=4, ge=1, le=64)
    """Queries that run at the same time; more wait, up to 64, then are answered 429."""

    query_max_rows: int = Field(default=10_000, ge=1)
    """Most rows one answer holds."""

    query_max_seconds: float = Field(default=30.0, gt=0)
    """Longest time one query runs."""

    query_max_memory_bytes: int = Field(default=1024 * MIB, ge=64 * MIB)
    """Most memory one query uses."""

    retention_logs_days: float = Field(default=30.0, gt=0)
    """How long log records are kept where an account has not set its own."""

    retention_traces_days: float = Field(default=15.0, gt=0)
    """How long spans are kept where an account has not set its own."""

    retention_metrics_days: float = Field(default=63.0, gt=0)
    """How long metric points are kept where an account has not set its own."""

    retention_rollups_days: float = Field(default=455.0, gt=0)
    """How long per-hour metric rollups are kept where an account has not set its own."""

    retention_predictions_days: float = Field(default=400.0, gt=0)
    """How long predictions and labels are kept where an account has not set its own."""

    audit_retention_days: float = Field(default=2557.0, gt=0)
    """How long audit records are kept; a legal hold keeps them longer. Seven years."""

    trusted_proxies: str = ""
    """Addresses and networks of reverse proxies whose ``X-Forwarded-For`` is believed, separated by
    commas. Empty: nobody's."""

    retention_interval_seconds: float = Field(default=3600.0, gt=0)
    """How often the retention job runs."""

    session_hours: float = Field(default=12.0, gt=0)
    """How long a sign-in lasts."""

    price_list: str = ""
    """What use costs, such as ``currency=EUR,ingest_gb=0.5,storage_gb_month=0.03,series_month=0.002``."""

    oidc_issuer: str = ""
    """Address of an OpenID Connect provider that signs people in; empty for none."""

    oidc_client_id: str = ""
    """Name of this installation at the provider."""

    oidc_client_secret: str = Field(default="", repr=False)
    """The client's secret; empty for a public client, which PKCE protects."""

    oidc_name: str = "single sign-on"
    """What the sign-in page calls the provider."""

    oidc_scopes: str = "openid profile email"
    """What the provider is asked to tell."""

    oidc_roles: str = ""
    """Which claims give which roles: ``claim=value:account/role``, separated by commas; ``*`` is any
    value. Such as ``groups=ml-admins:default/admin,email=*:default/viewer``."""

    secret_key: str = Field(default="", repr=False)
    """What channels' secrets are encrypted with; processes that share a catalog need the same one.
    Empty: a key that the first use makes in ``data_dir``."""

    public_url: str = ""
    """Where people reach the console, for links in notifications, such as ``https://vedette.example``."""

    notification_allowed_hosts: str = ""
    """Names, ``*.suffix``, addresses and networks that notifications and webhooks may go to although
    they are not public, separated by commas; ``*`` allows everything. Where it is empty, webhooks of
    the model registry must be https."""

    synthetic_allowed_hosts: str = ""
    """What synthetic checks may reach although it is not public, written the same way."""

    sources_allowed: str = ""
    """Folders and URLs that monitors may have the server profile, separated by commas, such as
    ``/srv/data, s3://bucket/prefix, postgresql://db:5432/shop``; ``*`` allows everything."""

    source_timeout_seconds: float = Field(default=600.0, gt=0, le=7200.0)
    """Longest that profiling a monitor's source may take."""

    source_memory_bytes: int = Field(default=2 << 30, ge=256 << 20)
    """Most memory that profiling a monitor's source may take, in a process of its own."""

    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    """What the server writes to standard error."""

    def resolved_warehouse_url(self) -> str:
        """Return ``warehouse_url``, or the embedded one under ``data_dir``."""
        return self.warehouse_url or f"chdb://{(self.data_dir / 'warehouse').absolute()}"

    def resolved_catalog_url(self) -> str:
        """Return ``catalog_url``, or the SQLite one under ``data_dir``."""
        return self.catalog_url or f"sqlite:///{(self.data_dir / 'catalog.sqlite').absolute()}"

    def resolved_backup_dir(self) -> Path:
        """Return ``backup_dir``, or the one under ``data_dir``, absolute."""
        return (self.backup_dir or self.data_dir / "backups").absolute()
