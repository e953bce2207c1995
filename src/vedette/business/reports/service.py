"""Reports as people see and change them, those that were made, and making them on schedule."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import delete, insert, select, update

from vedette.business.reports.definition import ReportSpec
from vedette.business.reports.render import in_short, render
from vedette.core.errors import NotFoundError, VedetteError
from vedette.core.ids import new_id
from vedette.notifications.documents import Document
from vedette.scheduler import parse_schedule, put_work
from vedette.store.catalog.definition_models import ReportRunRow
from vedette.store.catalog.definitions import Defined, DefinitionKind, Definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vedette.business.reports.overview import Overview
    from vedette.notifications.documents import DocumentDispatcher
    from vedette.scheduler import Claim
    from vedette.store.catalog import Catalog, Change

    Gather = Callable[[str, ReportSpec, datetime], Overview]

KIND = "reports"
"""Kind of scheduled work: one piece a report."""
KEPT_RUNS = 30
MAX_DOCUMENT = 2 * 1024 * 1024
Report = Defined[ReportSpec]
DEFINITION = DefinitionKind("report", "Report", "vedette.business", ReportSpec, "a report")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReportRun:
    """A report as it was made; ``delivered`` names the channels that have it."""

    id: str
    created: datetime
    delivered: Sequence[str]
    error: str


class ReportDefinitions(Definitions[ReportSpec]):
    """The repository of reports, which schedules them."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(catalog, DEFINITION)

    def on_change(self, change: Change, made: Report, *, deleted: bool) -> None:
        """See ``Definitions.on_change``."""
        key = f"{made.account}/{made.id}"
        if made.enabled and not deleted:
            put_work(
                self._catalog, KIND, key, parse_schedule(made.spec.schedule),
                executor=change.session, account=made.account,
            )  # fmt: skip
        else:
            self._catalog.scheduled_work.remove(change.session, KIND, key)


class Reports:
    """Makes, keeps and sends reports. Thread-safe; every method blocks its thread.

    Args:
        catalog: definitions and what was made.
        gather: reads how everything stands.
        dispatcher: sends; None where nothing is to be sent.
        url: of the console, for links.

    """

    def __init__(
        self,
        catalog: Catalog,
        gather: Gather,
        dispatcher: DocumentDispatcher | None = None,
        *,
        url: str = "",
    ) -> None:
        self._catalog = catalog
        self._definitions = ReportDefinitions(catalog)
        self._gather = gather
        self._dispatcher = dispatcher
        self._url = url

    def handle(self, claims: Sequence[Claim]) -> None:
        """Make and send the reports that are due; the scheduler's handler."""
        for claim in claims:
            account, _, report_id = claim.tick.key.partition("/")
            report = self._definitions.by_id(account, report_id)
            if report is None or not report.spec.enabled:
                continue
            try:
                run = self.send(report, slot=claim.tick.slot.isoformat())
                if run.error:
                    claim.fail(VedetteError(run.error))
            except VedetteError as error:
                _log.warning("report %s of %s: %s", report.name, account, error.message)
                claim.fail(error)

    def make(self, report: Report) -> tuple[str, Overview]:
        """Return a report as it is now: the page, and what is in it."""
        now = self._catalog.clock.now()
        overview = self._gather(report.account, report.spec, now)
        title = report.spec.title or report.name
        return render(title, report.account, overview, url=self._url)[:MAX_DOCUMENT], overview

    def send(self, report: Report, *, slot: str = "") -> ReportRun:
        """Make a report, keep it and send it to its channels.

        What a channel got of this slot it does not get again: one that failed is tried alone.
        """
        earlier = self._of_slot(report, slot) if slot else None
        if earlier is not None:
            run_id, page, done = earlier
            short = "The report is attached."
        else:
            page, overview = self.make(report)
            run_id, done, short = self._keep(report, slot, page), [], in_short(overview)
        title = report.spec.title or report.name
        link = f"{self._url}/business/reports?report={report.id}" if self._url else ""
        document = Document(run_id, report.account, title, short, page, link)
        errors = []
        for channel in report.spec.channels:
            if channel in done or self._dispatcher is None:
                continue
            why = self._dispatcher.send(report.account, channel, document)
            if why:
                errors.append(f"{channel}: {why}")
            else:
                done = [*done, channel]
        error = "; ".join(errors)[:1000]
        with self._catalog.operate() as connection:
            connection.execute(
                update(ReportRunRow)
                .where(ReportRunRow.id == run_id)
                .values(delivered=orjson.dumps(done).decode(), error=error)
            )
        return ReportRun(run_id, self._catalog.clock.now(), done, error)

    def runs(self, report: Report) -> list[ReportRun]:
        """Return the reports that were made and are kept, newest first."""
        row = ReportRunRow
        chosen = (
            select(row.id, row.created, row.delivered, row.error)
            .where(row.account == report.account, row.report == report.id)
            .order_by(row.created.desc(), row.id.desc())
            .limit(KEPT_RUNS)
        )
        with self._catalog.read() as session:
            return [
                ReportRun(id_, created, orjson.loads(delivered), error)
                for id_, created, delivered, error in session.execute(chosen)
            ]

    def document(self, report: Report, run_id: str) -> str:
        """Return the page of a report that was made; ``NotFoundError`` where it is not kept."""
        with self._catalog.read() as session:
            row = session.get(ReportRunRow, run_id) if run_id.isalnum() else None
        if row is None or row.account != report.account or row.report != report.id:
            raise NotFoundError(
                "the report was not made, or is no longer kept",
                field="run",
                remedy=f"the last {KEPT_RUNS} are kept",
            )
        return row.document

    def _of_slot(self, report: Report, slot: str) -> tuple[str, str, list[str]] | None:
        row = ReportRunRow
        chosen = select(row.id, row.document, row.delivered).where(
            row.account == report.account, row.report == report.id, row.slot == slot
        )
        with self._catalog.read() as session:
            found = session.execute(chosen.limit(1)).first()
        return None if found is None else (found[0], found[1], orjson.loads(found[2]))

    def _keep(self, report: Report, slot: str, page: str) -> str:
        row, run_id = ReportRunRow, new_id()
        mine = (row.account == report.account, row.report == report.id)
        oldest = (
            select(row.id).where(*mine).order_by(row.created.desc(), row.id.desc())
            .offset(KEPT_RUNS - 1)
        )  # fmt: skip
        with self._catalog.operate() as connection:
            old = [id_ for (id_,) in connection.execute(oldest)]
            if old:
                connection.execute(delete(row).where(row.id.in_(old)))
            connection.execute(
                insert(row).values(
                    id=run_id, account=report.account, report=report.id, slot=slot,
                    created=self._catalog.clock.now(), document=page, delivered="[]", error="",
                )
            )  # fmt: skip
        return run_id
