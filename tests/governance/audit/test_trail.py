"""The trail of calls, digests, exports and what a verification says of every kind of tampering."""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from vedette.core.encryption import SecretBox
from vedette.core.errors import UnavailableError
from vedette.core.settings import Settings
from vedette.core.time import TimeRange
from vedette.governance.audit.findings import Kind
from vedette.governance.audit.holds import prune
from vedette.governance.audit.offline import verify_export
from vedette.governance.audit.search import Filters
from vedette.governance.audit.service import AuditService
from vedette.governance.audit.trail import CallTrail, find_interrupted
from vedette.query import QueryRunner
from vedette.store.catalog import Actor, AuditEvent, Catalog, Clock, IdentityType
from vedette.store.catalog.governance_models import AuditChainRow
from vedette.store.catalog.models import AuditHeadRow
from vedette.store.warehouse import Warehouse

_NUMBERS = itertools.count(1)
PERSON = Actor(
    type=IdentityType.USER, id="u1", name="ann", account="acme", ip="203.0.113.7", user_agent="curl"
)


@dataclass
class Moment:
    """A clock that tests move."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(minute=5, second=0))

    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, monotonic=self.now.timestamp)


@dataclass
class Setting:
    """An installation with its catalog's file, whose time tests move."""

    service: AuditService
    catalog: Catalog
    warehouse: Warehouse
    runner: QueryRunner
    moment: Moment
    path: Path
    account: str

    def raw(self, *statements: str) -> None:
        """Write to the catalog as someone with access to its file could."""
        with sqlite3.connect(self.path, isolation_level=None) as connection:
            for name in ("audit_no_update", "audit_no_delete", "audit_digests_no_update",
                         "audit_digests_no_delete"):  # fmt: skip
                connection.execute(f"DROP TRIGGER IF EXISTS {name}")
            for statement in statements:
                connection.execute(statement)

    def search(self, n: int = 3, **changes: Any) -> None:
        for number in range(n):
            event = {"actor": replace(PERSON, account=self.account), "name": "ListLogs", "source": "vedette.api",
                     "read_only": True, "request": {"q": f"number {number}"}}  # fmt: skip
            self.service.trail.note(AuditEvent(**{**event, **changes}))

    def export(self, path: Path, account: str | None = None) -> Path:
        self.service.digest_now()
        now = self.moment.now
        self.service.exporter.write(
            path, account=account, since=now - timedelta(days=9), until=now + timedelta(days=1)
        )
        return path


@pytest.fixture
def made(warehouse: Warehouse, runner: QueryRunner, tmp_path: Path) -> Iterator[Setting]:
    moment = Moment()
    path = tmp_path / "catalog.sqlite"
    settings = Settings(data_dir=tmp_path)
    with Catalog.open(f"sqlite:///{path}", clock=moment.clock()) as catalog:
        name = f"trail-{next(_NUMBERS)}"
        for account in (name, "other"):
            catalog.accounts.create(Actor.system("test"), account)
        box = SecretBox.open("a secret", tmp_path)
        service = AuditService(catalog, warehouse, runner, settings, box)
        yield Setting(service, catalog, warehouse, runner, moment, path, name)
        service.trail.close()


def _within(made: Setting) -> TimeRange:
    return TimeRange(made.moment.now - timedelta(hours=3), made.moment.now + timedelta(hours=3))


def test_calls_are_found_by_what_they_are(made: Setting) -> None:
    made.search(3)
    made.search(
        1, name="QuerySql", source="vedette.api", request={"token": "hush", "sql": "SELECT 1"}
    )
    stranger = "192.0.2.77"  # and nobody else's: other tests' calls are in the same store
    made.search(1, actor=Actor.anonymous(ip=stranger), error=UnavailableError("no"))
    assert made.service.trail.flush() == 5
    search = made.service.search

    def found(account: str = made.account, **filters: Any) -> list[dict[str, Any]]:
        page = search.calls(account, _within(made), Filters(**filters), limit=100, after=None)
        return [item.record for item in page.items]

    assert len(found()) == 4
    (query,) = found(event_name="QueryS*")
    assert query["requestParameters"] == {"token": "HIDDEN", "sql": "SELECT 1"}
    assert query["sourceIPAddress"] == "203.0.113.7"
    assert len(found(actor="ann", text="NUMBER 2")) == 1
    assert found(event_name="Query%") == []
    assert found(source_ip=stranger) == []
    # Nobody's calls are the installation's to see.
    (refused,) = found("default", failed=True, source_ip=stranger)
    assert refused["errorCode"] == "unavailable"
    first = search.calls(made.account, _within(made), Filters(), limit=3, after=None)
    rest = search.calls(made.account, _within(made), Filters(), limit=3, after=first.next)
    assert len(first.items) == 3
    assert len(rest.items) == 1
    assert rest.next is None


