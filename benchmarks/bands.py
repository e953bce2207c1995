"""Anomaly bands: how many series a core evaluates, and how well beside simpler detectors.

    python benchmarks/bands.py [--series 100000] [--labelled 240] [--seed 1]

Rates: one tick of the default detector over all series, and what a state of it weighs; a minute of
detectors that read their series from the warehouse.

Quality: series with known truth are generated from seven families (steady and noisy daily profiles,
weekly rhythm, trend, heavy tails, counts, utilisation near a limit, and steps that are no incident),
28 days at 5 minutes, with spikes, dips, level incidents, bursts of noise and slow shifts in the last
14. Every detector walks the series once and never sees a value before it scores it. Each gets one
threshold for all series: the best of the first half of the series; what is printed is of the second
half, with that threshold.

    point F1   of single points; no point adjustment: of an incident of 40 points of which 3 are
               found, 3 count
    event F1   an event is found where a point of it is; a false alarm is a run of points outside of
               any event, runs less than an hour apart counting as one
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np

from vedette.core.settings import Settings
from vedette.ingest.derive import CommitClock, Deriver
from vedette.query import QueryRunner
from vedette.statistics import band_state
from vedette.statistics.bands import Bands
from vedette.store.catalog import Catalog
from vedette.store.warehouse import open_warehouse
from vedette.telemetry.bands import BandDetectors, BandQuery
from vedette.telemetry.metrics import MetricQuery, Top

PERIOD = 300
DAY = 288
DAYS, TRAINED = 28, 14


def rates(series: int) -> None:
    """Print what a tick of many series costs."""
    rng = np.random.default_rng(1)
    bands = Bands(series, 60)
    rows = rng.normal(100, 5, (16, series)).astype(np.float32)
    start = 1_700_006_400
    for tick in range(40):
        bands.step(start + 60 * tick, rows[tick % 16])
    begun, cpu = time.perf_counter(), time.process_time()
    for tick in range(40, 100):
        bands.step(start + 60 * tick, rows[tick % 16])
    wall, cpu = (time.perf_counter() - begun) / 60, (time.process_time() - cpu) / 60
    print(f"{series:,} series: {cpu * 1e3:.1f} ms of one core a tick ({wall * 1e3:.1f} ms wall),")
    print(
        f"  {cpu / series * 1e6:.3f} us a point; a minute of one core would do {60 / cpu * series:,.0f} series"
    )
    few = bands.arranged(range(500))
    begun = time.perf_counter()
    size = len(band_state.dump(few))
    print(
        f"  state of 500 series: {size / 500:,.0f} bytes a series, written in {(time.perf_counter() - begun) * 1e3:.0f} ms"
    )


def service(queries: int = 20, each: int = 500) -> None:
    """Print what a minute of detectors costs with reading their series from the warehouse."""
    folder = Path(tempfile.mkdtemp(prefix="vedette-bands-"))
    settings = Settings(data_dir=folder, min_free_disk_bytes=0)
    warehouse = open_warehouse(settings)
    end = int(time.time()) // 60 * 60
    warehouse.execute(
        "INSERT INTO otel_metrics_gauge (Account, SeriesId, MetricName, Attributes, TimeUnix, Value) "
        f"SELECT 'default', s, concat('m', toString(intDiv(s, {each}))), map('i', toString(s)), "
        f"toDateTime64({end} - number * 60 - 30, 9), cityHash64(s, number) % 100 "
        f"FROM numbers(75) ARRAY JOIN range({queries * each}) AS s"
    )
    Deriver(warehouse, CommitClock()).run()
    with Catalog.open(settings.resolved_catalog_url()) as catalog:
        detectors = BandDetectors(catalog, QueryRunner(warehouse, settings))
        asked = [
            BandQuery(
                (MetricQuery(f"m{n}", group_by=("i",), top=Top(each)),),
                "m1",
                60,
                history=timedelta(hours=1),
            )
            for n in range(queries)
        ]
        detectors.read("default", asked, end=end - 240, periods=2)
        cpu = time.process_time()
        for minute in (180, 120, 60):
            detectors.read("default", asked, end=end - minute, periods=2)
        cpu = (time.process_time() - cpu) / 3
    print(
        f"{queries} detectors of {each} series, read from the warehouse and scored: {cpu:.2f} s of a core a minute"
    )
    warehouse.close()
    shutil.rmtree(folder, ignore_errors=True)


def family(number: int, rng: np.random.Generator) -> tuple[np.ndarray, float]:  # noqa: PLR0911
    """Return a quiet series and the size of its usual noise."""
    at = np.arange(DAYS * DAY)
    day = at % DAY / DAY
    profile = np.sin(2 * np.pi * (day - rng.random())) + 0.4 * np.sin(
        4 * np.pi * (day - rng.random())
    )
    level = 10 ** rng.uniform(0.5, 4)
    kind = number % 7
    if kind == 0:  # steady
        noise = 0.03 * level
        return level * (1 + 0.25 * profile) + rng.normal(0, noise, len(at)), noise
    if kind == 1:  # noise that grows with the value
        shape = level * np.exp(0.8 * profile)
        return shape * rng.lognormal(0, 0.12, len(at)), 0.12 * float(np.median(shape))
    if kind == 2:  # quiet weekends
        weekend = (at // DAY) % 7 >= 5
        noise = 0.05 * level
        return level * (1 + 0.3 * profile) * np.where(weekend, 0.7, 1.0) + rng.normal(
            0, noise, len(at)
        ), noise
    if kind == 3:  # trend, correlated noise
        noise = 0.04 * level
        steps = rng.normal(0, noise, len(at))
        for n in range(1, len(at)):
            steps[n] += 0.7 * steps[n - 1]
        return level * (1 + 0.15 * profile + 0.3 * at / len(at)) + steps, noise * 1.4
    if kind == 4:  # heavy tails
        noise = 0.05 * level
        return level * (1 + 0.2 * profile) + noise * rng.standard_t(3, len(at)), noise * 1.7
    if kind == 5:  # counts
        mean = 20 * np.exp(0.7 * profile)
        return rng.poisson(mean).astype(float), float(np.sqrt(mean.mean()))
    # utilisation with restarts that are business as usual
    noise = 0.03
    value = 0.5 + 0.15 * profile + rng.normal(0, noise, len(at))
    for start in rng.integers(0, len(at), 6):
        value[start:] += rng.uniform(-0.05, 0.05)
    return np.clip(value, 0, 1) * 100, noise * 100


def labelled(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values and truth, both (time, series)."""
    rng = np.random.default_rng(seed)
    values = np.empty((DAYS * DAY, count))
    truth = np.zeros((DAYS * DAY, count), bool)
    for number in range(count):
        value, noise = family(number, rng)
        for _ in range(rng.integers(2, 6)):
            at = int(rng.integers(TRAINED * DAY, DAYS * DAY - 300))
            kind = rng.choice(
                ["spike", "dip", "level", "burst", "slow"], p=[0.3, 0.2, 0.25, 0.1, 0.15]
            )
            length = {"spike": 3, "dip": 6, "level": 36, "burst": 24, "slow": 200}[kind]
            length = int(length * rng.uniform(0.5, 1.5)) or 1
            if truth[max(at - DAY, 0) : at + length + DAY, number].any():
                continue
            size = noise * rng.uniform(6, 14)
            window = slice(at, at + length)
            if kind in {"spike", "level"}:
                value[window] += size
            elif kind == "dip":
                value[window] -= size
            elif kind == "burst":
                value[window] += rng.normal(0, size, length)
            else:
                value[window] += size * np.linspace(0, 1, length)
            truth[window, number] = True
        values[:, number] = np.maximum(value, 0)
    return values, truth


