"""The picture that goes with a notice: the series over its last periods."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.alarms.definition import breaches
from vedette.alarms.model import series_key, shown
from vedette.alarms.preview import read_range
from vedette.alarms.sources.bands import read_banded
from vedette.alarms.store import alarm_of
from vedette.core.time import TimeRange
from vedette.notifications.picture import draw_series
from vedette.store.catalog.alarm_models import AlarmRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.notifications.model import Notice
    from vedette.query import QueryRunner
    from vedette.store.catalog import Catalog
    from vedette.telemetry.bands import BandDetectors

PERIODS = 120


def make_picture(
    catalog: Catalog, runner: QueryRunner, detectors: BandDetectors
) -> Callable[[str, Notice], bytes | None]:
    """Return what draws a notice's series; None where the alarm or its series is gone."""

    def picture(account: str, notice: Notice) -> bytes | None:
        with catalog.read() as session:
            row = session.scalar(
                select(AlarmRow).where(AlarmRow.id == notice.alarm_id, AlarmRow.account == account)
            )
        if row is None or row.kind == "composite":
            return None
        spec = alarm_of(row).spec
        end = catalog.clock.now().timestamp()
        start = end - spec.period * PERIODS
        reading = read_range(
            runner,
            account,
            spec,
            TimeRange(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)),
            bands=partial(read_banded, detectors, runner, account),
        )
        wanted = series_key(notice.series)
        found = next((one for one in reading.series if series_key(one.labels) == wanted), None)
        if found is None:
            return None
        threshold = spec.condition.threshold if spec.condition else None
        over = found.breaching or [
            value is not None
            and threshold is not None
            and breaches(threshold, value, in_alarm=False)
            for value in found.values
        ]
        name = shown(notice.series)
        return draw_series(
            f"{notice.alarm}: {name}" if name else notice.alarm,
            reading.starts,
            found.values,
            threshold=threshold.threshold if threshold else None,
            breaching=over,
            band=found.thresholds,
        )

    return picture
