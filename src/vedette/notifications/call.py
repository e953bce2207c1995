"""HTTP calls to addresses that users gave: to the address that was checked, and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from vedette.notifications.guard import Guard

TIMEOUT_SECONDS = 10.0
MAX_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said; ``text`` is the beginning of it."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def ok(self) -> bool:
        """Whether it took what was sent; a redirect is no success, and is not followed."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP


class Caller:
    """Posts to URLs. Thread-safe.

    Args:
        guard: which hosts may be called.
        timeout: seconds to connect, and between parts of the answer.

    """

    def __init__(self, guard: Guard, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self.guard = guard
        self._timeout = timeout

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST JSON to the address that was checked: a name could lead elsewhere a moment later.

        Raises:
            VedetteError: the host may not be called, or has no address.
            httpx.HTTPError: there was no answer.

        """
        parts = urlsplit(url)
        target = self.guard.check(parts.hostname or "")
        address = f"[{target.address}]" if ":" in target.address else target.address
        pinned = parts._replace(
            netloc=f"{address}:{parts.port}" if parts.port else address
        ).geturl()
        sent = {
            "Content-Type": "application/json",
            "User-Agent": "Vedette",
            "Host": parts.netloc,
            **headers,
        }
        with (
            httpx.Client(timeout=self._timeout, trust_env=False) as client,
            client.stream(
                "POST", pinned, content=body, headers=sent,
                extensions={"sni_hostname": target.host},
            ) as answer,
        ):  # fmt: skip
            return Answer(answer.status_code, dict(answer.headers), _beginning(answer))


def _beginning(answer: httpx.Response) -> str:
    """Read no more than is shown, whatever the other side sends."""
    read = b""
    for part in answer.iter_bytes(MAX_TEXT):
        read += part
        if len(read) >= MAX_TEXT:
            break
    return read[:MAX_TEXT].decode(errors="replace")