def vedette(values: np.ndarray) -> np.ndarray:
    """The default detector: the larger of the score and the level shift."""
    return walked(values, "severity")


def walked(values: np.ndarray, measure: str) -> np.ndarray:
    """Train on the first days, as an alarm does when it is made, and walk the others."""
    bands, first = Bands(values.shape[1], PERIOD), TRAINED * DAY
    bands.train([PERIOD * n for n in range(first)], values[:first])
    steps = (bands.step(PERIOD * n, values[n]) for n in range(first, len(values)))
    return np.concatenate(
        [np.zeros_like(values[:first]), [getattr(step, measure)() for step in steps]]
    )


def vedette_score(values: np.ndarray) -> np.ndarray:
    """The default detector without its level shift."""
    return walked(values, "score")


def seasonal_mad(values: np.ndarray) -> np.ndarray:
    """Departure from the median of the same slot of the 14 days before, in their MAD."""
    out = np.zeros_like(values)
    days = values.reshape(DAYS, DAY, -1)
    for day in range(3, DAYS):
        past = days[max(0, day - 14) : day]
        middle = np.median(past, axis=0)
        spread = 1.4826 * np.median(np.abs(past - middle), axis=0)
        spread = np.maximum(spread, 0.05 * np.abs(middle) + 1e-9)
        out[day * DAY : (day + 1) * DAY] = np.abs(days[day] - middle) / spread
    return out


