"""Single sign-on by OpenID Connect: authorization code with PKCE, state and nonce.

Source: OpenID Connect Core 1.0 and RFC 7636. What the provider says of a person is checked with the
provider's published keys (joserfc); claims become roles by a map of the settings. State, nonce and
verifier travel in a cookie that only this server can read, so any process can finish a sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import delete, select

from vedette.core.encryption import SecretBox
from vedette.core.errors import (
    ForbiddenError,
    InvalidInputError,
    StoreError,
    UnauthenticatedError,
    UnavailableError,
)
from vedette.core.ids import new_id, new_secret
from vedette.core.settings import Settings
from vedette.store.catalog import Actor, Catalog, IdentityType, Role
from vedette.store.catalog.models import MembershipRow, UserRow
from vedette.store.catalog.organisation_models import ExternalIdentityRow
from vedette.store.catalog.sessions import CreatedSession
from vedette.store.catalog.users import normalise_login

COOKIE = "vedette_oidc"
FLOW_SECONDS = 600
METADATA_SECONDS = 3600
LEEWAY_SECONDS = 60
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""Never HS*: with a public key as its secret anyone could sign."""
_TIMEOUT = httpx.Timeout(10.0)


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and the cookie that it brings back."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class RoleRule:
    """Who has this value in this claim has this role in this account; value ``*`` is any."""

    claim: str
    value: str
    account: str
    role: Role


