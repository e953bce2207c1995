"""Profiles in the warehouse merge into what one profile of all rows says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.settings import Settings
from vedette.core.time import TimeRange
from vedette.data.profile_rows import NewProfile
from vedette.data.profiles import Profiles, Selection
from vedette.data.profiling.run import profile_source
from vedette.data.profiling.sources import source_of
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse

DAY = datetime(2026, 3, 1, tzinfo=UTC)
RANGE = TimeRange(DAY, DAY + timedelta(days=10))


def frame(seed: int, rows: int = 2000) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "amount": draw.normal(1e9, 1, rows),
            "code": draw.integers(0, 4, rows),
            "country": draw.choice(["DE", "FR", "IT"], rows, p=[0.5, 0.3, 0.2]),
        }
    )


@pytest.fixture
def send(profiles: Profiles, engine: Any) -> Any:
    def run(account: str, data: pd.DataFrame, day: int, **options: Any) -> str:
        segment_by, dataset = options.pop("segment_by", ()), options.pop("dataset", "orders")
        rows = [
            state.as_dict()
            for state in profile_source(engine, source_of(data), segment_by=segment_by)
        ]
        start = DAY + timedelta(days=day)
        profile = NewProfile(rows, start, start + timedelta(days=1), **options)
        return profiles.store(account, dataset, profile)

    return run


def test_windows_merge_exactly(profiles: Profiles, send: Any) -> None:
    frames = [frame(seed) for seed in range(3)]
    for day, data in enumerate(frames):
        send("profiles-merge", data, day)
    whole = pd.concat(frames)
    amount, code, country = profiles.read("profiles-merge", Selection("orders", RANGE))
    assert amount.rows == 6000
    assert amount.mean == pytest.approx(whole.amount.mean(), rel=1e-15)
    assert amount.std == pytest.approx((whole.amount - 1e9).std(ddof=0), rel=1e-12)
    assert (amount.minimum, amount.maximum) == (whole.amount.min(), whole.amount.max())
    assert amount.quantiles[500] == pytest.approx(whole.amount.median(), abs=0.05)
    assert code.numbers.complete
    assert code.numbers.counts == whole.code.value_counts().to_dict()
    assert country.values.counts == whole.country.value_counts().to_dict()
    two_days = TimeRange(DAY, DAY + timedelta(days=2))
    assert profiles.read("profiles-merge", Selection("orders", two_days))[0].rows == 4000
    masked = Selection("orders", RANGE, masked=[TimeRange(DAY, DAY + timedelta(hours=1))])
    assert profiles.read("profiles-merge", masked)[0].rows == 4000
    assert profiles.read("profiles-other", Selection("orders", RANGE)) == []


def test_segments_add_up_and_can_be_chosen(profiles: Profiles, send: Any) -> None:
    data = frame(1)
    send("profiles-segments", data, 0, segment_by=["country"])
    (amount, *_rest) = profiles.read("profiles-segments", Selection("orders", RANGE))
    assert amount.rows == 2000
    german = Selection("orders", RANGE, segment={"country": "DE"})
    assert profiles.read("profiles-segments", german)[0].rows == (data.country == "DE").sum()
    # The same rows once more without segments: they are not counted twice.
    send("profiles-segments", data, 0)
    assert profiles.read("profiles-segments", Selection("orders", RANGE))[0].rows == 2000
    assert profiles.read("profiles-segments", german)[0].rows == (data.country == "DE").sum()
    (window,) = profiles.windows("profiles-segments", Selection("orders", RANGE))
    assert (window["rows"], window["columns"]) == (2000, 3)


def test_a_profile_sent_again_replaces_itself(profiles: Profiles, send: Any) -> None:
    for version, rows in (("1", 100), ("2", 300)):
        send("profiles-again", frame(0, rows), 0, profile_id="day 0", version=version)
    send("profiles-again", frame(0, 50), 0)
    assert profiles.read("profiles-again", Selection("orders", RANGE))[0].rows == 350


def test_series_and_columns(profiles: Profiles, send: Any) -> None:
    for day in (0, 2):
        send("profiles-series", frame(day), day)
    selection = Selection("orders", RANGE, columns=["code"])
    series = profiles.series("profiles-series", selection, 86_400)
    assert [start for start, _ in series] == [DAY, DAY + timedelta(days=2)]
    assert [[column.name for column in columns] for _, columns in series] == [["code"]] * 2
    with pytest.raises(InvalidInputError, match="too short"):
        profiles.series("profiles-series", selection, 1)


def test_a_frozen_baseline_is_the_range(profiles: Profiles, send: Any) -> None:
    data = frame(5)
    send("profiles-freeze", data, 0)
    send("profiles-freeze-2", data, 0)
    profiles.freeze("profiles-freeze", Selection("orders", RANGE), "v1")
    frozen = Selection("orders", RANGE, baseline="v1")
    amount = profiles.read("profiles-freeze", frozen)[0]
    assert (amount.rows, amount.mean) == (2000, pytest.approx(data.amount.mean()))
    assert profiles.read("profiles-freeze-2", frozen) == []
    with pytest.raises(NotFoundError, match="no profile"):
        profiles.freeze("profiles-freeze", Selection("o'rders", RANGE), "v1")


def test_a_frozen_dataset_may_have_any_name(profiles: Profiles, send: Any) -> None:
    name = "{end:DateTime64(3)}' OR 1 = 1 --"  # as a parameter of the statement
    send("profiles-freeze-name", frame(5), 0, dataset=name)
    profiles.freeze("profiles-freeze-name", Selection(name, RANGE), "v1")
    frozen = Selection(name, RANGE, baseline="v1")
    assert profiles.read("profiles-freeze-name", frozen)[0].rows == 2000


def test_many_columns_are_read_in_parts(
    profiles: Profiles, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = np.random.default_rng(3)
    # Names whose order is not that of the columns.
    data = pd.DataFrame({f"c{n * 7 % 23}": draw.integers(0, n + 2, 500) for n in range(23)})
    for day in range(2):
        send("profiles-parts", data, day)
    selection = Selection("orders", RANGE)
    whole = profiles.read("profiles-parts", selection)
    series = profiles.series("profiles-parts", selection, 86_400)
    monkeypatch.setattr("vedette.data.profiles._GROUPS_A_STATEMENT", 5)
    assert [one.name for one in whole] == list(data.columns)
    shown = [one.as_dict() for one in whole]
    assert [one.as_dict() for one in profiles.read("profiles-parts", selection)] == shown
    again = profiles.series("profiles-parts", selection, 86_400)
    assert [start for start, _ in again] == [DAY, DAY + timedelta(days=1)]
    for (_, before), (_, after) in zip(series, again, strict=True):
        assert [one.as_dict() for one in after] == [one.as_dict() for one in before]
    some = Selection("orders", RANGE, columns=list(data.columns[3:15]))
    assert [one.as_dict() for one in profiles.read("profiles-parts", some)] == shown[3:15]


def test_a_page_of_columns(profiles: Profiles, send: Any) -> None:
    data = pd.DataFrame({name: [1, 2] for name in ("Zürich", "a", "b", "ZÜRICH 2")})
    send("profiles-page", data, 0)
    selection = Selection("orders", RANGE)

    def page(**options: Any) -> tuple[list[str], int]:
        found, total = profiles.page("profiles-page", selection, **options)
        return [one.name for one in found], total

    assert page(limit=2) == (["Zürich", "a"], 4)
    assert page(limit=2, offset=3) == (["ZÜRICH 2"], 4)
    assert page(limit=10, search="zü") == (["Zürich", "ZÜRICH 2"], 2)
    assert page(limit=10, search="none") == ([], 0)


def test_columns_that_one_statement_has_no_memory_for(
    warehouse: Warehouse, profiles: Profiles, engine: Any, settings: Settings
) -> None:
    draw = np.random.default_rng(4)
    data = pd.DataFrame({"n": draw.normal(size=1000), "key": [f"key {n}" for n in range(1000)]})
    states = [state.as_dict() for state in profile_source(engine, source_of(data))]
    rows = [
        {**state, "column": f"{state['column']}{number}", "position": number}
        for number in range(350)
        for state in states
    ]
    for start in range(0, len(rows), 500):
        part = NewProfile(rows[start : start + 500], DAY, RANGE.end, "wide", "1")
        profiles.store("profiles-memory", "wide", part)
    narrow = settings.model_copy(update={"query_max_memory_bytes": 300 << 20})
    with_less = Profiles(warehouse, QueryRunner(warehouse, narrow))
    found = with_less.read("profiles-memory", Selection("wide", RANGE))
    assert len(found) == 700
    assert {one.rows for one in found} == {1000}


def test_a_series_of_too_many_profiles_is_refused(
    profiles: Profiles, send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(2):
        send("profiles-long", frame(day), day)
    monkeypatch.setattr("vedette.data.profiles.MAX_SERIES", 5)
    with pytest.raises(InvalidInputError, match="3 columns have 6 profiles") as caught:
        profiles.series("profiles-long", Selection("orders", RANGE), 86_400)
    assert caught.value.field == "columns"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"kind": "numeric"}, "column"),
        ({"column": "a", "kind": "colour"}, "kind"),
        ({"column": "a", "kind": "text", "rows": -1}, "rows"),
        ({"column": "a", "kind": "text", "rows": True}, "rows"),
        ({"column": "a", "kind": "text", "quantiles": "not base64!"}, "quantiles"),
        ({"column": "a", "kind": "text", "surprise": 1}, "surprise"),
        ({"column": "a", "kind": "text", "segment": {"a": 1}}, "segment"),
        ({"column": "a", "kind": "text", "start": "yesterday", "end": "today"}, "start"),
        ({"column": "a", "kind": "text", "minimum": "low"}, "minimum"),
    ],
)
def test_wrong_rows_are_refused(profiles: Profiles, row: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        profiles.store("profiles-wrong", "orders", NewProfile([row], DAY, RANGE.end))
    assert caught.value.field == f"columns[0].{field}"


def test_damaged_states_are_refused(profiles: Profiles, engine: Any) -> None:
    (state,) = profile_source(engine, source_of({"x": [1.0, 2.0, 3.0]}))
    row = state.as_dict()
    for name in ("quantiles", "distinct", "variance", "numbers", "sum"):
        damaged = {**row, name: row[name][: len(row[name]) // 2 // 4 * 4]}
        with pytest.raises(InvalidInputError, match="does not read"):
            profiles.store("profiles-wrong", "orders", NewProfile([damaged], DAY, RANGE.end))
    assert profiles.read("profiles-wrong", Selection("orders", RANGE)) == []
