import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert

import vedette
from vedette.core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    StoreError,
    UnavailableError,
)
from vedette.core.identity import ResourceId
from vedette.store.catalog import AuditEvent, Catalog
from vedette.store.catalog import database as database_module
from vedette.store.catalog import engine as engine_module
from vedette.store.catalog.models import AccountRow, MembershipRow, TagRow

SERVICE = ResourceId("acme", "service", "checkout")


def last_record(catalog, account="acme"):
    return catalog.audit.list(account, limit=1).items[0].record


def test_a_change_and_its_record_are_stored_together(catalog, actor):
    request = {"why": "test", "password": "hunter2"}
    with catalog.change(actor, "Rename", request=request, resources=[SERVICE]) as change:
        change.session.get(AccountRow, "acme").display_name = "Acme"
        change.respond(renamed=True)
        change.concern(ResourceId("acme", "service", "second"))
    assert catalog.accounts.get("acme").display_name == "Acme"
    record = last_record(catalog)
    assert record["eventName"] == "Rename"
    assert record["requestParameters"] == {"why": "test", "password": "HIDDEN"}
    assert record["responseElements"] == {"renamed": True}
    assert record["resources"] == ["acme/service/checkout", "acme/service/second"]
    assert record["readOnly"] is False
    assert record["errorCode"] is None


def rename_and_fail(catalog, actor):
    with catalog.change(actor, "Rename") as change:
        change.session.get(AccountRow, "acme").display_name = "Acme"
        change.session.flush()
        raise ForbiddenError("not you")


def test_a_block_that_raises_stores_neither(catalog, actor):
    before = catalog.audit.verify().head_sequence
    with pytest.raises(ForbiddenError):
        rename_and_fail(catalog, actor)
    assert catalog.accounts.get("acme").display_name == "acme"
    assert catalog.audit.verify().head_sequence == before


def test_a_change_whose_record_cannot_be_written_is_not_stored(catalog, actor, monkeypatch):
    def full(*_args, **_more):
        raise UnavailableError("disk full")

    monkeypatch.setattr(database_module.audit_chain, "append", full)
    with pytest.raises(UnavailableError), catalog.change(actor, "Rename") as change:
        change.session.get(AccountRow, "acme").display_name = "Acme"
    assert catalog.accounts.get("acme").display_name == "acme"


def test_a_cancelled_change_stores_nothing(catalog, actor):
    before = catalog.audit.verify().head_sequence
    with catalog.change(actor, "Rename") as change:
        change.session.get(AccountRow, "acme").display_name = "Acme"
        change.session.flush()
        change.cancel()
    assert catalog.accounts.get("acme").display_name == "acme"
    assert catalog.audit.verify().head_sequence == before


def test_a_failed_change_stores_what_was_written_and_says_so(catalog, actor):
    with catalog.change(actor, "Rename") as change:
        change.session.get(AccountRow, "acme").display_name = "Tried"
        change.fail(ForbiddenError("not you"))
    assert catalog.accounts.get("acme").display_name == "Tried"
    record = last_record(catalog)
    assert (record["errorCode"], record["errorMessage"]) == ("forbidden", "not you")


def test_a_change_inside_a_change_is_refused_and_the_outer_one_goes_on(catalog, actor):
    with catalog.change(actor, "Outer") as change:
        change.session.get(AccountRow, "acme").display_name = "Outer"
        with pytest.raises(StoreError, match="inside another"):
            catalog.accounts.rename(actor, "acme", "Inner")
    assert catalog.accounts.get("acme").display_name == "Outer"


def test_constraints_hold_on_both_back_ends(catalog, actor):
    with pytest.raises(ConflictError), catalog.change(actor, "Grant") as change:
        change.session.add(MembershipRow(user_id="nobody", account="acme", role="viewer"))
    tag = {"resource": "r", "key": "k", "value": "v", "account": "acme", "kind": "service"}
    with pytest.raises(ConflictError), catalog.change(actor, "Tag") as change:
        change.session.execute(insert(TagRow), [tag, tag])


@pytest.mark.parametrize("name", ["", "1st", "With blank", "x" * 129, "naïve", "a\x00"])
def test_event_names_are_checked(catalog, actor, name):
    with pytest.raises(InvalidInputError, match="event name"), catalog.change(actor, name):
        pass