def test_ingest_is_counted_by_the_minute(made: Setting) -> None:
    minute = int(made.moment.now.timestamp()) // 60
    key = (
        made.account,
        "APIKey",
        "k1",
        "sender",
        "vedette.ingest",
        "OtlpLogs",
        None,
        "10.0.0.1",
        minute,
    )
    for _ in range(500):
        made.service.trail.count(key)
    assert made.service.trail.flush() == 0
    made.moment.now += timedelta(minutes=1)
    assert made.service.trail.flush() == 1
    (item,) = made.service.search.calls(
        made.account, _within(made), Filters(), limit=9, after=None
    ).items
    assert item.record["requestParameters"]["calls"] == 500
    activity = made.service.search.activity(made.account, _within(made), 60)
    assert sum(activity["done"]) == 500


def test_what_a_crash_loses_shows(made: Setting) -> None:
    made.search(2)
    made.service.trail.flush()
    lost = made.service.trail.chain
    # The process is gone: nobody closes its chain.
    made.service.trail = CallTrail(made.catalog, made.warehouse)
    made.moment.now += timedelta(minutes=10)
    assert find_interrupted(made.catalog) == [lost]
    assert find_interrupted(made.catalog) == []
    page = made.catalog.audit.list("default", event_name="CallsInterrupted")
    assert page.items[0].record["requestParameters"]["chain"] == lost
    made.search(1)
    made.service.trail.flush()
    assert made.service.digest_now().records
    assert made.service.verify().ok


