"""``vedette.log_reference``: what a version of a model was trained or validated on.

Unlike predictions it is sent at once, and the caller waits: it is done once, in training, and one wants
to know that it is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.sdk.api_client import LINES, ApiClient, connected, parts, raise_rejected
from vedette.sdk.predictions import Capture, Record, plain, prediction_records, values_of

LINES_A_REQUEST = 5_000


def log_reference(
    model: str,
    version: str | int,
    predictions: Any,  # noqa: ANN401 - a value, a sequence or an array of them
    features: Any,  # noqa: ANN401 - a list of mappings, a data frame, rows of an array
    labels: Any = None,  # noqa: ANN401 - as predictions
    *,
    name: str = "reference",
    scores: Any = None,  # noqa: ANN401 - a mapping or a list of them
    attributions: Any = None,  # noqa: ANN401 - likewise
    ids: Sequence[str] | None = None,
    sample: float = 1.0,
    drop: Sequence[str] = (),
    hash: Sequence[str] = (),  # noqa: A002 - what it does
    tags: Mapping[str, str] | None = None,
    endpoint: str | None = None,
    api_key: str | None = None,
) -> int:
    """Send what a version of a model was trained or validated on, with its answers and what was true.

    Windows in production are compared with it, and performance before labels come is estimated from it.
    Waits for the server; one that is away costs a warning, and ends no training. Logged again, rows
    with the same ids take the place of those before.

    Args:
        model: the registered model's name.
        version: the model's version.
        predictions: what the model answered for each row.
        features: the rows: dicts, a data frame, or an array.
        labels: what was true of each row.
        name: of the reference, for a version that has several.
        scores: probabilities by class, one mapping for each row.
        attributions: what each feature contributed, such as ``vedette.attributions`` returns.
        ids: an id for each row; by number where they are not given.
        sample: share that is kept, which weighs its inverse.
        drop: features that never leave the process.
        hash: features that leave it as a keyed hash (the key is ``VEDETTE_HASH_SALT``).
        tags: texts by name.
        endpoint: server, as in ``init``.
        api_key: key, as in ``init``.

    Returns:
        The number of rows that were sent: fewer than there are where the server is away.

    Raises:
        InvalidInputError: an argument is wrong, or the server refused it.

    """
    capture = Capture(
        model, str(version), "", sample, frozenset(drop), frozenset(hash), dict(tags or {})
    )
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
    sent = 0
    with connected(endpoint, api_key) as client:
        for part in parts(_lines(records, truth, name), len, most=LINES_A_REQUEST):
            if not _post(client, b"\n".join(part)):
                break
            sent += len(part)
    return sent


def _lines(records: Iterable[Record], truth: Mapping[str, Any], name: str) -> Iterator[bytes]:
    for record in records:
        label = plain(truth[record["id"]])
        whole = {**record, **({"label": label} if label is not None else {})}
        if name:
            whole["reference"] = name
        yield json.dumps(whole, separators=(",", ":"), allow_nan=False).encode()


def _post(client: ApiClient, body: bytes) -> bool:
    """Send rows; False where the server is away."""
    batch = hashlib.sha256(body).hexdigest()[:16]
    try:
        answer = client.offer("/references", body, field="endpoint", kind=LINES, batch=batch)
    except InvalidInputError as error:
        raise InvalidInputError(
            f"the reference was not stored: {error.message}", field="endpoint",
            remedy="log it again: rows with the same ids take the place of those before",
        ) from error  # fmt: skip
    if answer is None:
        return False
    raise_rejected(answer, "rows", field="features")
    return True
