import stat
import sys
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, text, update

from vedette.core.errors import InvalidInputError, StoreError, UnavailableError
from vedette.store.catalog import Catalog
from vedette.store.catalog.engine import parse_url
from vedette.store.catalog.models import AccountRow, AuditRow, LeaseRow, TagRow


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///a.db", "sqlite+pysqlite"),
        ("postgresql://u:p@h/d", "postgresql+psycopg"),
        ("postgres://u:p@h/d", "postgresql+psycopg"),
    ],
)
def test_urls(url, driver):
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://u:hunter2@h/d", "postgresql://u:hunter2@h"]
)  # fmt: skip
def test_bad_urls_are_refused_without_showing_the_password(url):
    with pytest.raises(InvalidInputError) as caught:
        Catalog.open(url)
    assert caught.value.field == "catalog_url"
    assert "hunter2" not in str(caught.value.as_dict())


def test_sqlite_is_durable_and_private(tmp_path):
    path = tmp_path / "new" / "catalog.sqlite"
    with Catalog.open(f"sqlite:///{path}") as catalog:
        raw = catalog._database.engine.raw_connection()
        pragmas = [
            raw.driver_connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
        raw.close()
    assert pragmas == ["wal", 2, 1, 10_000]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written") as caught:
        Catalog.open(f"sqlite:///{tmp_path}/file/catalog.sqlite")
    assert "VEDETTE_DATA_DIR" in caught.value.remedy


def test_a_file_that_is_no_catalog(tmp_path):
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(b"This is not a database, but long enough to be read as one." * 20)
    with pytest.raises(StoreError, match="damaged or not a catalog"):
        Catalog.open(f"sqlite:///{path}")


def test_no_postgresql_there(tmp_path):
    with pytest.raises(UnavailableError, match=r"cannot be opened: .*connection") as caught:
        Catalog.open(f"postgresql://u:hunter2@/d?host={tmp_path}")
    assert "VEDETTE_CATALOG_URL" in caught.value.remedy
    assert "hunter2" not in str(caught.value.as_dict())


def test_no_driver_for_postgresql(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match="psycopg") as caught:
        Catalog.open("postgresql://u@/d")
    assert "vedette[server,postgresql]" in caught.value.remedy


@pytest.mark.parametrize(
    "statement",
    [
        insert(AccountRow).values(name="x"),
        update(TagRow).values(value="x"),
        insert(LeaseRow).values(name="x", holder="h", expires=1.0),
        text("DELETE FROM tags"),
        text("SELECT 1"),
    ],
)
def test_reading_sessions_cannot_write(catalog, statement):
    with pytest.raises(StoreError, match="outside a change"), catalog.read() as session:
        session.execute(statement)


def test_flushing_an_entity_outside_a_change_fails(catalog):
    with catalog.read() as session:
        session.get(AccountRow, "acme").display_name = "Changed"
        with pytest.raises(StoreError, match="outside a change"):
            session.commit()
    assert catalog.accounts.get("acme").display_name == "acme"


def test_operational_writes_cannot_touch_entities(catalog):
    with (
        pytest.raises(StoreError, match="accounts"),
        catalog._database.operate() as connection,
    ):
        connection.execute(update(AccountRow).values(display_name="Changed"))


def test_changes_cannot_touch_operational_state(catalog, actor):
    with pytest.raises(StoreError, match="leases"), catalog.change(actor, "X") as change:
        change.session.add(LeaseRow(name="x", holder="h", expires=1.0))


@pytest.mark.parametrize("statement", ["UPDATE audit SET hash = 'x'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_rewrite_audit_records(catalog, raw, statement):
    with pytest.raises(Exception, match="append-only"):
        raw(statement)
    assert catalog.audit.verify().ok


@pytest.mark.parametrize(
    "statement", [update(AuditRow).values(event_name="Nothing"), delete(AuditRow)]
)
def test_a_change_cannot_rewrite_audit_records(catalog, actor, statement):
    with pytest.raises(StoreError, match="append-only"), catalog.change(actor, "X") as change:
        change.session.execute(statement)
    assert catalog.audit.verify().ok


def test_paths_with_odd_names(tmp_path):
    odd = tmp_path / "100% of käse & co"
    with Catalog.open(f"sqlite:///{odd}/catalog.sqlite") as catalog:
        catalog.ping()
    assert Path(odd, "catalog.sqlite").exists()
