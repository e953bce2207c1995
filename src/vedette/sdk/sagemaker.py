"""Amazon SageMaker's data capture: its JSON lines as predictions and labels.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.sdk.api_client import LINES, ApiClient, connected, parts, raise_rejected

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
            rows = _rows(data["endpointInput"], columns)
            outputs = _values(data["endpointOutput"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInputError(
                f"line {number} is not SageMaker data capture: {error!r}", field=f"line {number}"
            ) from error
        identity = meta.get("inferenceId") or meta["eventId"]
        for place, (features, output) in enumerate(zip(rows, outputs, strict=False)):
            yield {
                "model": model,
                "version": version,
                "id": identity if len(rows) == 1 else f"{identity}/{place}",
                "time": meta.get("inferenceTime"),
                "features": features,
                "prediction": output,
            }


def read_ground_truth(lines: Iterable[str], model: str) -> Iterator[dict[str, Any]]:
    """Yield labels, as ``POST /api/v1/labels`` takes them."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
            (value,) = _values({**event["groundTruthData"], "mode": "OUTPUT"})
            identity = event["eventMetadata"]["eventId"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInputError(
                f"line {number} is not SageMaker ground truth: {error!r}", field=f"line {number}"
            ) from error
        yield {"model": model, "id": identity, "label": value}


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

    The same files again store nothing twice. Returns how many predictions and labels there were.

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
            for kind, records in (
                ("predictions", list(predictions)),
                ("labels", list(read_ground_truth(truth, model))),
            ):
                encoded = [json.dumps(one).encode() for one in records]
                for part in parts(encoded, len, most=LINES_A_REQUEST):
                    _send(client, kind, b"\n".join(part))
                counts[kind] += len(encoded)
    return counts


def _send(client: ApiClient, kind: str, body: bytes) -> None:
    batch = hashlib.sha256(body).hexdigest()[:16]
    answer = client.post(f"/{kind}", body, field="path", kind=LINES, batch=batch, resent=True)
    raise_rejected(answer, kind, field="path")


def _text(part: dict[str, Any]) -> str:
    data: str = part["data"]
    return base64.b64decode(data).decode() if part.get("encoding") == "BASE64" else data


def _rows(part: dict[str, Any], columns: Sequence[str]) -> list[dict[str, Any]]:
    text = _text(part)
    if part.get("encoding") == "JSON" or "json" in part.get("observedContentType", ""):
        document = json.loads(text)
        items = document.get("instances", document) if isinstance(document, dict) else document
        items = items if isinstance(items, list) else [items]
        return [
            item if isinstance(item, dict) else _named([_number(v) for v in item], columns)
            for item in items
        ]
    return [
        _named([_number(v) for v in row], columns) for row in csv.reader(io.StringIO(text)) if row
    ]


def _values(part: dict[str, Any]) -> list[Any]:
    text = _text(part)
    if part.get("encoding") == "JSON" or "json" in part.get("observedContentType", ""):
        document = json.loads(text)
        if isinstance(document, dict):
            document = document.get("predictions", document.get("prediction", document))
        return document if isinstance(document, list) else [document]
    return [_number(value) for row in csv.reader(io.StringIO(text)) for value in row]


def _named(values: Sequence[Any], columns: Sequence[str]) -> dict[str, Any]:
    return {columns[n] if n < len(columns) else f"f{n}": value for n, value in enumerate(values)}


def _number(text: Any) -> Any:  # noqa: ANN401 - a number or a text
    try:
        return float(text)
    except (TypeError, ValueError):
        return text
