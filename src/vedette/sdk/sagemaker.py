"""Amazon SageMaker's data capture: its JSON lines as predictions and labels.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.sdk.api_client import LINES, ApiClient, connected, parts, raise_rejected
from vedette.sdk.sagemaker_values import input_rows, outputs, values

LINES_A_REQUEST = 5_000


def read_capture(
    lines: Iterable[str], model: str, *, version: str = "", columns: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """Yield predictions, one a row, as ``POST /api/v1/predictions`` takes them.

    Args:
        lines: of a captured file.
        model: the registered model's name.
        version: its version.
        columns: names of the columns of CSV input; ``f0``, ``f1``, ... where there are none.

    Raises:
        InvalidInputError: a line is not data capture; ``field`` is its number.

    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            meta, data = event["eventMetadata"], event["captureData"]
            rows = input_rows(data["endpointInput"], columns)
            answers = outputs(data["endpointOutput"], len(rows))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInputError(
                f"line {number} is not SageMaker data capture: {_said(error)}",
                field=f"line {number}",
            ) from error
        identity = meta.get("inferenceId") or meta["eventId"]
        for place, (features, output) in enumerate(zip(rows, answers, strict=True)):
            yield {
                "model": model,
                "version": version,
                "id": identity if len(rows) == 1 else f"{identity}/{place}",
                "time": meta.get("inferenceTime"),
                "features": features,
                **output,
            }


def read_ground_truth(
    lines: Iterable[str], model: str, *, time: str = ""
) -> Iterator[dict[str, Any]]:
    """Yield labels, as ``POST /api/v1/labels`` takes them.

    Args:
        lines: of a file of ground truth.
        model: the registered model's name.
        time: when the labels were known: the latest of an id counts. Now, where there is none.

    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            labels = values(event["groundTruthData"])
            identity = event["eventMetadata"]["eventId"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInputError(
                f"line {number} is not SageMaker ground truth: {_said(error)}",
                field=f"line {number}",
            ) from error
        for place, value in enumerate(labels):
            named = identity if len(labels) == 1 else f"{identity}/{place}"
            label = {"model": model, "id": named, "label": value}
            yield label | {"time": time} if time else label


def send_files(
    path: Path,
    model: str,
    *,
    version: str = "",
    columns: Sequence[str] = (),
    endpoint: str | None = None,
    api_key: str | None = None,
) -> dict[str, int]:
    """Send captured predictions and ground truth of a file, or of all ``.jsonl`` below a folder.

    The same files again store nothing twice. Labels are known since their file was written, as they
    have no time of their own: the file that was written last corrects those before it, in whatever
    order they are sent. Returns how many predictions and labels there were.

    Raises:
        InvalidInputError: a line is neither, or the server refused some.
        UnavailableError: the server is away.

    """
    files = sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise InvalidInputError(
            f"{path} has no .jsonl", field="path", remedy="give the folder of data capture"
        )
    counts = {"predictions": 0, "labels": 0}
    with connected(endpoint, api_key) as client:
        for file in files:
            lines = file.read_text().splitlines()
            truth = [line for line in lines if '"groundTruthData"' in line]
            captured = [line for line in lines if '"groundTruthData"' not in line]
            predictions = read_capture(captured, model, version=version, columns=columns)
            written = datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat()
            labels = read_ground_truth(truth, model, time=written)
            for kind, records in (("predictions", list(predictions)), ("labels", list(labels))):
                encoded = [json.dumps(one).encode() for one in records]
                for part in parts(encoded, len, most=LINES_A_REQUEST):
                    _send(client, kind, b"\n".join(part))
                counts[kind] += len(encoded)
    return counts


def _send(client: ApiClient, kind: str, body: bytes) -> None:
    batch = hashlib.sha256(body).hexdigest()[:16]
    answer = client.post(f"/{kind}", body, field="path", kind=LINES, batch=batch, resent=True)
    raise_rejected(answer, kind, field="path")


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
