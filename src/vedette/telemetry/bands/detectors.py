"""Detectors that go on: trained once, then a step a period, with their state in the catalog.

A detector belongs to a query: the same query has the same one, whoever asks. Its state is a function
of the series alone, so it does not matter which process has it: what was not kept is walked again.
The state trails the present by the periods that are shown; these are scored on a copy of it each
time, so that points which come late still count.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import orjson

from vedette.core.errors import VedetteError
from vedette.query.metric_math import Grid
from vedette.statistics import band_state
from vedette.statistics.bands import Bands
from vedette.telemetry.bands.compute import as_series, walk
from vedette.telemetry.bands.model import BandQuery, BandResult
from vedette.telemetry.bands.reading import (
    SeriesKey,
    Table,
    Wanted,
    make_periods,
    read_table,
    read_tables,
)
from vedette.telemetry.bands.store import DetectorStore, Kept, query_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vedette.query import QueryRunner
    from vedette.store.catalog import Catalog

SETTLE_SECONDS = 120
"""A period is learnt at the earliest so long after its end: until then points may still arrive."""
KEEP_SECONDS = 900
"""A state is written to the catalog when it is so much further than the written one."""
UNUSED_SECONDS = 7 * 86_400
"""A detector that nobody asked for so long is removed."""
ABSENT_SECONDS = 7 * 86_400
"""A series without data for so long is forgotten."""
MAX_LIVE_SERIES = 150_000
"""Series whose state is held in memory, some 6 kB each; the least used detectors leave first."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Live:
    """A detector in memory.

    Attributes:
        id: its id.
        account: whose series.
        query: which series.
        bands: its state.
        keys: the series, in the order of the state's.
        through: start of the last period that was learnt, Unix seconds.
        trail: seconds that the state stays behind, so that as much can be shown.
        kept: ``through`` of the state in the catalog; 0 where there is none.
        asked: when somebody last asked for it, Unix seconds.
        seen: start of the last period with data, by series.

    """

    id: str
    account: str
    query: BandQuery
    bands: Bands
    keys: list[SeriesKey]
    through: int
    trail: int
    kept: int = 0
    asked: int = 0
    seen: dict[SeriesKey, int] = field(default_factory=dict)

    def target(self, end: int) -> int:
        """Return the start of the last period that may be learnt at a moment."""
        period = self.query.period
        return (end - max(self.trail, SETTLE_SECONDS)) // period * period - period

    def advance(self, table: Table, until: int) -> Table:
        """Learn the periods of a table up to ``until`` and return the rest."""
        known = set(self.keys)
        fresh = [key for key in table.keys if key not in known]
        if fresh:
            places = [*range(len(self.keys)), *([-1] * len(fresh))]
            self.bands, self.keys = self.bands.arranged(places), [*self.keys, *fresh]
        values = table.arranged(self.keys)
        count = int(np.searchsorted(table.grid.timestamps, until, side="right"))
        learns = self.query.learns(table.grid.timestamps)
        for row in range(count):
            moment = int(table.grid.timestamps[row])
            self.bands.step(moment, values[row], np.full(self.bands.series, learns[row]))
            self.through = max(self.through, moment)
        self._forget(values[:count], table.grid.timestamps[:count].tolist())
        rest = Grid(table.grid.timestamps[count:], table.grid.period)
        kept = [place for place, key in enumerate(self.keys) if key in self.seen or not count]
        if count and len(kept) < len(self.keys):
            self.bands = self.bands.arranged(kept)
            self.keys = [self.keys[place] for place in kept]
            values = values[:, kept]
        return Table(rest, list(self.keys), values[count:], table.unit, table.warnings)

    def _forget(self, values: np.ndarray, moments: list[int]) -> None:
        for column, key in enumerate(self.keys):
            there = np.flatnonzero(np.isfinite(values[:, column]))
            last = moments[there[-1]] if len(there) else self.seen.get(key, self.through)
            if self.through - last < ABSENT_SECONDS:
                self.seen[key] = last
            else:
                self.seen.pop(key, None)


@dataclass(slots=True)
class UpdateReport:
    """What an update did: detectors that it brought forward, their series, and failures by id."""

    detectors: int = 0
    series: int = 0
    removed: int = 0
    failed: dict[str, str] = field(default_factory=dict)


