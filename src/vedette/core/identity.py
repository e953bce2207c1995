"""The one identity of every resource: ``account/kind/name[/version]``.

The same text stands in tags, audit records, alarms, lineage and URLs, so that anything leads to
anything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from vedette.core.errors import InvalidInputError

DEFAULT_ACCOUNT = "default"
_ACCOUNT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_KIND = re.compile(r"[a-z][a-z_]{0,31}")
_PARTS_WITHOUT_VERSION = 3


def check_account_name(name: str) -> str:
    """Return ``name`` if it is an account name: 1-63 of a-z, 0-9 and inner hyphens."""
    if not _ACCOUNT.fullmatch(name):
        raise InvalidInputError(
            f"{name!r} is not an account name",
            field="account",
            remedy="use 1 to 63 lower-case letters, digits and inner hyphens",
        )
    return name


def _escape(part: str) -> str:
    return part.replace("%", "%25").replace("/", "%2F")


def _unescape(part: str) -> str:
    return unquote(part)


@dataclass(frozen=True, slots=True)
class ResourceId:
    """Identity of one resource, e.g. ``acme/service/checkout`` or ``acme/model/churn/3``.

    A slash or percent sign inside a name or version is percent-encoded in the text form; whatever
    else a client encodes is read, too.
    """

    account: str
    kind: str
    name: str
    version: str | None = None

    def __post_init__(self) -> None:
        check_account_name(self.account)
        if not _KIND.fullmatch(self.kind):
            raise InvalidInputError(
                f"{self.kind!r} is not a resource kind",
                field="kind",
                remedy="use lower-case letters and underscores, such as 'service'",
            )
        if not self.name:
            raise InvalidInputError("a resource needs a name", field="name", remedy="give a name")

    def __str__(self) -> str:
        parts = [self.account, self.kind, _escape(self.name)]
        if self.version is not None:
            parts.append(_escape(self.version))
        return "/".join(parts)

    @classmethod
    def parse(cls, text: str) -> ResourceId:
        """Parse the text form; raises ``InvalidInputError`` where it is not one."""
        parts = text.split("/")
        if len(parts) not in {_PARTS_WITHOUT_VERSION, _PARTS_WITHOUT_VERSION + 1}:
            raise InvalidInputError(
                f"{text!r} is not a resource identity",
                field="resource",
                remedy="write account/kind/name or account/kind/name/version",
            )
        version = _unescape(parts[3]) if len(parts) > _PARTS_WITHOUT_VERSION else None
        return cls(parts[0], parts[1], _unescape(parts[2]), version)
