"""``vedette.log_reference``: what a version of a model was trained or validated on.

Unlike predictions it is sent at once, and the caller waits: it is done once, in training, and one wants
to know that it is there.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from vedette.core.errors import InvalidInputError
from vedette.sdk.config import resolve
from vedette.sdk.predictions import Capture, Record, plain, prediction_records, values_of

LINES_A_REQUEST = 5_000
REQUEST_BYTES = 4 << 20
ATTEMPTS = 4
_TOO_MANY, _SERVER_ERROR = 429, 500


def log_reference(
    capture: Capture,
    predictions: Any,  # noqa: ANN401 - a value, a sequence or an array of them
    features: Any,  # noqa: ANN401 - a list of mappings, a data frame, rows of an array
    labels: Any,  # noqa: ANN401 - as predictions, or None
    *,
    name: str,
    scores: Any,  # noqa: ANN401 - a mapping or a list of them
    attributions: Any,  # noqa: ANN401 - likewise
    ids: Sequence[str] | None,
    endpoint: str | None,
    api_key: str | None,
) -> int:
    """See ``vedette.log_reference``."""
    if not capture.version:
        raise InvalidInputError("a reference is of a version", field="version")
    count = len(values_of(predictions))
    truths = [None] * count if labels is None else values_of(labels)
    chosen = [f"{name or 'reference'}/{n}" for n in range(count)] if ids is None else list(ids)
    for field, given in (("labels", truths), ("ids", chosen)):
        if len(given) != count:
            raise InvalidInputError(
                f"there are {count} predictions and {len(given)} {field}", field=field
            )
    truth = dict(zip(chosen, truths, strict=True))
    records = prediction_records(
        capture, features, predictions, chosen, scores=scores, attributions=attributions
    )
    config = resolve({"endpoint": endpoint, "api_key": api_key})
    url = f"{config.endpoint}/api/v1/references"
    headers = {
        **config.headers, "content-type": "application/x-ndjson", "content-encoding": "gzip",
    }  # fmt: skip
    sent = 0
    with httpx.Client(timeout=max(config.timeout, 60.0), headers=headers) as client:
        for part in _parts(records, truth, name):
            _post(client, url, part)
            sent += len(part)
    return sent


def _parts(
    records: Iterable[Record],
    truth: Mapping[str, Any],
    name: str,
) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for record in records:
        label = plain(truth[record["id"]])
        whole = {**record, **({"label": label} if label is not None else {})}
        if name:
            whole["reference"] = name
        line = json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()
        if part and (len(part) >= LINES_A_REQUEST or size + len(line) > REQUEST_BYTES):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part


def _post(client: httpx.Client, url: str, lines: Sequence[bytes]) -> None:
    body = b"\n".join(lines)
    # The same rows again are the same batch, so that an attempt whose answer was lost stores nothing twice.
    batch = hashlib.sha256(body).hexdigest()[:16]
    reason = ""
    for attempt in range(1, ATTEMPTS + 1):
        headers = {"vedette-batch-id": batch, "vedette-attempt": str(attempt)}
        try:
            response = client.post(url, content=gzip.compress(body, 5), headers=headers)
        except httpx.HTTPError as error:
            reason = type(error).__name__
        else:
            if response.is_success:
                _raise_rejected(response.json())
                return
            reason = f"HTTP {response.status_code}: {response.text[:300]}"
            if response.status_code != _TOO_MANY and response.status_code < _SERVER_ERROR:
                break
        if attempt < ATTEMPTS:
            time.sleep(0.5 * 2**attempt)
    raise InvalidInputError(
        f"the reference was not stored: {reason}", field="endpoint",
        remedy="log it again: rows with the same ids take the place of those before",
    )  # fmt: skip


def _raise_rejected(answer: Mapping[str, Any]) -> None:
    if answer.get("rejected"):
        reasons = ", ".join(f"{one['count']} x {one['reason']}" for one in answer["errors"])
        raise InvalidInputError(f"rows were rejected: {reasons}", field="features")
