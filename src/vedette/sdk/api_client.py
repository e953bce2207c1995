"""The API as the SDK's blocking calls use it: profiles, results, references, artifacts.

What a job sends while it runs does not go this way but over the queue and the spool, see
``vedette.sdk.transport``.
"""

from __future__ import annotations

import gzip
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.sdk.client import current
from vedette.sdk.config import resolve

T = TypeVar("T")
JSON = "application/json"
LINES = "application/x-ndjson"
REQUEST_BYTES = 4 << 20
"""About how much one request carries; see ``parts``."""
ATTEMPTS = 4
OFFER_SECONDS = 30.0
"""How long a job waits at most for a server to take what the job can do without."""
AWAY_SECONDS = 60.0
"""How long a server that took nothing is not offered anything again."""
_MIN_TIMEOUT_S = 60.0
_log = logging.getLogger("vedette")
_TOO_MANY, _SERVER_ERROR = 429, 500
_away_until: dict[str, float] = {}
"""By server, when it may be offered something again (monotonic seconds)."""


class ApiClient:
    """One server, one key."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def post(
        self,
        path: str,
        body: bytes,
        *,
        field: str,
        kind: str = JSON,
        packed: bool = True,
        batch: str = "",
        resent: bool = False,
        within: float | None = None,
    ) -> dict[str, Any]:
        """Send a body, again while the server is away or busy, and return its answer.

        Args:
            path: below ``/api/v1``.
            body: as it is before it is packed.
            field: what an error is about.
            kind: of the body, ``JSON`` or ``LINES``.
            packed: whether it goes as gzip; not every route takes that.
            batch: names these lines, so that an attempt whose answer was lost stores nothing twice.
            resent: whether an earlier call may have sent the batch.
            within: seconds that all attempts together may take; none begins without time left.

        Raises:
            InvalidInputError: the server refused it.
            UnavailableError: it did not take it in any attempt.

        """
        headers = {"content-type": kind}
        if packed:
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body, 5)
        reason = remedy = ""
        until = None if within is None else time.monotonic() + within
        for attempt in range(1, ATTEMPTS + 1):
            if batch:
                headers |= {"vedette-batch-id": batch, "vedette-attempt": str(attempt + resent)}
            try:
                response = self._http.post(
                    path, content=body, headers=headers, timeout=self._timeout(until)
                )
            except httpx.HTTPError as error:
                # Only the kind: messages of some errors quote the request.
                reason = f"the server does not answer: {type(error).__name__}"
                remedy = "start it, or give its address"
            else:
                if response.is_success:
                    answer: dict[str, Any] = response.json()
                    return answer
                reason = f"the server refused it: {_said(response)}"
                remedy = "try again later"
                if not _is_retryable(response.status_code):
                    raise InvalidInputError(reason, field=field)
            pause = 0.5 * 2**attempt
            if attempt == ATTEMPTS or (until is not None and time.monotonic() + pause >= until):
                break
            time.sleep(pause)
        raise UnavailableError(reason, remedy=remedy)

    def offer(self, path: str, body: bytes, **options: Any) -> dict[str, Any] | None:  # noqa: ANN401 - as ``post`` takes them
        """Send as ``post`` does; a server that is away costs the job a warning and half a minute.

        Returns None then; and at once for the minute that follows, so that a loop is not held up by
        each of its rounds.
        """
        server = str(self._http.base_url)
        reason = "the server did not answer a moment ago"
        if time.monotonic() >= _away_until.get(server, 0.0):
            try:
                return self.post(path, body, within=OFFER_SECONDS, **options)
            except UnavailableError as error:
                reason = error.message
                _away_until[server] = time.monotonic() + AWAY_SECONDS
        _log.warning("it was not sent to the server: %s", reason)
        return None

    def _timeout(self, until: float | None) -> httpx.Timeout:
        usual = self._http.timeout
        if until is None:
            return usual
        left = max(0.1, until - time.monotonic())
        return httpx.Timeout(min(left, usual.read or left))


@contextmanager
def connected(endpoint: str | None, api_key: str | None) -> Iterator[ApiClient]:
    """Open the API of a server: the one that ``init`` was given, or which it would find."""
    begun = current() if endpoint is None and api_key is None else None
    config = begun.config if begun else resolve({"endpoint": endpoint, "api_key": api_key})
    with httpx.Client(
        base_url=f"{config.endpoint}/api/v1",
        headers=dict(config.headers),
        timeout=max(config.timeout, _MIN_TIMEOUT_S),
    ) as http:
        yield ApiClient(http)


def dataset_path(dataset: str, what: str) -> str:
    """Return the path of what belongs to a dataset."""
    return f"/datasets/{quote(dataset, safe='')}/{what}"


def parts(
    items: Iterable[T], size: Callable[[T], int], *, most: int | None = None
) -> Iterator[list[T]]:
    """Yield items by the request: up to ``REQUEST_BYTES`` of them, as ``size`` tells, and ``most``."""
    part: list[T] = []
    total = 0
    for item in items:
        length = size(item)
        full = most is not None and len(part) >= most
        if part and (full or total + length > REQUEST_BYTES):
            yield part
            part, total = [], 0
        part.append(item)
        total += length
    if part:
        yield part


def raise_rejected(answer: Mapping[str, Any], what: str, *, field: str) -> None:
    """Raise ``InvalidInputError`` where the server left out lines of what it took."""
    if errors := answer.get("errors"):
        reasons = ", ".join(f"{one['count']} x {one['reason']}" for one in errors)
        raise InvalidInputError(f"{what} were rejected: {reasons}", field=field)


def _is_retryable(status: int) -> bool:
    return status == _TOO_MANY or status >= _SERVER_ERROR


def _said(response: httpx.Response) -> str:
    return f"HTTP {response.status_code}: {response.text[:300]}"
