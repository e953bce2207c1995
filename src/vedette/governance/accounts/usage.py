"""What an account's use costs by the installation's price list, and which tag it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from vedette.core.errors import InvalidInputError
from vedette.core.identity import ResourceId
from vedette.core.time import TimeRange
from vedette.governance.accounts.quotas import DayUsage
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.telemetry.ranges import bound_range

GB = 1e9
DAYS_A_MONTH = 365.25 / 12
UNTAGGED = ""
_BY_SERVICE = """
SELECT service, sum(records) AS records, sum(bytes) AS bytes FROM (
    SELECT ServiceName AS service, count() AS records,
           sum(length(Body) + 200) AS bytes
    FROM @otel_logs
    WHERE TimestampTime >= toDateTime({start:DateTime64(9)}) AND TimestampTime < toDateTime({end:DateTime64(9)})
    GROUP BY service
    UNION ALL
    SELECT ServiceName AS service, count() AS records, sum(length(SpanName) + 500) AS bytes
    FROM @otel_traces
    WHERE Timestamp >= {start:DateTime64(9)} AND Timestamp < {end:DateTime64(9)}
    GROUP BY service
    UNION ALL
    SELECT ServiceName AS service, uniq(SeriesId) * 1440 AS records, uniq(SeriesId) * 1440 * 100 AS bytes
    FROM @metric_series
    WHERE Day >= toDate({start:DateTime64(9)}) AND Day <= toDate({end:DateTime64(9)})
    GROUP BY service
)
GROUP BY service ORDER BY bytes DESC LIMIT 10000
"""


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices in one currency: of a gigabyte taken in, of a gigabyte and of a series kept for a month."""

    currency: str = ""
    ingest_gb: float = 0.0
    storage_gb_month: float = 0.0
    series_month: float = 0.0

    def cost(self, days: Sequence[DayUsage]) -> float:
        """Return what days of one account or of many cost."""
        return sum(
            day.ingest_bytes / GB * self.ingest_gb
            + day.storage_bytes / GB * self.storage_gb_month / DAYS_A_MONTH
            + day.series * self.series_month / DAYS_A_MONTH
            for day in days
        )


@dataclass(frozen=True, slots=True)
class TagUsage:
    """The part of an account's ingest that resources with one value of a tag have.

    Attributes:
        value: the tag's value; empty for what has none.
        services: how many services have it.
        records: records of logs and spans, and points of metrics as one series a minute.
        share: its part of the account's bytes, from 0 to 1, by the records' estimated size.
        cost: that part of the cost.

    """

    value: str
    services: int
    records: int
    share: float
    cost: float


def parse_prices(text: str) -> Prices:
    """Return the prices of a setting such as ``currency=EUR,ingest_gb=0.5,storage_gb_month=0.03``.

    Raises:
        InvalidInputError: it cannot be read.

    """
    given: dict[str, str | float] = {}
    for part in filter(None, (item.strip() for item in text.split(","))):
        name, equals, value = part.partition("=")
        try:
            if name == "currency" and equals:
                given[name] = value[:8]
                continue
            if name not in {"ingest_gb", "storage_gb_month", "series_month"}:
                raise ValueError
            number = float(value)
            if not (isfinite(number) and number >= 0):
                raise ValueError
            given[name] = number
        except ValueError as error:
            raise InvalidInputError(
                f"{part!r} is not a price",
                field="price_list",
                remedy="write currency=EUR,ingest_gb=0.5,storage_gb_month=0.03,series_month=0.002",
            ) from error
    return Prices(**given)  # type: ignore[arg-type] # checked above


def usage_by_tag(
    catalog: Catalog, runner: QueryRunner, account: str, key: str, within: TimeRange, cost: float
) -> list[TagUsage]:
    """Return the account's use by the value that its services have of a tag, largest first."""
    rows = runner.run(account, _BY_SERVICE, bound_range(within)).records()
    values = _values(catalog, account, key)
    total = sum(row["bytes"] for row in rows) or 1
    found: dict[str, tuple[int, int, float]] = {}
    for row in rows:
        name = row["service"]
        value = (
            values.get(str(ResourceId(account, "service", name)), UNTAGGED) if name else UNTAGGED
        )
        services, records, size = found.get(value, (0, 0, 0.0))
        found[value] = (services + 1, records + row["records"], size + row["bytes"])
    usage = [
        TagUsage(value, services, records, size / total, cost * size / total)
        for value, (services, records, size) in found.items()
    ]
    return sorted(usage, key=lambda item: -item.share)


def _values(catalog: Catalog, account: str, key: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    after: str | None = None
    while True:
        page = catalog.tags.find(account, {key: None}, kind="service", limit=1000, after=after)
        for resource in page.items:
            found[str(resource)] = catalog.tags.get(resource).get(key, UNTAGGED)
        after = page.next
        if after is None:
            return found