def ewma(values: np.ndarray, gain: float = 0.05) -> np.ndarray:
    """Exponentially weighted mean and variance (Roberts' control chart on single values)."""
    out = np.zeros_like(values)
    mean, variance = values[0].copy(), np.zeros(values.shape[1])
    for n in range(1, len(values)):
        error = values[n] - mean
        out[n] = np.abs(error) / np.sqrt(variance + 1e-9 * np.abs(mean) + 1e-12)
        mean = mean + gain * error
        variance = (1 - gain) * (variance + gain * error**2)
    return out


def holt_winters(values: np.ndarray) -> np.ndarray:
    """Additive Holt-Winters with Brutlag's (2000) confidence bands; nothing is clipped."""
    alpha, beta, gamma = 0.1, 0.0035, 0.1
    out = np.zeros_like(values)
    level, trend = values[:DAY].mean(axis=0), np.zeros(values.shape[1])
    season = values[:DAY] - level
    spread = np.zeros((DAY, values.shape[1]))
    for n in range(DAY, len(values)):
        slot = n % DAY
        error = values[n] - (level + trend + season[slot])
        out[n] = np.abs(error) / (spread[slot] + 1e-3 * np.abs(level) + 1e-9)
        before = level
        level = alpha * (values[n] - season[slot]) + (1 - alpha) * (level + trend)
        trend = beta * (level - before) + (1 - beta) * trend
        season[slot] = gamma * (values[n] - level) + (1 - gamma) * season[slot]
        spread[slot] = (
            gamma * np.abs(error) + (1 - gamma) * spread[slot] if n >= 2 * DAY else np.abs(error)
        )
    return out


def point_f1(flags: np.ndarray, truth: np.ndarray) -> float:
    hits = (flags & truth).sum()
    return 2 * hits / max(flags.sum() + truth.sum(), 1)


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2], edges[1::2], strict=True))


def event_f1(flags: np.ndarray, truth: np.ndarray) -> float:
    found = missed = false = 0
    for number in range(flags.shape[1]):
        events = runs(truth[:, number])
        hits = sum(flags[a:b, number].any() for a, b in events)
        found, missed = found + hits, missed + len(events) - hits
        last = -100
        for start, end in runs(flags[:, number] & ~truth[:, number]):
            # What rings on just after an event is no alarm of its own.
            after_event = truth[max(start - 12, 0) : end + 1, number].any()
            false += not after_event and start - last > 12
            last = end
    return 2 * found / max(2 * found + missed + false, 1)


def quality(count: int, seed: int) -> None:
    """Print F1 of each detector with one threshold for all series."""
    values, truth = labelled(count, seed)
    half = count // 2
    detectors: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "vedette (bands)": vedette,
        "  without level shift": vedette_score,
        "seasonal median/MAD": seasonal_mad,
        "Holt-Winters (Brutlag)": holt_winters,
        "EWMA": ewma,
    }
    print(f"{count} labelled series, {int(truth.any(axis=0).sum())} with events")
    print(f"  {'detector':24} {'point F1':>9} {'event F1':>9}   thresholds")
    for name, detector in detectors.items():
        scores = np.nan_to_num(detector(values))[TRAINED * DAY :]
        labels = truth[TRAINED * DAY :]
        grid = np.exp(np.linspace(np.log(1.5), np.log(200), 60))
        line = []
        for measure in (point_f1, event_f1):
            best = max(grid, key=lambda t: measure(scores[:, :half] >= t, labels[:, :half]))
            line.append((measure(scores[:, half:] >= best, labels[:, half:]), best))
        print(
            f"  {name:24} {line[0][0]:9.3f} {line[1][0]:9.3f}   {line[0][1]:.1f}, {line[1][1]:.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--labelled", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rates(options.series)
    service()
    quality(options.labelled, options.seed)


if __name__ == "__main__":
    main()
