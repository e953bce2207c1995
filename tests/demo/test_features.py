import pandas as pd
import pytest

from vedette.demo.workload import source
from vedette.demo.workload.feature_store import FEATURES
from vedette.demo.workload.features import (
    KEY,
    WEATHER_KEY,
    clean_flights,
    clean_weather,
    join_features,
)

DAY = "2013-02-03"
pytestmark = pytest.mark.usefixtures("workload_folder")


def _cleaned() -> tuple[pd.DataFrame, pd.DataFrame]:
    flights = pd.read_csv(source.landing_file("flights", DAY))
    days = ["2013-02-01", "2013-02-02", DAY]
    weather = pd.concat([pd.read_csv(source.landing_file("weather", day)) for day in days])
    return clean_flights(flights), clean_weather(weather)


def test_a_flight_is_late_from_15_minutes_and_has_no_label_if_it_never_arrived() -> None:
    flights, _ = _cleaned()
    late = flights["arr_delay"] >= 15
    assert flights.loc[late, "delayed"].eq(1).all()
    assert late.any()
    assert flights.loc[flights["arr_delay"].isna(), "delayed"].isna().all()
    assert flights.loc[flights["arr_delay"] < 15, "delayed"].eq(0).all()


def test_features_are_one_row_a_flight_with_the_weather_of_its_hour() -> None:
    flights, weather = _cleaned()
    features = join_features(flights, weather, {"UA": 0.25}, WEATHER_KEY)
    assert len(features) == len(flights)
    assert set(features.columns) == {*KEY, *FEATURES}
    assert not features.duplicated(KEY).any()
    row = features.iloc[0]
    at = (weather["origin"] == row["origin"]) & (weather["day"] == 3)
    at &= weather["hour"] == row["hour"]
    assert row["temp"] == weather.loc[at, "temp"].item()
    assert features.loc[features["carrier"] == "UA", "carrier_delay_rate"].eq(0.25).all()


def test_a_join_on_the_airport_alone_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    flights, weather = _cleaned()
    features = join_features(flights, weather, {}, ["origin"])
    assert len(features) == len(flights)
    assert "join of flights and weather made" in caplog.text
