"""Browser apps and their public keys; a key can send telemetry of its app, and nothing else."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from vedette.core.errors import ForbiddenError, OverloadedError, UnauthenticatedError
from vedette.core.identity import ResourceId
from vedette.experience.browser.definition import BrowserAppSpec
from vedette.store.catalog.definition_models import BrowserKeyRow
from vedette.store.catalog.definitions import Defined, DefinitionKind, Definitions

if TYPE_CHECKING:
    from vedette.store.catalog import Actor, Catalog, Change

BrowserApp = Defined[BrowserAppSpec]
SOURCE = "vedette.browser"
DEFINITION = DefinitionKind("browser_app", "BrowserApp", SOURCE, BrowserAppSpec, "a browser app")
PREFIX = "vrum_"
CACHE_SECONDS = 15.0
MAX_CACHED = 10_000
_MINUTE = 60.0


class BrowserApps(Definitions[BrowserAppSpec]):
    """Browser apps of an account. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(catalog, DEFINITION)

    def keys(self, account: str) -> dict[str, str]:
        """Return the keys of an account's apps by the apps' ids."""
        chosen = select(BrowserKeyRow.app, BrowserKeyRow.key).where(
            BrowserKeyRow.account == account
        )
        with self._catalog.read() as session:
            return {row.app: row.key for row in session.execute(chosen)}

    def rotate(self, actor: Actor, account: str, name: str) -> str:
        """Give an app a new key; the old one is void within seconds."""
        app = self.get(account, name)
        key = _new_key()
        with self._catalog.change(
            actor, "RotateBrowserKey", account=account, request={"name": name}, source=SOURCE,
            resources=[ResourceId(account, DEFINITION.name, name)],
        ) as change:  # fmt: skip
            change.session.execute(delete(BrowserKeyRow).where(BrowserKeyRow.app == app.id))
            change.session.add(
                BrowserKeyRow(
                    key=key, account=account, app=app.id, created=self._catalog.clock.now()
                )
            )
        return key

    def by_key(self, key: str) -> BrowserApp | None:
        """Return the app of a key, or None."""
        with self._catalog.read() as session:
            row = session.get(BrowserKeyRow, key)
        return None if row is None else self.by_id(row.account, row.app)

    def on_change(self, change: Change, made: BrowserApp, *, deleted: bool) -> None:
        """See ``Definitions.on_change``: an app has a key from its begin to its end."""
        mine = BrowserKeyRow.app == made.id
        if deleted:
            change.session.execute(delete(BrowserKeyRow).where(mine))
        elif change.session.scalar(select(BrowserKeyRow).where(mine)) is None:
            now = self._catalog.clock.now()
            change.session.add(
                BrowserKeyRow(key=_new_key(), account=made.account, app=made.id, created=now)
            )


def _new_key() -> str:
    return PREFIX + secrets.token_urlsafe(18)


@dataclass(slots=True)
class _Known:
    app: BrowserApp | None
    until: float
    tokens: float
    refilled: float


class BrowserGate:
    """Lets requests of pages in: by key, origin and rate. Thread-safe; blocks where it must look up."""

    def __init__(self, apps: BrowserApps) -> None:
        self._apps = apps
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def check(self, key: str, origin: str) -> BrowserApp:
        """Return the app that a request may send for.

        Raises:
            UnauthenticatedError: the key is none.
            ForbiddenError: the app is off, or its pages are not at this origin.
            OverloadedError: the app sent too much in the last minute.

        """
        known = self._look_up(key)
        app = known.app
        if app is None:
            raise UnauthenticatedError(
                "this is no key of a browser app",
                field="key",
                remedy="copy the snippet from the page of the app",
            )
        if not app.spec.enabled:
            raise ForbiddenError("the app is switched off", field="key", remedy="enable it")
        if not app.spec.allows(origin):
            raise ForbiddenError(
                f"pages of {origin[:200] or 'no origin'} may not send with this key",
                field="Origin",
                remedy="add the origin to the app",
            )
        self._take(known, app.spec.per_minute)
        return app

    def _look_up(self, key: str) -> _Known:
        now = time.monotonic()
        with self._lock:
            known = self._known.get(key)
            if known is not None and known.until > now:
                return known
        plausible = key.startswith(PREFIX) and len(key) < 100 and key.isascii()  # noqa: PLR2004 - ours are short
        app = self._apps.by_key(key) if plausible else None
        with self._lock:
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            before = self._known.get(key)
            most = float(app.spec.per_minute) if app else 0.0
            tokens, refilled = (before.tokens, before.refilled) if before else (most, now)
            made = _Known(app, now + CACHE_SECONDS, min(tokens, most), refilled)
            self._known[key] = made
            return made

    def _take(self, known: _Known, per_minute: int) -> None:
        now = time.monotonic()
        with self._lock:
            gained = (now - known.refilled) * per_minute / _MINUTE
            known.tokens = min(float(per_minute), known.tokens + gained)
            known.refilled = now
            if known.tokens < 1:
                raise OverloadedError(
                    f"the app sends more than {per_minute} requests a minute",
                    retry_after=max(1, round(_MINUTE / per_minute)),
                )
            known.tokens -= 1