class Oidc:
    """One identity provider. Thread-safe; everything blocks."""

    def __init__(self, settings: Settings, catalog: Catalog, secrets: SecretBox) -> None:
        self._settings = settings
        self._catalog = catalog
        self._secrets = secrets
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] | None = None
        self._keys: KeySet | None = None
        self._fetched = 0.0
        self.rules = parse_roles(settings.oidc_roles)

    @property
    def enabled(self) -> bool:
        """Whether a provider is set."""
        return bool(self._settings.oidc_issuer and self._settings.oidc_client_id)

    def begin(self, redirect_uri: str, return_to: str) -> Begun:
        """Begin a sign-in."""
        verifier = new_secret()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        flow = {
            "state": new_secret(),
            "nonce": new_secret(),
            "verifier": verifier,
            "redirect_uri": redirect_uri,
            "return_to": safe_path(return_to),
            "until": time.time() + FLOW_SECONDS,
        }
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": redirect_uri,
            "scope": self._settings.oidc_scopes,
            "state": flow["state"],
            "nonce": flow["nonce"],
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        endpoint = str(self._discover()["authorization_endpoint"])
        joint = "&" if "?" in endpoint else "?"
        return Begun(
            f"{endpoint}{joint}{urlencode(query)}", self._secrets.seal(orjson.dumps(flow).decode())
        )

    def finish(
        self,
        cookie: str,
        state: str,
        code: str,
        *,
        lifetime: timedelta,
        ip: str | None = None,
        user_agent: str | None = None,
        request_id: str | None = None,
    ) -> tuple[CreatedSession, str]:
        """Finish a sign-in: return the session and the path to go back to.

        Raises:
            UnauthenticatedError: the answer does not belong to this browser's sign-in, or the
                provider's token is not genuine.
            ForbiddenError: no role comes of the person's claims, or the user is disabled.

        """
        flow = self._flow(cookie, state)
        tokens = self._exchange(code, flow)
        claims = self._claims(str(tokens.get("id_token", "")), str(flow["nonce"]))
        claims = {**self._user_info(tokens), **claims}
        user_id, account = self._adopt(claims)
        actor = Actor(
            type=IdentityType.USER, id=user_id, name=_login_of(claims), account=account, ip=ip,
            user_agent=user_agent, request_id=request_id,
        )  # fmt: skip
        session = self._catalog.sessions.create_for_user(
            actor, user_id, account=account, lifetime=lifetime
        )
        return session, str(flow["return_to"])

    def _flow(self, cookie: str, state: str) -> dict[str, Any]:
        try:
            flow: dict[str, Any] = orjson.loads(self._secrets.open_text(cookie))
        except (StoreError, ValueError) as error:
            raise _refusal("the sign-in was not begun in this browser") from error
        if flow["until"] < time.time():
            raise _refusal("the sign-in took too long")
        if not state or not _equal(str(flow["state"]), state):
            raise _refusal("the answer belongs to another sign-in")
        return flow

    def _discover(self) -> dict[str, Any]:
        """Return the provider's metadata; it is read anew each hour."""
        with self._lock:
            if self._metadata is None or time.monotonic() - self._fetched > METADATA_SECONDS:
                issuer = self._settings.oidc_issuer.rstrip("/")
                found = self._get(f"{issuer}/.well-known/openid-configuration")
                if str(found.get("issuer", "")).rstrip("/") != issuer:
                    raise UnavailableError(
                        "the identity provider calls itself by another name than VEDETTE_OIDC_ISSUER"
                    )
                self._metadata, self._keys = found, None
                self._fetched = time.monotonic()
            return self._metadata

    def _key_set(self, *, anew: bool = False) -> KeySet:
        metadata = self._discover()
        with self._lock:
            if self._keys is None or anew:
                self._keys = KeySet.import_key_set(self._get(str(metadata["jwks_uri"])))  # type: ignore[arg-type]
            return self._keys

    def _get(self, url: str, **headers: str) -> dict[str, Any]:
        try:
            answer = httpx.get(url, headers=headers, timeout=_TIMEOUT)
            answer.raise_for_status()
            body: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(
                "the identity provider does not answer", retry_after=5
            ) from error
        return body

    def _exchange(self, code: str, flow: Mapping[str, Any]) -> dict[str, Any]:
        settings = self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": flow["redirect_uri"],
            "client_id": settings.oidc_client_id,
            "code_verifier": flow["verifier"],
        }
        auth = (
            httpx.BasicAuth(settings.oidc_client_id, settings.oidc_client_secret)
            if settings.oidc_client_secret
            else None
        )
        try:
            answer = httpx.post(
                str(self._discover()["token_endpoint"]), data=form, auth=auth, timeout=_TIMEOUT
            )
            body: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(
                "the identity provider does not answer", retry_after=5
            ) from error
        if not answer.is_success:
            raise _refusal(f"the identity provider refused: {str(body.get('error', ''))[:100]}")
        return body

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        claims = self._decoded(token)
        issuer, client = self._settings.oidc_issuer.rstrip("/"), self._settings.oidc_client_id
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        now = time.time()
        problems = {
            "its issuer is another one": str(claims.get("iss", "")).rstrip("/") != issuer,
            "it is for another client": client not in audiences,
            "it was given to another client": claims.get("azp", client) != client,
            "it has expired": float(claims.get("exp", 0)) < now - LEEWAY_SECONDS,
            "it is from the future": float(claims.get("iat", now)) > now + LEEWAY_SECONDS,
            "its nonce is another one": not _equal(str(claims.get("nonce", "")), nonce),
            "it names nobody": not claims.get("sub"),
        }
        for problem, is_so in problems.items():
            if is_so:
                raise _refusal(f"the provider's token cannot be taken: {problem}")
        return claims

    def _decoded(self, token: str) -> dict[str, Any]:
        for anew in (False, True):
            try:
                # A key that is not known may be new: the provider rotates them.
                decoded = jwt.decode(token, self._key_set(anew=anew), algorithms=ALGORITHMS)
            except (JoseError, ValueError) as error:
                if anew:
                    raise _refusal("the provider's token is not signed by its keys") from error
            else:
                return dict(decoded.claims)
        raise _refusal("the provider's token cannot be read")

    def _user_info(self, tokens: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the provider adds about the person, where it has an endpoint for it."""
        endpoint, token = self._discover().get("userinfo_endpoint"), tokens.get("access_token")
        if not endpoint or not token:
            return {}
        return self._get(str(endpoint), Authorization=f"Bearer {token}")

    def _adopt(self, claims: Mapping[str, Any]) -> tuple[str, str]:
        """Find or make the person's user, set the roles that the claims give; return id and account."""
        granted = roles_of(claims, self.rules)
        issuer, subject = self._settings.oidc_issuer.rstrip("/"), str(claims["sub"])[:255]
        login, now = normalise_login(_login_of(claims)), self._catalog.clock.now()
        actor = Actor.system("oidc")
        request = {"issuer": issuer, "login": login, "roles": [list(item) for item in granted]}
        if not granted:
            raise ForbiddenError(
                f"{login!r} has no role here",
                remedy="an admin maps a claim or group of the provider to a role (VEDETTE_OIDC_ROLES)",
            )
        with self._catalog.change(
            actor, "SignInByProvider", account=granted[0][0], request=request,
            source="vedette.signin",
        ) as change:  # fmt: skip
            known = change.session.get(ExternalIdentityRow, (issuer, subject))
            user = change.session.get(UserRow, known.user_id) if known else None
            if user is None:
                taken = change.session.scalar(select(UserRow.id).where(UserRow.login == login))
                if taken is not None:
                    # Whoever can choose a login at the provider must not become that user here.
                    raise ForbiddenError(
                        f"there is a user {login!r} who does not sign in by this provider",
                        remedy="ask an admin of the installation",
                    )
                user = UserRow(
                    id=new_id(), login=login, display_name=str(claims.get("name") or login)[:128],
                    password_hash=None, created=now, disabled=False, failed_attempts=0,
                    locked_until=None,
                )  # fmt: skip
                change.session.add(user)
                change.session.flush()
                change.session.add(
                    ExternalIdentityRow(
                        issuer=issuer, subject=subject, user_id=user.id, created=now
                    )
                )
            if user.disabled:
                raise ForbiddenError("the user is disabled", remedy="ask an admin")
            # The provider says who has which role: what it gave before and no longer says goes.
            mapped = {rule.account for rule in self.rules}
            change.session.execute(
                delete(MembershipRow).where(
                    MembershipRow.user_id == user.id, MembershipRow.account.in_(mapped)
                )
            )
            for account, role in granted:
                change.session.add(MembershipRow(user_id=user.id, account=account, role=role))
            change.respond(userId=user.id)
            return user.id, granted[0][0]


def roles_of(claims: Mapping[str, Any], rules: Sequence[RoleRule]) -> list[tuple[str, str]]:
    """Return accounts and roles that claims give, each once, in the rules' order."""
    found: dict[tuple[str, str], None] = {}
    for rule in rules:
        value: Any = claims
        for part in rule.claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        values = value if isinstance(value, list) else [value]
        if any(item is not None and rule.value in {"*", str(item)} for item in values):
            found[(rule.account, rule.role.value)] = None
    return list(found)


def parse_roles(text: str) -> list[RoleRule]:
    """Return the rules of a setting: ``claim=value:account/role``, separated by commas.

    Raises:
        InvalidInputError: one of them cannot be read.

    """
    rules = []
    for part in filter(None, (item.strip() for item in text.split(","))):
        claim, equals, rest = part.partition("=")
        value, _, target = rest.rpartition(":")
        account, slash, role = target.partition("/")
        try:
            if not (claim and equals and value and account and slash):
                raise ValueError
            rules.append(
                RoleRule(claim.strip(), value.strip(), account.strip(), Role(role.strip()))
            )
        except ValueError as error:
            raise InvalidInputError(
                f"{part!r} does not map a claim to a role",
                field="oidc_roles",
                remedy="write claim=value:account/role, such as groups=ml-admins:default/admin",
            ) from error
    return rules


def safe_path(text: str) -> str:
    """Return a path of this server to go back to; anything else is the start."""
    is_path = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if is_path and len(text) <= 2048 and text.isprintable() else "/"  # noqa: PLR2004


def _login_of(claims: Mapping[str, Any]) -> str:
    for name in ("preferred_username", "email", "sub"):
        if claims.get(name):
            return "".join(str(claims[name]).split())[:254]
    return "unknown"


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _refusal(reason: str) -> UnauthenticatedError:
    return UnauthenticatedError(reason, remedy="begin to sign in again")