class BandDetectors:
    """The detectors of an installation. Thread-safe: one update or reading at a time.

    Args:
        catalog: holds states.
        runner: reads series.

    """

    def __init__(self, catalog: Catalog, runner: QueryRunner) -> None:
        self._clock = catalog.clock
        self._store = DetectorStore(catalog)
        self._runner = runner
        self._live: OrderedDict[str, _Live] = OrderedDict()
        self._lock = threading.Lock()

    def read(
        self, account: str, queries: Sequence[BandQuery], *, end: int, periods: int
    ) -> list[BandResult | VedetteError]:
        """Return the last periods of queries with their bands; their detectors are made on demand.

        Args:
            account: whose series.
            queries: each is read by itself; one that is wrong does not fail the others.
            end: no period ends after this moment, Unix seconds. Periods begin at multiples of their
                length.
            periods: how many.

        """
        with self._lock:
            out: list[BandResult | VedetteError | None] = [None] * len(queries)
            asked: list[tuple[int, _Live]] = []
            for place, query in enumerate(queries):
                try:
                    asked.append((place, self._open(account, query.checked(), end, periods)))
                except VedetteError as error:
                    out[place] = error
            distinct = list({one.id: one for _, one in asked}.values())
            read = self._forward(account, distinct, end)
            for place, one in asked:
                out[place] = _shown(one, read[one.id], end, periods)
            self._keep(distinct)
            self._evict()
            return [one for one in out if one is not None]

    def update(self, now: datetime) -> UpdateReport:
        """Bring every detector forward, and write the states that are far enough."""
        report, end = UpdateReport(), int(now.timestamp())
        with self._lock:
            report.removed = self._store.remove_unused(end - UNUSED_SECONDS)
            by_account: dict[str, list[_Live]] = defaultdict(list)
            for detector_id in self._store.ids():
                one = self._find(detector_id)
                if one is None:
                    report.failed[detector_id] = "its state cannot be read; it is trained anew"
                else:
                    by_account[one.account].append(one)
            for account, live in by_account.items():
                for detector_id, found in self._forward(account, live, end).items():
                    if isinstance(found, VedetteError):
                        report.failed[detector_id] = found.message
                    else:
                        report.detectors += 1
                        report.series += len(found.keys)
                self._keep(live)
            self._evict()
        return report

    def _open(self, account: str, query: BandQuery, end: int, periods: int) -> _Live:
        detector_id, trail = query.key(account), periods * query.period
        one = self._find(detector_id)
        first = end // query.period * query.period - trail
        if (
            one is None
            or one.through >= first
            or first - one.through > query.training.total_seconds()
        ):
            one = self._train(detector_id, account, query, first - query.period, trail)
        one.trail = max(one.trail, trail)
        one.asked = int(self._clock.now().timestamp())
        self._live[detector_id] = one
        self._live.move_to_end(detector_id)
        return one

    def _find(self, detector_id: str) -> _Live | None:
        """Return a detector in memory or in the catalog; one that cannot be read is removed."""
        if detector_id in self._live:
            return self._live[detector_id]
        kept = self._store.load(detector_id)
        if kept is None:
            return None
        try:
            bands, query = band_state.load(kept.state), query_of(kept.definition)
        except (ValueError, TypeError, KeyError) as error:
            _log.warning("band detector %s is trained anew: %s", detector_id, error)
            self._store.remove(detector_id)
            return None
        keys: list[SeriesKey] = [
            (label, tuple((name, text) for name, text in labels))
            for label, labels in orjson.loads(kept.series)
        ]
        one = _Live(
            detector_id, kept.account, query, bands, keys, kept.through, kept.trail, kept.through,
            kept.asked, dict.fromkeys(keys, kept.through),
        )  # fmt: skip
        self._live[detector_id] = one
        return one

    def _train(
        self, detector_id: str, account: str, query: BandQuery, through: int, trail: int
    ) -> _Live:
        period = query.period
        first = through + period - int(query.training.total_seconds()) // period * period
        grid = make_periods(first, through + period, period)
        table = read_table(self._runner, account, grid, query)
        bands = Bands(len(table.keys), period, query.options)
        bands.train(grid.timestamps.tolist(), table.values, query.learns(grid.timestamps))
        seen = dict.fromkeys(table.keys, through)
        return _Live(detector_id, account, query, bands, table.keys, through, trail, seen=seen)

    def _forward(
        self, account: str, live: Sequence[_Live], end: int
    ) -> dict[str, Table | VedetteError]:
        """Learn what may be learnt; return what was read and not learnt, by detector."""
        wanted = [
            Wanted(
                one.query,
                make_periods(
                    one.through + one.query.period,
                    end // one.query.period * one.query.period,
                    one.query.period,
                ),
            )
            for one in live
        ]
        read_tables(self._runner, account, wanted)
        out: dict[str, Table | VedetteError] = {}
        for one, want in zip(live, wanted, strict=True):
            if want.table is not None:
                out[one.id] = one.advance(want.table, one.target(end))
            elif want.error is not None:
                out[one.id] = want.error
        return out

    def _keep(self, live: Sequence[_Live]) -> None:
        due = [
            one
            for one in live
            if not one.kept or one.through - one.kept >= max(KEEP_SECONDS, one.query.period)
        ]
        self._store.save(
            [
                Kept(
                    one.id, one.account, text_of(one.query), band_state.dump(one.bands),
                    orjson.dumps(one.keys).decode(), one.through, one.trail, one.asked,
                )
                for one in due
            ]
        )  # fmt: skip
        for one in due:
            one.kept = one.through

    def _evict(self) -> None:
        while (
            len(self._live) > 1 and sum(len(o.keys) for o in self._live.values()) > MAX_LIVE_SERIES
        ):
            self._live.popitem(last=False)


def _shown(
    one: _Live, read: Table | VedetteError, end: int, periods: int
) -> BandResult | VedetteError:
    """Score the last periods on a copy of the state."""
    if isinstance(read, VedetteError):
        return read
    probe = one.bands.arranged(range(len(one.keys)))
    values = read.arranged(one.keys)
    steps = walk(probe, read.grid, values, one.query.learns(read.grid.timestamps))
    start = end // one.query.period * one.query.period - periods * one.query.period
    last = read.grid.timestamps >= start
    grid = Grid(read.grid.timestamps[last], read.grid.period)
    shown = {name: table[last] for name, table in steps.items()}
    return BandResult(grid, as_series(one.keys, values[last], shown), read.unit, read.warnings)
