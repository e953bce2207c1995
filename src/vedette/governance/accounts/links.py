"""Links: a source account shares kinds of what it holds with a monitoring account, and can end it.

What the monitoring account sees is what the link shares and its own sink takes. It reads the source's
facts as its own statements' (``query.scope.reading``); nothing of it can be shared on: a link is of what
an account holds itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from vedette.core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from vedette.core.ids import new_id
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.checks import is_storable
from vedette.store.catalog.models import AccountRow
from vedette.store.catalog.organisation_models import AccountLinkRow, AccountSinkRow

EVERYONE = "*"
MAX_LINKS = 1000
MAX_SOURCES = 1000
_SOURCE = "vedette.organisation"


class SharedKind(StrEnum):
    """What an account can share."""

    LOGS = "logs"
    METRICS = "metrics"
    TRACES = "traces"
    MODELS = "models"
    MONITORS = "monitors"
    ALARMS = "alarms"
    COMPLIANCE = "compliance"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Sink:
    """What a monitoring account takes, and from whom (``*``: from every account)."""

    account: str
    kinds: frozenset[SharedKind]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """One link. ``effective`` is what the monitoring account really sees."""

    id: str
    source: str
    sink: str
    kinds: frozenset[SharedKind]
    effective: frozenset[SharedKind]
    created: datetime
    created_by: str
    ended: datetime | None


class Links:
    """Repository of sinks and links."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put_sink(
        self, actor: Actor, account: str, kinds: Iterable[SharedKind], sources: Iterable[str]
    ) -> Sink:
        """Say what an account takes from others; no kinds at all take nothing any more."""
        chosen, given = sorted(set(kinds)), sorted(set(sources))
        if len(given) > MAX_SOURCES:
            raise InvalidInputError(
                "there are too many sources", field="sources", remedy=f"name up to {MAX_SOURCES}"
            )
        request = {"kinds": chosen, "sources": given}
        with self._catalog.change(
            actor, "PutAccountSink", account=account, request=request, source=_SOURCE
        ) as change:
            find_account(change.session, account)
            for name in given:
                if name != EVERYONE:
                    find_account(change.session, name)
            row = AccountSinkRow(
                account=account,
                kinds=" ".join(chosen),
                sources=" ".join(given),
                updated=self._catalog.clock.now(),
            )
            change.session.merge(row)
        return _sink(row)

    def sink(self, account: str) -> Sink | None:
        """Return what an account takes, or None where it never said."""
        with self._catalog.read() as session:
            row = session.get(AccountSinkRow, account)
        return _sink(row) if row else None

    def create(self, actor: Actor, source: str, sink: str, kinds: Iterable[SharedKind]) -> Link:
        """Share kinds of ``source`` with ``sink``.

        Raises:
            ConflictError: the monitoring account does not take anything from this one, or there is
                no such account: which of both is not told.
            ConflictError: there is a link between the two.

        """
        chosen = sorted(set(kinds))
        if not chosen:
            raise InvalidInputError("a link shares something", field="kinds", remedy="give a kind")
        if source == sink:
            raise InvalidInputError(
                "an account sees its own", field="sink", remedy="name another account"
            )
        request = {"sink": sink, "kinds": chosen}
        with self._catalog.change(
            actor, "CreateAccountLink", account=source, request=request, source=_SOURCE
        ) as change:
            taken = change.session.get(AccountSinkRow, sink) if is_storable(sink) else None
            if taken is None or not _takes(taken, source):
                raise ConflictError(
                    f"account {sink[:63]!r} takes nothing from {source!r}",
                    field="sink",
                    remedy="its admin says what it takes, and from whom, under Accounts",
                )
            query = select(AccountLinkRow).where(
                AccountLinkRow.source == source,
                AccountLinkRow.ended.is_(None),
            )
            open_links = change.session.scalars(query).all()
            if any(link.sink == sink for link in open_links):
                raise ConflictError(
                    "there is a link to this account", field="sink", remedy="end it first"
                )
            if len(open_links) >= MAX_LINKS:
                raise InvalidInputError("the account has too many links", field="sink")
            row = AccountLinkRow(
                id=new_id(),
                source=source,
                sink=sink,
                kinds=" ".join(chosen),
                created=self._catalog.clock.now(),
                created_by=f"{actor.type}:{actor.name}",
                ended=None,
            )
            change.session.add(row)
            change.respond(linkId=row.id)
            return _link(row, taken)

    def end(self, actor: Actor, source: str, link_id: str) -> Link:
        """End a link of the source account; nothing of it is seen from then on."""
        with self._catalog.change(
            actor, "EndAccountLink", account=source, request={"linkId": link_id}, source=_SOURCE
        ) as change:
            row = change.session.get(AccountLinkRow, link_id) if is_storable(link_id) else None
            if row is None or row.source != source:
                raise NotFoundError("the account shares nothing by such a link", field="link_id")
            row.ended = row.ended or self._catalog.clock.now()
            return _link(row, change.session.get(AccountSinkRow, row.sink))

    def of(self, account: str) -> tuple[list[Link], list[Link]]:
        """Return the account's links as source, ended ones too, and the open ones that it is sink of."""
        query = select(AccountLinkRow, AccountSinkRow).outerjoin(
            AccountSinkRow, AccountSinkRow.account == AccountLinkRow.sink
        )
        newest = AccountLinkRow.id.desc()
        with self._catalog.read() as session:
            out = session.execute(
                query.where(AccountLinkRow.source == account).order_by(newest).limit(MAX_LINKS)
            ).all()
            into = session.execute(
                query.where(AccountLinkRow.sink == account, AccountLinkRow.ended.is_(None))
                .order_by(newest)
                .limit(MAX_LINKS)
            ).all()
        return [_link(row, sink) for row, sink in out], [_link(row, sink) for row, sink in into]

    def shared_with(self, account: str) -> dict[str, frozenset[str]]:
        """Return the kinds that each other account shares with this one now, by account."""
        query = (
            select(AccountLinkRow, AccountSinkRow)
            .join(AccountSinkRow, AccountSinkRow.account == AccountLinkRow.sink)
            .join(AccountRow, AccountRow.name == AccountLinkRow.source)
            .where(
                AccountLinkRow.sink == account,
                AccountLinkRow.ended.is_(None),
                AccountRow.disabled.is_(False),
            )
            .limit(MAX_LINKS)
        )
        with self._catalog.read() as session:
            links = [_link(row, sink) for row, sink in session.execute(query)]
        return {
            link.source: frozenset(map(str, link.effective)) for link in links if link.effective
        }

    def choose(self, account: str, wanted: str) -> dict[str, frozenset[str]]:
        """Return what is read of the accounts that a request names: ``*`` or names, by commas.

        Raises:
            ForbiddenError: one of them shares nothing with this account.

        """
        shared = self.shared_with(account)
        if wanted.strip() == EVERYONE:
            return shared
        names = {name.strip() for name in wanted.split(",") if name.strip()} - {account}
        for name in sorted(names - shared.keys()):
            raise ForbiddenError(
                f"account {name[:63]!r} shares nothing with {account!r}",
                field="X-Vedette-Accounts",
                remedy="name accounts that have a link to this one, or * for all of them",
            )
        return {name: shared[name] for name in names}


def _takes(sink: AccountSinkRow, source: str) -> bool:
    sources = sink.sources.split()
    return bool(sink.kinds) and (EVERYONE in sources or source in sources)


def _sink(row: AccountSinkRow) -> Sink:
    kinds = frozenset(SharedKind(kind) for kind in row.kinds.split())
    return Sink(row.account, kinds, tuple(row.sources.split()))


def _link(row: AccountLinkRow, sink: AccountSinkRow | None) -> Link:
    kinds = frozenset(SharedKind(kind) for kind in row.kinds.split())
    effective: frozenset[SharedKind] = frozenset()
    if sink is not None and row.ended is None and _takes(sink, row.source):
        effective = kinds & _sink(sink).kinds
    return Link(
        id=row.id,
        source=row.source,
        sink=row.sink,
        kinds=kinds,
        effective=effective,
        created=row.created,
        created_by=row.created_by,
        ended=row.ended,
    )
