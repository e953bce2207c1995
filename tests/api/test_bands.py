"""The band of a query by the API."""

from __future__ import annotations

import time
from typing import Any

import pytest

from vedette.ingest.derive import CommitClock, Deriver
from vedette.store.catalog import Scope
from vedette.store.warehouse import Warehouse

DAY = 86_400
POINTS = """
INSERT INTO otel_metrics_gauge (Account, SeriesId, MetricName, TimeUnix, Value)
SELECT '{account}', 1, 'load', toDateTime64({end} - 300 * (864 - number), 9),
    if(number = 860, 900, 100 + cityHash64(number) % 7) FROM numbers(864)
"""


@pytest.fixture
def end(warehouse: Warehouse, account: str) -> int:
    now = int(time.time()) // 300 * 300
    warehouse.execute(POINTS.format(account=account, end=now))
    Deriver(warehouse, CommitClock()).run()
    return now


def body(end: int, **members: Any) -> dict[str, Any]:
    asked = {"id": "m1", "metric": "load"}
    return {
        "queries": [asked],
        "start": str(end - 7200),
        "end": str(end),
        "history": "2d",
        **members,
    }


def test_a_band_comes_aligned_with_its_series(reader: Any, end: int) -> None:
    found = reader.post("/metrics/band", body(end, minimum=0), 200)
    assert found["period"] == 300
    assert found["timestamps"] == list(range(end - 7200, end, 300))
    (one,) = found["series"]
    assert len(one["values"]) == len(one["upper"]) == 24
    assert [n for n, flag in enumerate(one["breaching"]) if flag] == [20]
    assert one["values"][20] == 900 > one["upper"][20]
    assert one["severity"][20] >= 10
    assert all(
        75 < low < 103 < high < 130 for low, high in zip(one["lower"], one["upper"], strict=True)
    )


def test_one_side_and_the_shown_band_can_be_chosen(reader: Any, end: int) -> None:
    below = reader.post("/metrics/band", body(end, direction="below"), 200)
    assert not any(below["series"][0]["breaching"])
    outside = reader.post("/metrics/band", body(end, threshold=0), 200)
    assert outside["series"][0]["breaching"][20]


def test_a_wrong_question_is_refused(account: str, api_of: Any, reader: Any, end: int) -> None:
    assert reader.post("/metrics/band", body(end, of="m2"), 400)["error"]["field"] == "of"
    assert reader.post("/metrics/band", body(end, period=7), 400)["error"]["field"] == "period"
    assert (
        reader.post("/metrics/band", body(end, minimum=5, maximum=1), 400)["error"]["field"]
        == "minimum"
    )
    wrong = [{"id": "e1", "expression": "ABS("}]
    assert reader.post("/metrics/band", body(end, queries=wrong), 400)["error"]["position"] == 4
    api_of(account, Scope.INGEST).post("/metrics/band", body(end), 403)
