"""What our own preset calls drift, what it does not, and what it says of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from vedette.data.drift.compare import compare
from vedette.data.drift.measures import Compared, comparable, decile_edges
from vedette.data.drift.presets import Settings
from vedette.data.profiling.summary import RANK_ERROR
from vedette.statistics.samples import Sample, kolmogorov_smirnov


@pytest.fixture
def drift(profiled: Any) -> Any:
    def run(reference: Any, current: Any, **settings: Any) -> Any:
        before, after = profiled(reference), profiled(current)
        return compare(list(before.values()), list(after.values()), Settings(**settings))

    return run


def test_a_large_sample_does_not_make_a_small_difference_drift(drift: Any) -> None:
    draw = np.random.default_rng(1)
    before = pd.DataFrame({"x": draw.normal(0, 1, 100_000)})
    after = pd.DataFrame({"x": draw.normal(0.05, 1, 100_000)})
    column = drift(before, after)["x"]
    assert column.p_value < 1e-10
    assert column.status == "no drift"
    assert drift(before, pd.DataFrame({"x": draw.normal(0.5, 1, 1000)}))["x"].status == "drift"


def test_a_small_sample_does_not_make_noise_drift(drift: Any) -> None:
    draw = np.random.default_rng(2)
    columns = [f"c{index}" for index in range(40)]
    before = pd.DataFrame({name: draw.normal(size=500) for name in columns})
    after = pd.DataFrame({name: draw.normal(size=30) for name in columns})
    report = drift(before, after)
    assert any(column.value >= 0.1 for column in report.columns)
    assert report.drifted == 0
    uncorrected = drift(before, after, correction="none")
    assert uncorrected.drifted > 0


def test_sketched_distances_are_within_their_bound(drift: Any) -> None:
    draw = np.random.default_rng(3)
    before, after = draw.normal(size=50_000), draw.gamma(2, 1, 30_000)
    column = drift({"x": before}, {"x": after})["x"]
    exact = kolmogorov_smirnov(Sample.of(before), Sample.of(after))
    assert not column.exact
    assert column.value == pytest.approx(exact, abs=2 * RANK_ERROR)


def test_categories_new_and_gone(drift: Any) -> None:
    column = drift({"c": ["a"] * 70 + ["b"] * 30}, {"c": ["a"] * 40 + ["z"] * 50 + ["y"] * 10})["c"]
    assert column.status == "drift"
    assert column.value == pytest.approx(0.6)
    assert column.details["new_categories"]["largest"][0] == {"value": "z", "share": 0.5}
    assert column.details["new_categories"]["share"] == pytest.approx(0.6)
    assert column.details["vanished_categories"]["largest"] == [{"value": "b", "share": 0.3}]
    assert "2 categories are new: 'z' (50.0%), 'y' (10.0%)" in column.why
    assert "1 categories are gone: 'b'" in column.why


def test_a_category_that_may_hide_in_the_rest_is_not_called_new(profiled: Any) -> None:
    draw = np.random.default_rng(4)
    many = [f"v{value}" for value in draw.zipf(1.3, 60_000) % 5000]
    before = profiled(pa.table({"c": many}))["c"]
    after = profiled(pa.table({"c": ["v1"] * 900 + ["v4999"] * 100}))["c"]
    assert not before.values.complete
    names, p, q = Compared(before, after, categorical=True).categories
    assert set(names) - {"\x00other"} <= set(before.values.counts)
    assert p.sum() == pytest.approx(60_000)
    assert q.sum() == pytest.approx(1000)


def test_missing_values(drift: Any) -> None:
    draw = np.random.default_rng(5)
    before = draw.normal(size=2000)
    after = np.where(draw.random(2000) < 0.3, np.nan, draw.normal(size=2000))
    column = drift({"x": before}, {"x": after})["x"]
    assert column.status == "drift"
    assert "Missing: 0.0%, now 31.0%" in column.why
    assert drift({"x": before}, {"x": after}, missing=None)["x"].status == "no drift"


def test_a_column_that_lost_all_its_values_drifted(drift: Any) -> None:
    full = pd.DataFrame({"x": [1.0, 2.0] * 100, "c": ["a", "b"] * 100})
    none = full.assign(x=np.nan, c=None)
    for before, after, shares in ((full, none, (0, 1)), (none, full, (1, 0))):
        report = drift(before, after)
        assert (report.status, report.drifted) == ("drift", 2)
        assert "has no value of it (200 rows)" in report["x"].why
        missing = report["x"].details["missing"]
        assert (missing["reference"], missing["current"]) == shares
        assert {one.status for one in drift(before, after, preset="nannyml").columns} == {"unknown"}
    # Of few rows, or where nothing was there before, it says nothing.
    assert drift(full, none.iloc[:0])["x"].status == "unknown"
    assert drift(none, none)["x"].status == "unknown"
    mostly = full.assign(x=np.where(np.arange(200) < 20, 1.0, np.nan))
    assert drift(mostly, none.iloc[:3])["x"].status == "unknown"


def test_columns_that_came_went_and_changed_kind(drift: Any) -> None:
    report = drift(
        {"a": [1, 2], "b": [1, 2], "same": [1, 2]}, {"b": ["x", "y"], "c": [1, 2], "same": [1, 2]}
    )
    assert {name: report[name].status for name in "abc"} == dict.fromkeys("abc", "drift")
    assert report["a"].why == "the column is missing"
    assert "were numeric and are text" in report["b"].why
    assert report["same"].status == "no drift"
    assert (report.drifted, report.compared, report.status) == (3, 4, "drift")


@pytest.mark.parametrize("preset", ["vedette", "evidently", "sagemaker", "nannyml"])
def test_nothing_to_compare_is_unknown_never_a_number(drift: Any, preset: str) -> None:
    nothing = pa.table(
        {"null": pa.array([None, None], pa.float64()), "inf": [np.inf, np.inf], "one": [3.0, 3.0]}
    )
    something = pa.table({"null": [1.0, 2.0], "inf": [1.0, 2.0], "one": [3.0, 3.0]})
    for report in (
        drift(nothing, something, preset=preset),
        drift(something, nothing, preset=preset),
    ):
        for name in ("null", "inf"):
            assert report[name].status == "unknown", name
            assert report[name].value is None
            assert report[name].why
        assert report["one"].status == "no drift"
    empty = something.slice(0, 0)
    report = drift(something, empty, preset=preset)
    assert (report.status, report.share) == ("unknown", None)


def test_texts_and_vectors(drift: Any) -> None:
    draw = np.random.default_rng(6)
    old, new = ["good", "bad", "slow", "fast", "food"], ["crash", "login", "bug", "fast", "food"]

    def sentences(words: list[str]) -> list[str]:
        return [" ".join(draw.choice(words, 6)) + f" n{index}x" for index in range(400)]

    vectors = draw.normal(size=(400, 8)) + np.eye(8)[0] * 3
    turned = draw.normal(size=(400, 8)) + np.eye(8)[1] * 3
    before = pa.table({"text": sentences(old), "vector": vectors.tolist()})
    after = pa.table({"text": sentences(new), "vector": turned.tolist()})
    report = drift(before, after)
    text = report["text"]
    assert (text.status, text.measure) == ("drift", "words_total_variation")
    assert text.details["out_of_vocabulary"] > 0.4
    assert {"crash", "login", "bug"} <= set(text.details["new_words"])
    vector = report["vector"]
    assert (vector.status, vector.measure) == ("drift", "embedding_cosine")
    assert vector.value == pytest.approx(1, abs=0.1)
    assert drift(before, before)["vector"].value == pytest.approx(0, abs=1e-12)


def test_texts_that_differ_as_samples_do_have_not_drifted(drift: Any) -> None:
    draw = np.random.default_rng(5)
    words = [f"word{number}" for number in range(3000)]

    def texts(rows: int, known: list[str]) -> Any:
        said = [f"{' '.join(draw.choice(known, 8))} {draw.integers(10**9)}a" for _ in range(rows)]
        return pa.table({"text": said})

    before = texts(500, words)
    same = drift(before, texts(60, words))["text"]
    # Of so rich a language two samples share few words: the measure alone would call it drift.
    assert same.value > 0.5
    assert same.status == "no drift"
    assert same.p_value > 0.5
    one = drift(before, texts(1, ["other"]))["text"]
    assert one.value > 0.9
    assert one.status == "no drift"
    other = drift(before, texts(60, words[:20]))["text"]
    assert other.status == "drift"
    assert other.adjusted < 0.01


def test_the_mean_of_few_vectors_is_none(drift: Any) -> None:
    draw = np.random.default_rng(5)
    vectors = draw.normal(size=(400, 8)) + np.eye(8)[0] * 3
    before = pa.table({"vector": vectors.tolist()})
    found = drift(before, pa.table({"vector": (-vectors[:5]).tolist()}))["vector"]
    assert (found.status, found.value) == ("unknown", None)
    assert "5 vectors" in found.why
    assert drift(before, pa.table({"vector": (-vectors[:40]).tolist()}))["vector"].status == "drift"


def test_own_measures_and_thresholds(drift: Any) -> None:
    before = {"x": np.arange(500.0), "y": np.arange(500.0)}
    after = {"x": np.arange(500.0) + 100, "y": np.arange(500.0) + 100}
    report = drift(before, after, columns={"x": ("psi", 9.0), "y": (None, 0.05)})
    assert (report["x"].measure, report["x"].status) == ("psi", "no drift")
    assert (report["y"].measure, report["y"].threshold, report["y"].status) == ("ks", 0.05, "drift")
    assert "The mean went from 249.5 to 349.5 (+0.69 standard deviations)" in report["y"].why
    assert report.columns[0].name == "y"


def test_deciles_keep_ties_together() -> None:
    edges = decile_edges(Sample.of([0.0] * 80 + list(range(1, 21))))
    assert np.histogram([0.0] * 80 + list(range(1, 21)), edges)[0].sum() == 100
    assert len(np.unique(edges)) == len(edges)
    assert comparable.__doc__
