"""The catalog: one object through which everything about entities goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import select

from vedette.core.errors import UnavailableError
from vedette.core.identity import DEFAULT_ACCOUNT
from vedette.store.catalog import (  # noqa: F401 - their tables are known
    alarm_models,
    backup,
    dashboard_models,
    incident_models,
    oncall_models,
)
from vedette.store.catalog.accounts import Accounts
from vedette.store.catalog.actor import Actor, Principal
from vedette.store.catalog.audit import Audit
from vedette.store.catalog.audit_record import DEFAULT_SOURCE
from vedette.store.catalog.authentication import Authentication
from vedette.store.catalog.database import Change, Clock, Database
from vedette.store.catalog.engine import make_engine, parse_url
from vedette.store.catalog.failures import translated_errors
from vedette.store.catalog.keys import CreatedKey, Keys, add_key
from vedette.store.catalog.leases import Leases
from vedette.store.catalog.memberships import Memberships
from vedette.store.catalog.models import AccountRow, ApiKeyRow, UserRow
from vedette.store.catalog.retention import Retention
from vedette.store.catalog.revision import is_current
from vedette.store.catalog.roles import Scope
from vedette.store.catalog.saved_views import SavedViews
from vedette.store.catalog.scheduled_work import ScheduledWork
from vedette.store.catalog.service_accounts import ServiceAccounts
from vedette.store.catalog.sessions import Sessions
from vedette.store.catalog.sign_in import SignIn
from vedette.store.catalog.sign_in_links import SignInLinks
from vedette.store.catalog.tags import Tags
from vedette.store.catalog.users import Users

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from vedette.core.identity import ResourceId
    from vedette.store.catalog.audit_record import AuditEvent


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What a first start made. ``admin_key`` is shown once; None where someone has access."""

    admin_key: str | None
    key_id: str | None = None

    def __repr__(self) -> str:
        return f"FirstStart(admin_key={'vdt_…' if self.admin_key else None})"