def test_events_are_recorded_in_one_batch_and_in_order(catalog, actor):
    before = catalog.audit.verify().head_sequence
    catalog.audit.record_events(
        [
            AuditEvent(actor=actor, name="Search", read_only=True, request={"n": n})
            for n in range(200)
        ]
    )
    failed = AuditEvent(actor=actor, name="GetUser", read_only=True, error=NotFoundError("none"))
    catalog.audit.record_event(failed)
    report = catalog.audit.verify()
    assert report.ok
    assert report.head_sequence == before + 201
    newest, older = catalog.audit.list("acme", limit=2).items
    assert newest.record["errorCode"] == "not_found"
    assert newest.record["readOnly"] is True
    assert newest.record["responseElements"] is None
    assert older.record["requestParameters"] == {"n": 199}


def test_no_events_and_too_many_events(catalog, actor):
    before = catalog.audit.verify().head_sequence
    catalog.audit.record_events([])
    event = AuditEvent(actor=actor, name="Search", read_only=True)
    with pytest.raises(InvalidInputError, match="1001"):
        catalog.audit.record_events([event] * 1001)
    assert catalog.audit.verify().head_sequence == before


def test_writers_of_many_threads_and_two_catalogs_make_one_chain(catalog, catalog_url, actor):
    before = catalog.audit.verify().head_sequence
    with Catalog.open(catalog_url) as other, ThreadPoolExecutor(8) as pool:

        def write(number):
            chosen = catalog if number % 2 else other
            chosen.tags.set(actor, SERVICE, {f"k{number % 40}": str(number)})

        list(pool.map(write, range(80)))
    report = catalog.audit.verify()
    assert report.ok
    assert report.head_sequence == before + 80
    assert len(catalog.tags.get(SERVICE)) == 40


def test_changes_are_serial_so_that_no_update_is_lost(catalog, catalog_url, actor):
    catalog.tags.set(actor, SERVICE, {"count": "0"})
    with Catalog.open(catalog_url) as other, ThreadPoolExecutor(8) as pool:

        def increment(number):
            chosen = catalog if number % 2 else other
            with chosen.change(actor, "Increment") as change:
                row = change.session.get(TagRow, (str(SERVICE), "count"))
                row.value = str(int(row.value) + 1)

        list(pool.map(increment, range(60)))
    assert catalog.tags.get(SERVICE) == {"count": "60"}


def test_readers_do_not_wait_for_a_change(catalog, actor):
    with catalog.change(actor, "Rename") as change:
        change.session.get(AccountRow, "acme").display_name = "Later"
        change.session.flush()
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(catalog.accounts.get, "acme").result(timeout=5)
    assert seen.display_name == "acme"


@pytest.mark.parametrize("same_process", [True, False])
def test_a_change_that_waits_too_long_is_retryable(
    catalog, catalog_url, actor, monkeypatch, same_process
):
    """A second catalog object stands for another process: it has its own queue of writers."""
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_S", 1.0)
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_S", 1.0)
    holding, done = threading.Event(), threading.Event()

    def hold():
        with catalog.change(actor, "Slow"):
            holding.set()
            done.wait(30)

    with ThreadPoolExecutor(1) as pool, Catalog.open(catalog_url) as other:
        slow = pool.submit(hold)
        assert holding.wait(10)
        second = catalog if same_process else other
        with pytest.raises(UnavailableError) as caught:
            second.accounts.rename(actor, "acme", "Never")
        done.set()
        slow.result(timeout=10)
    assert caught.value.status == 503
    assert catalog.accounts.get("acme").display_name == "acme"


CRASHING = """
import os, sys
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.models import AccountRow
catalog = Catalog.open(sys.argv[1])
with catalog.change(Actor.system("crash"), "Rename", account="acme") as change:
    change.session.get(AccountRow, "acme").display_name = "Half done"
    change.session.flush()
    os.kill(os.getpid(), 9)
"""


def test_a_process_killed_in_a_change_leaves_nothing_behind(catalog, catalog_url, actor):
    before = catalog.audit.verify().head_sequence
    source = str(Path(next(iter(vedette.__path__))).parent)
    killed = subprocess.run(
        [sys.executable, "-c", CRASHING, catalog_url],
        env={"PYTHONPATH": source},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr.decode()
    assert catalog.accounts.get("acme").display_name == "acme"
    assert catalog.audit.verify().head_sequence == before
    assert catalog.accounts.rename(actor, "acme", "Works").display_name == "Works"
    assert catalog.audit.verify().ok
