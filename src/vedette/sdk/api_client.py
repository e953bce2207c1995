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
_MIN_TIMEOUT_S = 60.0
_log = logging.getLogger("vedette")
_TOO_MANY, _SERVER_ERROR = 429, 500


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

        Raises:
            InvalidInputError: the server refused it.
            UnavailableError: it did not take it in any attempt.

        """
        headers = {"content-type": kind}
        if packed:
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body, 5)
        reason = remedy = ""
        for attempt in range(1, ATTEMPTS + 1):
            if batch:
                headers |= {"vedette-batch-id": batch, "vedette-attempt": str(attempt + resent)}
            try:
                response = self._http.post(path, content=body, headers=headers)
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
            if attempt < ATTEMPTS:
                time.sleep(0.5 * 2**attempt)
        raise UnavailableError(reason, remedy=remedy)

    def offer(self, path: str, body: bytes, *, field: str, packed: bool = True) -> bool:
        """Send as ``post`` does; a server that is away costs the job a warning and no more."""
        try:
            self.post(path, body, field=field, packed=packed)
        except UnavailableError as error:
            _log.warning("it was not sent to the server: %s", error.message)
            return False
        return True


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
