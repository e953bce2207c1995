from pathlib import Path

import pandas as pd
import pytest

from vedette.demo.workload import upstream
from vedette.demo.workload.faults import Fault
from vedette.demo.workload.validation import (
    BatchRejectedError,
    SchemaError,
    check_weather,
    good_flights,
)

DAY = "2013-02-03"


def _delivered(feed: str, fault: Fault | None, seed: int = 0) -> tuple[pd.DataFrame, Path]:
    path = upstream.deliver(feed, DAY, fault, seed)
    return pd.read_csv(path), path


@pytest.mark.usefixtures("workload_folder")
def test_good_data_passes_whole() -> None:
    flights, path = _delivered("flights", None)
    assert len(good_flights(flights, path)) == len(flights) > 700


def test_corrupt_rows_are_set_aside_and_only_those(workload_folder: Path) -> None:
    good, _ = _delivered("flights", None)
    # Seed 2 damages fewer than half of the rows of this day.
    damaged, path = _delivered("flights", Fault.CORRUPT_ROWS, seed=2)
    kept = good_flights(damaged, path)
    rejected = pd.read_csv(workload_folder / "quarantine" / path.name)
    assert len(kept) + len(rejected) == len(good)
    assert 0 < len(rejected) < len(good) / 2
    pd.testing.assert_frame_equal(kept, good.loc[kept.index])


@pytest.mark.usefixtures("workload_folder")
def test_a_batch_that_is_mostly_bad_is_refused() -> None:
    flights, path = _delivered("flights", None)
    flights.loc[flights.index < len(flights) * 0.6, "hour"] = 27
    with pytest.raises(BatchRejectedError, match="60%"):
        good_flights(flights, path)


@pytest.mark.usefixtures("workload_folder")
def test_a_renamed_column_is_named_with_what_came_instead() -> None:
    flights, path = _delivered("flights", Fault.RENAMED_COLUMN)
    with pytest.raises(SchemaError, match=r"no column arr_delay.*arrival_delay") as caught:
        good_flights(flights, path)
    assert caught.value.field == "arr_delay"


@pytest.mark.usefixtures("workload_folder")
def test_a_missing_weather_measure_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    weather, path = _delivered("weather", Fault.WEATHER_WITHOUT_COLUMN)
    check_weather(weather, path)
    assert "has no column visib" in caplog.text
    with pytest.raises(SchemaError, match="no column hour"):
        check_weather(weather.drop(columns="hour"), path)


@pytest.mark.usefixtures("workload_folder")
def test_a_clock_of_twelve_hours_passes_every_rule() -> None:
    good, _ = _delivered("flights", None)
    path = upstream.deliver("flights", DAY, hours=12)
    wrong = pd.read_csv(path)
    assert len(good_flights(wrong, path)) == len(good)
    assert set(wrong["hour"]) <= set(range(1, 13))
    assert (wrong["hour"] % 12 == good["hour"] % 12).all()
    assert not wrong["hour"].equals(good["hour"])
    pd.testing.assert_frame_equal(wrong.drop(columns="hour"), good.drop(columns="hour"))
