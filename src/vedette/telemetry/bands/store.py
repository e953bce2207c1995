"""States of detectors in the catalog: operational, as they can always be made again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, select, update

from vedette.statistics.band_step import BandOptions
from vedette.store.catalog.models import BandDetectorRow as Row
from vedette.telemetry.bands.model import BandQuery
from vedette.telemetry.metrics import Expression, Matcher, MetricQuery, MetricType, Top

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.store.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Kept:
    """A detector as the catalog has it; moments are Unix seconds.

    Attributes:
        id: its id, a hash of account and query.
        account: whose series.
        definition: the query, as JSON.
        state: see ``vedette.statistics.band_state``.
        series: labels of the series, as JSON.
        through: start of the last period that was learnt.
        trail: seconds that the state stays behind.
        asked: when somebody last asked for it.

    """

    id: str
    account: str
    definition: str
    state: bytes
    series: str
    through: int
    trail: int
    asked: int


class DetectorStore:
    """Repository of detectors."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def ids(self) -> list[str]:
        """Return the ids of all detectors."""
        with self._catalog.read() as session:
            return list(session.scalars(select(Row.id).order_by(Row.id)))

    def load(self, detector_id: str) -> Kept | None:
        """Return a detector, or None."""
        with self._catalog.read() as session:
            row = session.get(Row, detector_id)
            if row is None:
                return None
            return Kept(
                row.id, row.account, row.definition, row.state,
                row.series, row.through, row.trail, row.asked,
            )  # fmt: skip

    def save(self, rows: Sequence[Kept]) -> None:
        """Write states, all in one transaction."""
        if not rows:
            return
        with self._catalog.operate() as connection:
            for row in rows:
                members = {name: getattr(row, name) for name in Kept.__slots__}
                found = connection.execute(update(Row).where(Row.id == row.id).values(**members))
                if not found.rowcount:
                    connection.execute(Row.__table__.insert().values(**members))  # type: ignore[attr-defined]

    def remove(self, detector_id: str) -> None:
        """Remove a detector; one that is not there is fine."""
        with self._catalog.operate() as connection:
            connection.execute(delete(Row).where(Row.id == detector_id))

    def remove_unused(self, before: int) -> int:
        """Remove detectors that nobody asked for since; return how many."""
        with self._catalog.operate() as connection:
            return connection.execute(delete(Row).where(Row.asked < before)).rowcount


def text_of(query: BandQuery) -> str:
    """Return a query as JSON that ``query_of`` reads."""
    members = asdict(query)
    members["queries"] = [{"kind": type(one).__name__, **asdict(one)} for one in query.queries]
    return orjson.dumps(members, default=_plain).decode()


def query_of(text: str) -> BandQuery:
    """Return the query that ``text_of`` wrote."""
    members = orjson.loads(text)
    return BandQuery(
        queries=tuple(_query(one) for one in members["queries"]),
        of=members["of"],
        period=members["period"],
        options=BandOptions(**members["options"]),
        exclusions=tuple(
            (datetime.fromisoformat(start), datetime.fromisoformat(end))
            for start, end in members["exclusions"]
        ),
        history=None if members["history"] is None else timedelta(seconds=members["history"]),
    )


def _query(members: dict[str, Any]) -> MetricQuery | Expression:
    kind = members.pop("kind")
    if kind == "Expression":
        return Expression(**members)
    grouped = members["group_by"]
    return MetricQuery(
        **{
            **members,
            "matchers": tuple(Matcher(**one) for one in members["matchers"]),
            "group_by": None if grouped is None else tuple(grouped),
            "top": Top(**members["top"]),
            "metric_type": members["metric_type"] and MetricType(members["metric_type"]),
            "shift": timedelta(seconds=members["shift"]),
        }
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - members of queries
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
