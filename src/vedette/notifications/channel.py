"""Channels: where notifications can go, one form each, and the secret that each needs."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import apprise
from pydantic import Discriminator, Field, SecretStr, model_validator

from vedette.core.bodies import Body
from vedette.core.errors import InvalidInputError
from vedette.notifications.guard import check_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.notifications.model import Notice

SECRET_PREFIX = "VEDETTE_SECRET_"  # noqa: S105 - a prefix of names
"""Environment variables that a secret may refer to; no other can be read by a channel."""
MAX_SECRET = 4096
_REFERENCE = re.compile(r"\$\{env:(\w{1,128})\}")
_BLOCKED = frozenset(
    {
        "apprise", "apprises", "dbus", "file", "form", "forms", "glib", "gnome", "json", "jsons",
        "kde", "macosx", "qt", "rsyslog", "syslog", "windows", "xml", "xmls",
    }
)  # fmt: skip
"""Services that act on the server's own machine, or call any URL: webhooks are for that."""
Address = Annotated[str, Field(max_length=320, pattern=r"^[^@\s,]+@[^@\s,]+$")]


class _Channel(Body):
    per_minute: int = Field(default=20, ge=1, le=600, description="more messages than this wait")
    send_resolved: bool = True
    min_severity: Literal["critical", "error", "warning", "info"] = "info"
    image: bool = Field(default=True, description="a picture of the metric, where it can be shown")


class WebhookChannel(_Channel):
    """JSON to a URL, signed with the secret (``docs/alarms.md`` says how)."""

    type: Literal["webhook"]
    url: str = Field(max_length=2048)

    @model_validator(mode="after")
    def _is_callable(self) -> WebhookChannel:
        check_url(self.url)
        return self


class EmailChannel(_Channel):
    """E-mail by SMTP; the secret is the password."""

    type: Literal["email"]
    host: str = Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:\-\[\]]+$")
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = Field(default="", max_length=320)
    sender: Address
    to: list[Address] = Field(min_length=1, max_length=50)


class SlackChannel(_Channel):
    """Slack; the secret is the address of an incoming webhook."""

    type: Literal["slack"]


class TeamsChannel(_Channel):
    """Microsoft Teams; the secret is the address of a workflow's webhook."""

    type: Literal["teams"]


class PagerDutyChannel(_Channel):
    """PagerDuty's Events API v2, which also resolves; the secret is the integration key."""

    type: Literal["pagerduty"]
    region: Literal["us", "eu"] = "us"


class AppriseChannel(_Channel):
    """Any service that Apprise knows; the secret is its URL."""

    type: Literal["apprise"]


Channel = Annotated[
    WebhookChannel | EmailChannel | SlackChannel | TeamsChannel | PagerDutyChannel | AppriseChannel,
    Discriminator("type"),
]
Secret = Annotated[SecretStr, Field(max_length=MAX_SECRET)]
_RANK = {"info": 0, "warning": 1, "error": 2, "critical": 3}


def wants(channel: Channel, notice: Notice) -> bool:
    """Tell whether a channel takes a notice."""
    if notice.status == "resolved" and not channel.send_resolved:
        return False
    return _RANK.get(notice.severity, 0) >= _RANK[channel.min_severity]


def check_secret(channel: Channel, secret: str) -> None:
    """Find what is wrong with a channel's secret, as far as that can be seen; never shown.

    Raises:
        InvalidInputError: it is not of the form that this kind of channel needs.

    """
    if _REFERENCE.fullmatch(secret):
        resolved_name(secret)
        return
    if not secret and channel.type in {"slack", "teams", "pagerduty", "apprise"}:
        raise _wrong(f"a channel of {channel.type} needs a secret", _NEEDS[channel.type])
    if channel.type == "webhook" and secret and len(secret) < 16:  # noqa: PLR2004 - as the remedy says
        raise _wrong("the signing key is too short", "give 16 characters or more")
    if channel.type == "pagerduty" and not re.fullmatch(r"[A-Za-z0-9]{20,64}", secret):
        raise _wrong("this is no integration key", _NEEDS["pagerduty"])
    if channel.type in {"slack", "teams", "apprise"}:
        apprise_target(channel, secret)


_NEEDS = {
    "slack": "give the address of an incoming webhook, https://hooks.slack.com/services/...",
    "teams": "give the address of a workflow's webhook",
    "pagerduty": "give the integration key of an Events API v2 integration",
    "apprise": "give an Apprise URL, such as ntfys://ntfy.sh/topic",
}


def resolved_name(secret: str) -> str:
    """Return the environment variable that a reference names.

    Raises:
        InvalidInputError: channels may not read it.

    """
    found = _REFERENCE.fullmatch(secret)
    if not found or not found[1].startswith(SECRET_PREFIX):
        raise _wrong(
            "the secret refers to a variable that channels may not read",
            f"name one that begins with {SECRET_PREFIX}",
        )
    return found[1]


def resolve_secret(secret: str, environment: Mapping[str, str] | None = None) -> str:
    """Return a secret, or the environment variable that it refers to as ``${env:NAME}``."""
    if not _REFERENCE.fullmatch(secret):
        return secret
    name = resolved_name(secret)
    value = (os.environ if environment is None else environment).get(name)
    if value is None:
        raise _wrong(f"the environment variable {name} is not set", "set it for the server")
    return value


def apprise_target(channel: Channel, secret: str) -> Any:  # noqa: ANN401 - the library has no types
    """Return Apprise's object for a channel.

    Raises:
        InvalidInputError: the secret is no URL of the service.

    """
    url = secret
    if isinstance(channel, EmailChannel):
        target = _email(channel, secret)
    else:
        if url.split(":", 1)[0].lower() in _BLOCKED:
            raise _wrong("this service cannot be used here", "use a channel of the type webhook")
        target = apprise.Apprise.instantiate(url, suppress_exceptions=True)
    if target is None or (channel.type == "slack" and "slack" not in type(target).__name__.lower()):
        raise _wrong(f"this is no address of {channel.type}", _NEEDS.get(channel.type, "check it"))
    protocols = {*_texts(target.protocol), *_texts(target.secure_protocol)}
    if protocols & _BLOCKED:
        raise _wrong("this service cannot be used here", "use a channel of the type webhook")
    return target


def _email(channel: EmailChannel, password: str) -> Any:  # noqa: ANN401 - the library has no types
    modes = {"starttls": "starttls", "tls": "ssl", "none": "insecure"}
    options: dict[str, Any] = {
        "schema": "mailto" if channel.security == "none" else "mailtos",
        "host": channel.host.strip("[]"),
        "port": channel.port,
        "smtp": channel.host.strip("[]"),
        "from_addr": channel.sender,
        "targets": list(channel.to),
        "secure_mode": modes[channel.security],
        "secure": channel.security != "none",
    }
    if channel.user:
        options |= {"user": channel.user, "password": password}
    return apprise.Apprise.instantiate(options, suppress_exceptions=True)


def hosts_of(target: Any) -> list[str]:  # noqa: ANN401 - the library has no types
    """Return the hosts that the user chose for an Apprise object; services with fixed ones have none."""
    chosen = []
    if any("{host}" in template for template in getattr(target, "templates", ()) or ()):
        host = getattr(target, "smtp_host", None) or getattr(target, "host", None)
        chosen += [host] if host else []
    return chosen


def _texts(value: Any) -> list[str]:  # noqa: ANN401 - a text, or several
    return [value] if isinstance(value, str) else list(value or ())


def _wrong(message: str, remedy: str) -> InvalidInputError:
    return InvalidInputError(message, field="secret", remedy=remedy)
