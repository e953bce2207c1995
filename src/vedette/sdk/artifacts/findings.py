"""What was read of artifacts, and how it is sent: events of OpenLineage, results of checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.core.time import parse_moment
from vedette.sdk.api_client import ApiClient, connected, dataset_path, parts

EVENTS_A_REQUEST = 500
MAX_ARTIFACT_BYTES = 1 << 30
MAX_TEXT = 2000
Event = dict[str, Any]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DatasetResults:
    """Results of checks of one dataset.

    Attributes:
        dataset: its name.
        run: names the results; what was sent under it before is left as it is.
        gate: who found them, such as ``dbt test``.
        time: when.
        rows: rows of the data, None where that is not known.
        results: as ``CheckReport.as_dict`` has them.
        source: where the data was, empty where that is not known.

    """

    dataset: str
    run: str
    gate: str
    time: datetime
    rows: int | None
    results: Sequence[Mapping[str, Any]]
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API takes it."""
        return {
            "time": self.time.isoformat(), "rows": self.rows, "results": list(self.results),
            "source": self.source[:500], "run": self.run, "gate": self.gate[:100],
        }  # fmt: skip


@dataclass(slots=True)
class Findings:
    """What artifacts tell: events of OpenLineage, and results of checks by dataset."""

    events: list[Event] = field(default_factory=list)
    results: list[DatasetResults] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of an import.

    Attributes:
        events: events that were taken; one that was there already is among them.
        results: results of checks that were stored.
        known: results that were there already.
        refused: events that were not taken, and why.

    """

    events: int
    results: int
    known: int
    refused: list[str]


def send(
    found: Findings,
    *,
    endpoint: str | None,
    api_key: str | None,
    progress: Progress | None = None,
) -> Imported:
    """Send findings; sending the same again stores nothing twice.

    Raises:
        UnavailableError: the server is away.
        InvalidInputError: it refused something.

    """
    refused: list[str] = []
    stored = known = sent = 0
    with connected(endpoint, api_key) as client:
        for part in parts(found.events, _length, most=EVENTS_A_REQUEST):
            answer = _post(client, "/lineage/batch", part)
            refused += [str(one.get("reason", "")) for one in answer.get("failed_events", ())]
            sent += len(part)
            if progress:
                progress(f"{sent} of {len(found.events)} events")
        for one in found.results:
            answer = _post(client, dataset_path(one.dataset, "results"), one.as_dict())
            stored += 0 if answer.get("known") else len(one.results)
            known += len(one.results) if answer.get("known") else 0
            if progress:
                progress(f"results of {one.dataset}")
    return Imported(len(found.events) - len(refused), stored, known, refused)


def _length(event: Event) -> int:
    return len(json.dumps(event))


def _post(client: ApiClient, path: str, body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    encoded = json.dumps(body, allow_nan=False).encode()
    return client.post(path, encoded, field="path", packed=False)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds; ``InvalidInputError`` where it holds none."""
    try:
        if path.stat().st_size > MAX_ARTIFACT_BYTES:
            raise InvalidInputError(
                f"{path} is larger than 1 GiB", field="path", remedy="import a part of it"
            )
        document = json.loads(path.read_bytes(), parse_constant=lambda _: None)
    except (OSError, ValueError) as error:
        raise InvalidInputError(
            f"{path} cannot be read: {str(error)[:300]}",
            field="path",
            remedy="give a file of JSON, as the tool wrote it",
        ) from error
    if not isinstance(document, dict):
        raise InvalidInputError(
            f"{path} holds no object", field="path", remedy="give a file as the tool wrote it"
        )
    return document


def moment(text: object, *, field: str) -> datetime:
    """Return a moment as tools write it; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        found = parse_moment(str(text), field=field)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
