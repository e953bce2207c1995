"""Profiles say what pandas and numpy say, within the stated bounds, of ordinary and of odd data."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from vedette.core.errors import ConflictError, InvalidInputError
from vedette.data.profiling.columns import Kind, inner_type, kind_of, quoted
from vedette.data.profiling.compute import Windows
from vedette.data.profiling.look import pivot_of
from vedette.data.profiling.run import profile_source
from vedette.data.profiling.sources import source_of
from vedette.data.profiling.states import STATE_TYPES
from vedette.data.profiling.summary import DISTINCT_ERROR, LEVELS, RANK_ERROR
from vedette.store.warehouse.migrate import migrations

ROWS = 40_000


def shapes() -> dict[str, np.ndarray]:
    draw = np.random.default_rng(3)
    return {
        "normal": draw.normal(size=ROWS),
        "sorted": np.sort(draw.normal(size=ROWS)),
        "far": draw.normal(1e12, 1, ROWS),
        "heavy": draw.standard_cauchy(ROWS),
        "skewed": draw.lognormal(0, 3, ROWS),
        "two peaks": np.concatenate(
            [draw.normal(-1e3, 1, ROWS // 2), draw.normal(1e3, 1, ROWS // 2)]
        ),
        "tiny": draw.normal(size=ROWS) * 1e-200,
        "mostly zero": np.where(draw.random(ROWS) < 0.9, 0.0, draw.normal(size=ROWS)),
        "integers": draw.integers(0, 7, ROWS).astype(float),
        "constant": np.full(ROWS, -2.5),
    }


@pytest.fixture(scope="module")
def found(profiled: Any) -> Any:
    return profiled(pd.DataFrame(shapes()))


@pytest.mark.parametrize("name", list(shapes()))
def test_numbers(found: Any, name: str) -> None:
    data, profile = shapes()[name], found[name]
    assert (profile.rows, profile.missing, profile.kind) == (ROWS, 0, Kind.NUMERIC)
    assert (profile.minimum, profile.maximum) == (data.min(), data.max())
    assert profile.mean == pytest.approx(math.fsum(data) / ROWS, rel=1e-12)
    shift = np.median(data)
    assert profile.std == pytest.approx(np.std(data - shift), rel=1e-9)
    if profile.skewness is not None:
        assert profile.skewness == pytest.approx(stats.skew(data - shift), rel=1e-6, abs=1e-9)
    distinct = len(np.unique(data))
    assert profile.distinct == pytest.approx(distinct, rel=DISTINCT_ERROR)
    assert profile.distinct_exact == (distinct <= 1000)
    if profile.distinct_exact:
        assert profile.distinct == distinct
    sample = profile.sample()
    assert sample.is_exact == (distinct <= 1000)
    ranks = np.arange(1, LEVELS) / LEVELS
    values = np.quantile(data, ranks, method="inverted_cdf")
    exact_low = np.searchsorted(np.sort(data), values, side="left") / ROWS
    exact_high = np.searchsorted(np.sort(data), values, side="right") / ROWS
    told = sample.cdf(values)
    off = np.maximum(exact_low - told, told - exact_high)
    smooth = {"two peaks": RANK_ERROR, "mostly zero": RANK_ERROR}.get(name, 0.003)
    assert off.max() <= (smooth if not sample.is_exact else 1e-12)


def test_numbers_at_the_ends_of_what_floats_hold(profiled: Any) -> None:
    """What is beyond any float is absent, and the rest is right."""
    far = profiled(pd.DataFrame({"x": [1.7e308] * 40 + [-1.7e308] * 20}))["x"]
    assert (far.minimum, far.maximum) == (-1.7e308, 1.7e308)
    assert (far.mean, far.std, far.sum, far.skewness) == (None, None, None, None)
    assert far.quantiles[[100, 900]] == pytest.approx([-1.7e308, 1.7e308], rel=1e-6)
    assert far.histogram()["counts"][0] == 20
    wide = profiled(pd.DataFrame({"x": np.linspace(-0.8e308, 0.8e308, 3001) * 1.8}))["x"]
    assert wide.quantiles[250] == pytest.approx(-0.72e308, rel=0.01)
    assert wide.histogram()["counts"] == pytest.approx([150.05] * 20)
    least = profiled(pd.DataFrame({"x": 5e-324 * np.arange(1, 3001)}))["x"]
    assert least.quantiles[500] == pytest.approx(5e-324 * 1500, rel=0.01)


def test_a_table_that_is_none_is_told() -> None:
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    for data, said in (
        ({"a": [1, 2], "b": [1]}, "the columns make no table"),
        ({"a": [1, "x"]}, "the columns make no table"),
        (pd.DataFrame(), "no columns"),
        (twice, "two columns are called 'a'"),
    ):
        with pytest.raises(InvalidInputError, match=said) as caught:
            source_of(data)
        assert caught.value.field == "data"


def test_a_value_unlike_those_before_it_is_told(profiled: Any, tmp_path: Path) -> None:
    (tmp_path / "late.csv").write_text("a,b\n" + "1,x\n" * 30_000 + "2.5,x\n")
    with pytest.raises(InvalidInputError, match="a of row 30002 is no Int64") as caught:
        profiled(str(tmp_path / "late.csv"))
    assert "Parquet" in (caught.value.remedy or "")


def test_windows_need_times(engine: Any) -> None:
    for data in ({"at": ["yesterday"]}, {"at": [3]}):
        with pytest.raises(InvalidInputError, match=r"at is of the type .*, no time") as caught:
            profile_source(engine, source_of(data), windows=Windows("at", 60.0))
        assert caught.value.field == "time_column"


def test_text_time_boolean_and_lists(profiled: Any) -> None:
    table = pa.table(
        {
            "country": ["DE", "FR", "DE", None, ""],
            "mixed": ["1", "2.5", "x", "", None],
            "sentence": ["the cat sat down"] * 4 + ["THE dog, the dog!"],
            "broken": pa.array([b"\xff\xfe", b"ok", b"ok", None, b"\xc3\xa9"]),
            "when": pa.array([0, 10**6, None, 2 * 10**6, 3 * 10**6], pa.timestamp("us", "UTC")),
            "day": pa.array([0, 1, 2, 3, None], pa.date32()),
            "flag": [True, False, None, True, True],
            "tags": [[1], [1, 2], [], [3], [4, 5, 6]],
            "vector": [[1.0, 0.0], [3.0, 4.0], [0.0, 0.0], [1.0, 1.0], [0.0, 5.0]],
            "thing": [{"a": 1}, {"a": 1}, {"a": 2}, None, {"a": 3}],
            "money": pa.array([1, 2, 3, 4, None], pa.decimal128(10, 2)),
            "nothing": pa.nulls(5),
        }
    )
    found = profiled(table)
    country = found["country"]
    assert (country.kind, country.missing, country.counts["empties"]) == (Kind.TEXT, 1, 1)
    assert country.values.counts == {"DE": 2, "": 1, "FR": 1}
    assert (country.length_minimum, country.length_maximum) == (0, 2)
    assert country.mean is None
    assert (found["mixed"].counts["numeric_texts"], found["mixed"].counts["integral_texts"]) == (
        2,
        1,
    )
    sentence = found["sentence"].words
    assert sentence.counts == {"the": 6, "cat": 4, "down": 4, "sat": 4, "dog": 2}
    assert sentence.complete
    assert found["broken"].counts["invalid_texts"] == 1
    assert "\ufffd" in next(iter(set(found["broken"].values.counts) - {"ok", "é"}))
    assert (found["when"].kind, found["when"].missing) == (Kind.TIME, 1)
    assert (found["when"].minimum, found["when"].maximum) == (0.0, 3.0)
    assert found["day"].maximum == 3 * 86_400
    assert (found["flag"].kind, found["flag"].mean) == (Kind.BOOLEAN, 0.75)
    assert found["flag"].values.counts == {"true": 3, "false": 1}
    assert (found["tags"].kind, found["tags"].length_maximum) == (Kind.LIST, 3)
    assert found["vector"].vector_mean.tolist() == [1.0, 2.0]
    assert (found["thing"].kind, found["thing"].missing) == (Kind.OTHER, 1)
    assert (found["money"].mean, found["money"].missing) == (2.5, 1)
    assert (found["nothing"].present, found["nothing"].completeness) == (0, 0.0)


def test_nan_infinities_and_zeros(profiled: Any) -> None:
    values = [1.0, math.nan, math.inf, -math.inf, -0.0, 0.0, -3.5, None]
    column = profiled(pa.table({"x": pa.array(values, pa.float64())}))["x"]
    assert (column.rows, column.missing, column.infinite, column.finite) == (8, 2, 2, 4)
    assert (column.counts["nans"], column.counts["nulls"]) == (1, 1)
    assert (column.counts["zeros"], column.counts["negatives"], column.counts["integrals"]) == (
        2,
        1,
        3,
    )
    assert (column.minimum, column.maximum, column.mean) == (-3.5, 1.0, -0.625)
    assert column.distinct == 5  # 1, 0, -3.5 and two infinities
    assert column.as_dict()["top_values"][0] == {"value": 0, "count": 2}


@pytest.mark.parametrize("values", [[], [None, None], [math.nan] * 3, [math.inf], [7.0]], ids=str)
def test_next_to_nothing(profiled: Any, values: list[float | None]) -> None:
    column = profiled(pa.table({"x": pa.array(values, pa.float64())}))["x"]
    finite = [v for v in values if v is not None and math.isfinite(v)]
    assert (column.rows, column.finite) == (len(values), len(finite))
    assert (column.mean is None, column.std is None, column.sample().is_empty) == (not finite,) * 3
    assert column.quantiles.size == (LEVELS if finite else 0)
    assert math.isfinite(column.distinct)
    assert column.as_dict()["distinct"] == len(
        {str(v) for v in values if v is not None and not math.isnan(v)}
    )


def test_integers_beyond_floats_are_told_apart(profiled: Any) -> None:
    large = 2**60 + np.arange(5000)
    assert profiled(pd.DataFrame({"id": large}))["id"].distinct == pytest.approx(
        5000, rel=DISTINCT_ERROR
    )
    # The same numbers in another type are the same values.
    both = [
        profiled(pd.DataFrame({"x": np.arange(9).astype(kind)})) for kind in ("int8", "float64")
    ]
    assert both[0]["x"].numbers.counts == both[1]["x"].numbers.counts


def test_strange_names_and_many_columns(profiled: Any) -> None:
    names = ["a`b", "a'b", "a\\b", "{x:String}", "спать", "select", "a b", "@otel_logs"]
    found = profiled(pa.table({name: [index] for index, name in enumerate(names)}))
    assert {name: found[name].mean for name in names} == dict(zip(names, range(8), strict=True))
    wide = pa.table({f"c{index}": [float(index), 1.0] for index in range(230)})
    found = profiled(wide)
    assert len(found) == 230
    assert found["c229"].mean == 115
    with pytest.raises(InvalidInputError, match="no column 'd'"):
        profiled(wide, columns=["d"])
    assert list(profiled(wide, columns=["c7"])) == ["c7"]


def test_windows_and_segments(engine: Any) -> None:
    frame = pd.DataFrame(
        {
            "t": pd.to_datetime(["2026-01-01 00:30", "2026-01-01 00:40", "2026-01-01 02:00", None]),
            "kind": ["a", None, "a", "b"],
            "x": [1.0, 2.0, 3.0, 4.0],
        }
    )
    states = profile_source(
        engine, source_of(frame), columns=["x"], segment_by=["kind"], windows=Windows("t", 3600)
    )
    told = {(state.start.hour, state.segment["kind"], state.members["rows"]) for state in states}
    assert told == {(0, "a", 1), (0, "", 1), (2, "a", 1)}
    by_count = profile_source(engine, source_of(frame), columns=["x"], windows=Windows("t", rows=2))
    assert [state.members["rows"] for state in by_count] == [2, 1]
    assert by_count[0].end < by_count[1].start
    with pytest.raises(InvalidInputError, match="no column 'nope'"):
        profile_source(engine, source_of(frame), segment_by=["nope"])


def test_files(profiled: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.5, 2.5, None], "s": ["a", "b", "b"]})
    frame.to_csv(tmp_path / "x.csv", index=False)
    frame.to_json(tmp_path / "x.jsonl", orient="records", lines=True)
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "x.parquet")
    for name in ("x.csv", "x.jsonl", "x.parquet", "*.parquet"):
        found = profiled(tmp_path / name)
        assert (found["x"].mean, found["x"].missing) == (2.0, 1)
        assert found["s"].values.counts == {"b": 2, "a": 1}
    with pytest.raises(InvalidInputError, match="no file"):
        profiled(tmp_path / "none.csv")
    (tmp_path / "bad.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        profiled(tmp_path / "bad.parquet")


def test_moments_are_those_of_their_zone(profiled: Any) -> None:
    text = "2026-07-01T12:00:00"
    frame = pd.DataFrame(
        {
            "offset": pd.to_datetime([f"{text}+02:00"]),
            "zone": pd.to_datetime([text]).tz_localize("America/New_York"),
            "none": pd.to_datetime([text]),
        }
    )
    for data in (frame, pa.Table.from_pandas(frame)):
        found = profiled(data)
        noon = pd.Timestamp(text, tz="UTC").timestamp()
        assert [found[name].minimum - noon for name in frame] == [-7200, 14400, 0]


def test_names_that_are_not_utf_8_are_told(profiled: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("n\u00e4me,x\nJos\u00e9,1\n".encode("latin-1"))
    with pytest.raises(InvalidInputError, match="not in UTF-8"):
        profiled(path)


def test_names_of_files_may_have_any_character(profiled: Any, tmp_path: Path) -> None:
    file = tmp_path / "a\\b\tc'd.csv"
    file.write_text("x\n1\n2\n")
    assert profiled(str(file))["x"].sum == 3


def test_a_file_that_changes_is_told(engine: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ConflictError, match="changed while it was read"):
        profile_source(
            engine, source_of(path), progress=lambda *_: path.write_text("a,b\n1,2\n3,4\n")
        )


def test_sources_keep_their_secrets() -> None:
    source = source_of("postgresql://ann:s3cret@db:5433/shop/public.orders")
    assert "s3cret" not in source.expression + source.label
    assert source.label == "postgresql://db:5433/shop/public.orders"
    assert source.parameters == {
        "address": "db:5433", "database": "shop", "table": "orders", "user": "ann",
        "password": "s3cret", "schema": "public",
    }  # fmt: skip
    assert source_of("s3://bucket/a.parquet").expression == "s3({source:String})"
    for wrong in ("ftp://x/y", "mysql://db/shop"):
        with pytest.raises(InvalidInputError):
            source_of(wrong)
    with pytest.raises(InvalidInputError, match="int is not data"):
        source_of(3)


@pytest.mark.parametrize(
    ("type_", "inner", "kind"),
    [
        ("LowCardinality(Nullable(String))", "String", Kind.TEXT),
        ("Nullable(DateTime64(6, 'UTC'))", "DateTime64(6, 'UTC')", Kind.TIME),
        ("Array(Nullable(Float64))", "Array(Nullable(Float64))", Kind.LIST),
        ("Nullable(Decimal(10, 2))", "Decimal(10, 2)", Kind.NUMERIC),
        ("Map(String, String)", "Map(String, String)", Kind.OTHER),
        ("Nullable(Nothing)", "Nothing", Kind.OTHER),
    ],
)
def test_types(type_: str, inner: str, kind: Kind) -> None:
    assert (inner_type(type_), kind_of(type_)) == (inner, kind)


def test_pivots_agree_over_neighbouring_windows() -> None:
    assert pivot_of([-1.0, 0.0, 1.0]) == 0
    assert pivot_of([None, None, None]) == 0
    assert pivot_of([1e9 - 1, 1e9, 1e9 + 1]) == pivot_of([1e9 - 1.1, 1e9 + 0.3, 1e9 + 1.2])
    assert abs(pivot_of([1e9 - 1, 1e9, 1e9 + 1]) - 1e9) < 1100
    assert quoted("a`b\\") == "`a\\`b\\\\`"


def test_the_stored_states_are_those_that_are_computed() -> None:
    (table,) = [m for m in migrations() if m.name == "data_profiles"]
    text = table.statements(None)[0]
    for type_ in STATE_TYPES.values():
        assert type_ in text
