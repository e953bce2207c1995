"""Alarms on bands: what the detector finds is what breaches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from vedette.alarms.definition import AlarmSpec, check_spec
from vedette.alarms.preview import preview
from vedette.alarms.sources.bands import read_banded
from vedette.alarms.sources.read import Job
from vedette.core.time import TimeRange
from vedette.ingest.derive import CommitClock, Deriver
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.store.warehouse import Warehouse
from vedette.telemetry.bands import BandDetectors

T0 = int(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()) - 86_400
POINTS = """
INSERT INTO otel_metrics_gauge (Account, SeriesId, MetricName, TimeUnix, Value)
SELECT 'alarm-bands', 1, 'load', toDateTime64({t0} - 4 * 86400 + number * 300, 9),
    if(number BETWEEN 1160 AND 1162, 900, 100 + cityHash64(number) % 7) FROM numbers(1200)
"""
INCIDENT = T0 - 4 * 86_400 + 1160 * 300


@pytest.fixture(scope="module")
def stored(warehouse: Warehouse) -> None:
    warehouse.execute(POINTS.format(t0=T0))
    Deriver(warehouse, CommitClock()).run()


@pytest.fixture
def catalog(tmp_path: Any) -> Iterator[Catalog]:
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}") as opened:
        yield opened


def spec(direction: str = "outside", **members: Any) -> AlarmSpec:
    return check_spec(
        {
            "source": {"type": "metric", "queries": [{"id": "m1", "metric": "load"}]},
            "condition": {"band": {"direction": direction}},
            "period": 300,
            "periods": 3,
            **members,
        }
    )


def test_the_incident_breaches_and_the_evidence_has_its_band(
    stored: None, catalog: Catalog, runner: QueryRunner
) -> None:
    detectors = BandDetectors(catalog, runner)
    jobs = [Job("up", spec("above")), Job("down", spec("below"))]
    read = read_banded(detectors, runner, "alarm-bands", jobs, INCIDENT + 900)
    up, down = read["up"], read["down"]
    assert list(up.starts)[-3:] == [INCIDENT, INCIDENT + 300, INCIDENT + 600]
    (series,) = up.series
    assert list(series.breaching)[-3:] == [True, True, True]
    assert not any(list(series.breaching)[:-3])
    assert not any(down.series[0].breaching)
    lower, upper = series.thresholds[-1]
    assert lower < 103 < upper < 200


def test_a_preview_says_when_it_would_have_fired(
    stored: None, catalog: Catalog, runner: QueryRunner
) -> None:
    bands = partial(read_banded, BandDetectors(catalog, runner), runner, "alarm-bands")
    start = datetime.fromtimestamp(INCIDENT - 6 * 3600, UTC)
    found = preview(
        runner,
        "alarm-bands",
        spec("above"),
        TimeRange(start, start + timedelta(hours=8)),
        bands=bands,
    )
    fired = [one for one in found.transitions if one.state.value == "ALARM"]
    assert len(fired) == 1


def test_one_alarm_that_is_wrong_does_not_fail_the_others(
    stored: None, catalog: Catalog, runner: QueryRunner
) -> None:
    wrong = spec(source={"type": "metric", "queries": [{"id": "e1", "expression": "AVG(m9)"}]})
    jobs = [Job("wrong", wrong), Job("right", spec())]
    read = read_banded(BandDetectors(catalog, runner), runner, "alarm-bands", jobs, INCIDENT)
    assert "m9" in read["wrong"].message
    assert len(read["right"].series) == 1