def test_a_batch_whose_insert_failed_is_stored_once(made: Setting, monkeypatch: Any) -> None:
    made.search(2)
    insert, calls = made.warehouse.insert, []

    def failing(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 1:
            raise UnavailableError("away")
        insert(*arguments)

    monkeypatch.setattr(made.warehouse, "insert", failing)
    with pytest.raises(UnavailableError):
        made.service.trail.flush()
    made.search(1)
    assert made.service.trail.flush() == 3
    made.service.digest_now()
    assert made.service.verify().ok
    with made.catalog.read() as session:
        chain = session.get_one(AuditChainRow, made.service.trail.chain)
    assert chain.written == chain.pending == 3


def test_every_hour_has_its_digest_even_an_empty_one(made: Setting) -> None:
    first = made.service.hourly()
    assert len(first) == 1
    made.moment.now += timedelta(hours=3)
    more = made.service.hourly()
    assert [item.sequence for item in more] == [2, 3, 4]
    assert [item.records for item in more][1:] == [0, 0]
    assert more[1].document["previousDigestHash"] == more[0].hash
    assert made.service.hourly() == []
    made.moment.now += timedelta(days=60)
    assert len(made.service.hourly()) == 24 * 7 + 1
    assert made.service.verify().ok


def test_keys_rotate_and_the_old_one_vouches(made: Setting, tmp_path: Path) -> None:
    made.service.digest_now()
    old = made.service.keys.list()[0].fingerprint
    made.moment.now += timedelta(minutes=1)
    made.service.keys.rotate(Actor.system("test"))
    made.moment.now += timedelta(minutes=1)
    path = made.export(tmp_path / "export.zip")
    report = verify_export(path, trusted=old)
    assert report.ok, report.problems
    assert len(report.fingerprints) == 2
    assert verify_export(path, trusted=report.fingerprints[0]).ok
    stranger = verify_export(path, trusted="0" * 64)
    assert {item.kind for item in stranger.problems} == {Kind.KEY_REPLACED}
    assert "sealed" not in json.dumps(made.service.keys.list()[0].as_dict())


@pytest.fixture
def exported(made: Setting, tmp_path: Path) -> Path:
    """An export with two digests, unpacked to a folder."""
    actor = Actor.system("test")
    made.search(6)
    made.service.digest_now()
    made.moment.now += timedelta(minutes=10)
    for number in range(6):
        made.catalog.accounts.rename(actor, made.account, f"Acme {number}")
    made.search(4)
    path = made.export(tmp_path / "export.zip")
    assert verify_export(path).ok
    folder = tmp_path / "export"
    zipfile.ZipFile(path).extractall(folder)
    assert verify_export(folder).ok
    return folder


def _records(folder: Path, trail: str) -> Path:
    """Return the newest file of a trail's records."""
    return max((folder / "records").glob(f"{trail}-*"), key=lambda path: path.name[-30:])


def _edit(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    body = gzip.decompress(path.read_bytes()).decode()
    lines = body.removeprefix('{"Records":[\n').removesuffix("\n]}\n").split(",\n")
    edited = '{"Records":[\n' + ",\n".join(change(lines)) + "\n]}\n"
    path.write_bytes(gzip.compress(edited.encode()))


def _kinds(folder: Path, **options: Any) -> dict[Kind, int | None]:
    report = verify_export(folder, **options)
    assert not report.ok
    return {item.kind: item.sequence for item in report.problems}


def test_an_edited_byte(exported: Path) -> None:
    path = _records(exported, "changes")
    sequence = {}

    def edit(lines: list[str]) -> list[str]:
        sequence["n"] = json.loads(lines[2])["sequence"]
        return [*lines[:2], lines[2].replace("Acme", "Acne"), *lines[3:]]

    _edit(path, edit)
    assert _kinds(exported) == {Kind.CHANGED: sequence["n"]}


def test_a_dropped_record(exported: Path) -> None:
    _edit(_records(exported, "calls"), lambda lines: [*lines[:1], *lines[2:]])
    ((kind, sequence),) = _kinds(exported).items()
    assert kind is Kind.REMOVED
    assert sequence is not None


def test_an_inserted_record(exported: Path) -> None:
    _edit(
        _records(exported, "changes"),
        lambda lines: [lines[0], lines[0].replace("Acme", "x"), *lines[1:]],
    )
    assert set(_kinds(exported)) == {Kind.INSERTED}


def test_swapped_records(exported: Path) -> None:
    _edit(_records(exported, "changes"), lambda lines: [lines[1], lines[0], *lines[2:]])
    assert set(_kinds(exported)) == {Kind.REORDERED}


def test_a_truncated_tail(exported: Path) -> None:
    _edit(_records(exported, "calls"), lambda lines: lines[:-2])
    assert set(_kinds(exported)) == {Kind.TRUNCATED}


def test_a_rewritten_chain(exported: Path) -> None:
    """Every hash is computed anew: only the digest tells."""
    from vedette.store.catalog.audit_record import canonical, hash_text

    def rewrite(lines: list[str]) -> list[str]:
        records = [json.loads(line) for line in lines]
        records[0]["userIdentity"]["userName"] = "someone else"
        previous = records[0]["previousHash"]
        for record in records:
            record["previousHash"] = previous
            previous = hash_text(canonical(record))
        return [canonical(record) for record in records]

    _edit(_records(exported, "changes"), rewrite)
    assert Kind.CHANGED in _kinds(exported)


def test_a_removed_file(exported: Path) -> None:
    _records(exported, "calls").unlink()
    assert set(_kinds(exported)) == {Kind.REMOVED}


def test_a_dropped_digest(exported: Path) -> None:
    first, second = sorted((exported / "digests").iterdir())
    kept = first.read_bytes()
    first.unlink()
    assert set(_kinds(exported)) == {Kind.DIGEST_DROPPED}
    first.write_bytes(kept)
    second.unlink()
    assert _kinds(exported)[Kind.TRUNCATED] == 2


def test_a_changed_digest(exported: Path) -> None:
    for path in sorted((exported / "digests").iterdir()):
        before = path.read_text()
        path.write_text(before.replace('\\"records\\":', '\\"records\\":1'))
        assert Kind.DIGEST_CHANGED in _kinds(exported)
        path.write_text(before)
    assert verify_export(exported).ok


def test_a_replaced_key(made: Setting, exported: Path, tmp_path: Path) -> None:
    """An export that was made anew with a key of its own is found by the fingerprint kept elsewhere."""
    trusted = made.service.keys.list()[-1].fingerprint
    keys = exported / "keys.json"
    document = json.loads(keys.read_text())
    document["keys"][0]["publicKey"] = "A" * 43 + "="
    keys.write_text(json.dumps(document))
    assert Kind.KEY_REPLACED in _kinds(exported, trusted=trusted)
    forged = AuditService(
        made.catalog, made.warehouse, made.runner, Settings(data_dir=tmp_path),
        SecretBox.open("a secret", tmp_path),
    )  # fmt: skip
    made.raw("DELETE FROM audit_keys", "DELETE FROM audit_digests")
    forged.digests.make_now()
    path = tmp_path / "forged.zip"
    now = made.moment.now
    forged.exporter.write(
        path, account=None, since=now - timedelta(days=1), until=now + timedelta(days=1)
    )
    assert verify_export(path).ok
    assert Kind.KEY_REPLACED in _kinds(path, trusted=trusted)


def test_a_manifest_that_lies(exported: Path) -> None:
    path = exported / "export.json"
    path.write_text(path.read_text().replace('\\"lastDigest\\":2', '\\"lastDigest\\":1'))
    assert Kind.MANIFEST_CHANGED in _kinds(exported)


def test_a_damaged_file(exported: Path) -> None:
    path = _records(exported, "changes")
    path.write_bytes(path.read_bytes()[:-20])
    assert set(_kinds(exported)) == {Kind.REMOVED}


def test_one_accounts_export_verifies_without_the_others(made: Setting, tmp_path: Path) -> None:
    actor = Actor.system("test")
    for number in range(3):
        made.catalog.accounts.rename(actor, made.account, f"Acme {number}")
        made.catalog.accounts.rename(actor, "other", f"Secret {number}")
    made.search(3)
    path = made.export(tmp_path / "acme.zip", account=made.account)
    report = verify_export(path)
    assert report.ok, report.problems
    assert report.records == 7
    folder = tmp_path / "own"
    zipfile.ZipFile(path).extractall(folder)
    everything = b"".join(
        gzip.decompress(item.read_bytes()) for item in (folder / "records").iterdir()
    )
    assert b"Secret" not in everything
    _edit(_records(folder, "changes"), lambda lines: lines[1:])
    assert set(_kinds(folder)) == {Kind.REMOVED}
    shutil.rmtree(folder)
    zipfile.ZipFile(path).extractall(folder)
    _edit(
        _records(folder, "changes"), lambda lines: [*lines[:-1], lines[-1].replace("Acme", "Acne")]
    )
    assert Kind.CHANGED in _kinds(folder)


def test_the_server_finds_what_was_done_to_its_stores(made: Setting) -> None:
    actor = Actor.system("test")
    for number in range(4):
        made.catalog.accounts.rename(actor, made.account, f"Acme {number}")
    made.search(3)
    made.service.digest_now()
    assert made.service.verify().ok
    made.raw("UPDATE audit SET record = replace(record, 'Acme 2', 'Acme 9')")
    report = made.service.verify()
    assert {item.kind for item in report.problems} == {Kind.CHANGED}
    chain = made.service.trail.chain
    made.warehouse.execute(f"DELETE FROM audit_calls WHERE Chain = '{chain}' AND Sequence = 2")
    kinds = {(item.kind, item.sequence) for item in made.service.verify().problems}
    assert (Kind.REMOVED, 2) in kinds


def test_what_is_past_its_time_goes_unless_it_is_held(made: Setting) -> None:
    actor = Actor.system("test")
    made.search(3)
    made.service.hourly()
    made.moment.now += timedelta(hours=1)
    made.service.hourly()
    made.moment.now += timedelta(days=40)
    made.catalog.accounts.rename(actor, made.account, "Acme later")
    hold = made.service.holds.create(actor, made.account, "a lawsuit")
    assert prune(made.catalog, made.warehouse, made.service.holds, 30) == 0
    made.service.holds.release(actor, made.account, hold.id)
    before = made.catalog.audit.verify().records
    gone = prune(made.catalog, made.warehouse, made.service.holds, 30)
    assert gone > 0
    report = made.catalog.audit.verify()
    assert report.ok, report.problems
    assert report.records == before - gone + 1
    made.service.hourly()
    assert made.service.verify().ok, made.service.verify().problems
    assert (
        made.service.search.calls(
            made.account,
            TimeRange(made.moment.now - timedelta(days=50), made.moment.now),
            Filters(),
            limit=9,
            after=None,
        ).items
        == []
    )
    with made.catalog.read() as session:
        assert (session.scalar(select(AuditHeadRow.pruned_sequence)) or 0) >= gone
