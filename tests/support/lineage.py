"""Events of OpenLineage for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

PRODUCER = "https://example.org/tests"


def facet(**values: Any) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": "https://openlineage.io/spec/x.json", **values}


def run_id(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def dataset(
    name: str, namespace: str = "vedette", rows: float | None = None, **facets: Any
) -> dict[str, Any]:
    made: dict[str, Any] = {"namespace": namespace, "name": name, "facets": facets}
    if rows is not None:
        made["outputFacets"] = {"outputStatistics": facet(rowCount=rows, size=rows * 10)}
        made["inputFacets"] = {"inputStatistics": facet(rowCount=rows, size=rows * 10)}
    return made


def run_events(
    job: str,
    run: str,
    start: float,
    end: float | None,
    *,
    outcome: str = "COMPLETE",
    parent: tuple[str, str] | None = None,
    inputs: list[Any] = (),  # type: ignore[assignment]
    outputs: list[Any] = (),  # type: ignore[assignment]
    own: dict[str, Any] | None = None,
    **facets: Any,
) -> list[dict[str, Any]]:
    """START and the end of a run; ``start`` and ``end`` are seconds ago."""
    if parent:
        facets["parent"] = facet(
            run={"runId": run_id(parent[1])}, job={"namespace": "vedette", "name": parent[0]}
        )
    if own:
        facets["vedette"] = facet(**own)
    shared = {
        "producer": PRODUCER, "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
        "job": {"namespace": "vedette", "name": job}, "inputs": list(inputs), "outputs": list(outputs),
    }  # fmt: skip
    started = {
        "eventType": "START",
        "eventTime": ago(start),
        "run": {"runId": run_id(run), "facets": facets},
    }
    events = [{**shared, **started, "inputs": [], "outputs": []}]
    if end is not None:
        ended = {**started, "eventType": outcome, "eventTime": ago(end)}
        events.append({**shared, **ended})
    return events
