"""The presets choose, measure and decide as the real packages did on the same data."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from vedette.core.errors import InvalidInputError
from vedette.data.drift.compare import compare
from vedette.data.drift.presets import Settings, chunk_thresholds
from vedette.data.profiling.exact import with_every_value
from vedette.data.profiling.merging import summarise
from vedette.data.profiling.run import profile_source
from vedette.data.profiling.sources import source_of

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("drift_samples", HERE / "samples.py")
samples: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(samples)

EVIDENTLY = json.loads((HERE / "golden" / "evidently-0.7.23.json").read_text())
NANNYML = json.loads((HERE / "golden" / "nannyml-0.13.1.json").read_text())
MEASURES = {
    "K-S p_value": "ks_p_value",
    "chi-square p_value": "chi_square_fit_p_value",
    "Z-test p_value": "z_p_value",
    "Wasserstein distance (normed)": "wasserstein_normed",
    "Jensen-Shannon distance": "jensen_shannon_sturges",
}


@pytest.fixture(scope="module")
def exactly(engine: Any) -> Any:
    """Profile a frame with every value kept."""

    def run(data: Any) -> Any:
        source = source_of(data)
        return with_every_value(engine, source, summarise(engine, profile_source(engine, source)))

    return run


@pytest.mark.parametrize("number", range(len(samples.CASES)))
def test_evidently(exactly: Any, profiled: Any, number: int) -> None:
    golden = dict(EVIDENTLY[number])
    drifted, share = golden.pop("__count")
    reference, current = samples.pair(samples.CASES[number])
    settings = Settings("evidently")
    report = compare(exactly(reference), exactly(current), settings)
    for name, (test, threshold, value) in golden.items():
        column = report[name]
        assert (column.measure, column.threshold) == (MEASURES[test], threshold), name
        assert column.value == pytest.approx(value, rel=1e-9, abs=1e-9), name
        assert column.exact
    assert (report.drifted, report.share) == (drifted, pytest.approx(share))
    assert report.status == ("drift" if share >= 0.5 else "no drift")
    # From stored states alone the decisions are the same, and values are near.
    sketched = compare(
        list(profiled(reference).values()), list(profiled(current).values()), settings
    )
    for name, (_, _, value) in golden.items():
        near = 0.05 if sketched[name].measure.endswith("_p_value") else 0.005
        assert sketched[name].value == pytest.approx(value, abs=near), name
        assert sketched[name].status == report[name].status


@pytest.mark.parametrize("number", range(len(samples.CASES)))
def test_nannyml(exactly: Any, number: int) -> None:
    reference, current = samples.pair(samples.CASES[number])
    for data in (reference, current):
        data["flag"] = data["flag"].astype(str)
    size = len(reference) // 5
    chunks = [exactly(reference[at : at + size]) for at in range(0, len(reference), size)]
    whole = exactly(reference)
    thresholds = {
        column.name: chunk_thresholds(column, [chunk[index] for chunk in chunks])
        for index, column in enumerate(whole)
    }
    # NannyML joins what is left over to the last whole chunk when it is too small, or keeps it.
    values: dict[str, list[float]] = {name: [] for name in thresholds}
    alerts: dict[str, list[bool]] = {name: [] for name in thresholds}
    for at in range(0, len(current), size):
        settings = Settings("nannyml", thresholds=thresholds)
        report = compare(whole, exactly(current[at : at + size]), settings)
        for name in thresholds:
            values[name].append(report[name].value)
            alerts[name].append(report[name].status == "drift")
    for name, golden in NANNYML[number].items():
        assert thresholds[name] == pytest.approx(golden["upper"], rel=1e-9), name
        count = len(golden["values"])
        assert values[name][:count] == pytest.approx(golden["values"], rel=1e-9, abs=1e-9), name
        assert alerts[name][:count] == golden["alerts"], name


def test_sagemaker(exactly: Any) -> None:
    reference, current = samples.pair(samples.CASES[1])
    before, after = exactly(reference), exactly(current)
    simple = compare(before, after, Settings("sagemaker", robust=False))
    robust = compare(before, after, Settings("sagemaker"))
    noise = 1.8 * ((900 + 1000) / (900 * 1000)) ** 0.5
    for name in ("skewed", "few", "country"):
        expected = max(0.0, simple[name].value - noise)
        assert robust[name].value == pytest.approx(expected, abs=1e-12)
    shares = [data.country.value_counts(normalize=True) for data in (reference, current)]
    assert simple["country"].value == pytest.approx((shares[0] - shares[1]).abs().max())


def test_wrong_settings_are_refused() -> None:
    for wrong in ({"preset": "magic"}, {"measure": "feeling"}, {"correction": "hope"}, {"share": 0},
                  {"level": 1.0}, {"columns": {"a": ("feeling", None)}}):  # fmt: skip
        with pytest.raises(InvalidInputError) as caught:
            Settings(**wrong)
        assert caught.value.remedy