class Catalog:
    """Entities and their audit trail in SQLite or PostgreSQL. Thread-safe; everything blocks.

    Each kind of entity has its repository as an attribute. Domain services read with ``read`` and
    write with ``change``; there is no other way to write.
    """

    def __init__(self, database: Database) -> None:
        """Use `open` instead."""
        self._database = database
        self.accounts = Accounts(database)
        self.users = Users(database)
        self.memberships = Memberships(database)
        self.keys = Keys(database)
        self.service_accounts = ServiceAccounts(database)
        self.sessions = Sessions(database)
        self.sign_in = SignIn(database, self.sessions)
        self.sign_in_links = SignInLinks(database, self.sessions)
        self.tags = Tags(database)
        self.saved_views = SavedViews(database)
        self.retention = Retention(database)
        self.leases = Leases(database)
        self.scheduled_work = ScheduledWork(database)
        self.audit = Audit(database)
        self._authentication = Authentication(database)

    @classmethod
    def open(cls, url: str, *, clock: Clock | None = None) -> Catalog:
        """Open the catalog at ``url``, creating or migrating its tables.

        Args:
            url: ``sqlite:///path`` or ``postgresql://user:password@host/database``.
            clock: other clocks than the host's, for tests.

        Raises:
            InvalidInputError: the URL is not one of these.
            UnavailableError: the database cannot be reached or is locked.
            StoreError: the file is damaged, or a newer Vedette wrote the catalog.

        """
        engine = make_engine(parse_url(url))
        try:
            with translated_errors():
                if not is_current(engine):
                    # To load Alembic takes longer than the rest of opening a catalog.
                    from vedette.store.catalog import migrate  # noqa: PLC0415

                    migrate.upgrade(engine)
        except UnavailableError as error:
            engine.dispose()
            # Whoever starts the server may see what the driver says; it never holds the password.
            cause = getattr(error.__cause__, "orig", None) or error.message
            raise UnavailableError(
                f"the catalog cannot be opened: {cause}",
                remedy="check that the database runs and that VEDETTE_CATALOG_URL names it",
            ) from error
        except BaseException:
            engine.dispose()
            raise
        return cls(Database(engine, clock or Clock()))

    def close(self) -> None:
        """Close all connections; the catalog cannot be used afterwards."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> AbstractContextManager[Session]:
        """Open a read-only session; a write in it fails."""
        return self._database.read()

    def change(
        self,
        actor: Actor,
        name: str,
        *,
        account: str | None = None,
        request: Mapping[str, Any] | None = None,
        resources: Sequence[ResourceId] = (),
        source: str = DEFAULT_SOURCE,
    ) -> AbstractContextManager[Change]:
        """Open the transaction of one mutation; see ``Database.change``."""
        return self._database.change(
            actor, name, account=account, request=request, resources=resources, source=source
        )

    def operate(self) -> AbstractContextManager[Connection]:
        """Open a transaction on operational tables; see ``Database.operate``."""
        return self._database.operate()

    def prune_audit(
        self, event: AuditEvent, *, sequence: int, digest: str
    ) -> AbstractContextManager[Session]:
        """Open the change that removes old audit records; see ``Database.prune_audit``."""
        return self._database.prune_audit(event, sequence=sequence, digest=digest)

    @property
    def clock(self) -> Clock:
        """The clocks of the catalog."""
        return self._database.clock

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._database.dialect

    def known_key(self, text: str) -> Principal | None:
        """Return the principal of a key that was authenticated a moment ago; never blocks."""
        return self._authentication.known_key(text)

    def authenticate_key(self, text: str) -> Principal:
        """Return the principal of an API key, or raise ``UnauthenticatedError``."""
        return self._authentication.authenticate_key(text)

    def authenticate_session(self, token: str, account: str | None = None) -> Principal:
        """Return the principal of a session; see ``Authentication.authenticate_session``."""
        return self._authentication.authenticate_session(token, account)

    def has_credentials(self) -> bool:
        """Tell whether any user or API key exists, revoked ones too."""
        with self._database.read() as session:
            return _has_credentials(session)

    def ensure_first_start(self) -> FirstStart:
        """Create the account ``default``, and an admin key where nobody has access yet.

        Of several processes that start at once, one makes the key.
        """
        with self._database.read() as session:
            done = session.get(AccountRow, DEFAULT_ACCOUNT) is not None
            if done and _has_credentials(session):
                return FirstStart(None)
        actor = Actor.system("first-start")
        made: CreatedKey | None = None
        with self._database.change(actor, "FirstStart", account=DEFAULT_ACCOUNT) as change:
            session, now = change.session, self._database.clock.now()
            missing = session.get(AccountRow, DEFAULT_ACCOUNT) is None
            if missing:
                account = AccountRow(
                    name=DEFAULT_ACCOUNT, display_name="Default", created=now, disabled=False
                )
                session.add(account)
                session.flush()
            needs_key = not _has_credentials(session)
            if not missing and not needs_key:
                change.cancel()
            if needs_key:
                made = add_key(
                    change,
                    DEFAULT_ACCOUNT,
                    name="first start",
                    scopes=frozenset({Scope.ADMIN}),
                    expires=None,
                    now=now,
                )
        return FirstStart(made.text, made.key.id) if made else FirstStart(None)

    def ping(self) -> None:
        """Read one row; raises ``UnavailableError`` where the database cannot be used."""
        with self._database.read() as session:
            session.scalar(select(AccountRow.name).limit(1))

    def backup_to(self, path: Path) -> None:
        """Write a consistent copy of a SQLite catalog to a new file; see ``backup.backup_to``."""
        backup.backup_to(self._database.engine, path)


def _has_credentials(session: Session) -> bool:
    key = session.scalar(select(ApiKeyRow.id).limit(1))
    return key is not None or session.scalar(select(UserRow.id).limit(1)) is not None
