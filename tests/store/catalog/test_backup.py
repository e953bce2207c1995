import sqlite3
import stat
import threading

import pytest

from vedette.core.errors import ConflictError, InvalidInputError, StoreError
from vedette.core.identity import ResourceId
from vedette.store.catalog import Catalog

SERVICE = ResourceId("acme", "service", "checkout")


@pytest.fixture
def catalog_on_sqlite(catalog):
    if catalog._database.dialect != "sqlite":
        pytest.skip("only SQLite is copied")
    return catalog


def test_a_backup_is_a_whole_catalog(catalog_on_sqlite, actor, tmp_path):
    catalog_on_sqlite.tags.set(actor, SERVICE, {"a": "1"})
    target = tmp_path / "copy.sqlite"
    catalog_on_sqlite.backup_to(target)
    catalog_on_sqlite.tags.set(actor, SERVICE, {"a": "2"})
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("*copy*")) == ["copy.sqlite"]
    with Catalog.open(f"sqlite:///{target}") as copy:
        assert copy.tags.get(SERVICE) == {"a": "1"}
        assert copy.audit.verify().ok


def test_a_backup_while_others_write(catalog_on_sqlite, actor, tmp_path):
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            catalog_on_sqlite.tags.set(actor, SERVICE, {"n": str(number)})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            catalog_on_sqlite.backup_to(tmp_path / f"copy{number}.sqlite")
    finally:
        stop.set()
        writer.join()
    for number in range(5):
        target = tmp_path / f"copy{number}.sqlite"
        with sqlite3.connect(target) as raw_copy:
            assert raw_copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        with Catalog.open(f"sqlite:///{target}") as copy:
            assert copy.audit.verify().ok


def test_nothing_is_overwritten(catalog_on_sqlite, tmp_path):
    target = tmp_path / "copy.sqlite"
    target.write_text("precious")
    with pytest.raises(ConflictError, match="exists already"):
        catalog_on_sqlite.backup_to(target)
    assert target.read_text() == "precious"


def test_a_folder_that_is_not_there(catalog_on_sqlite, tmp_path):
    with pytest.raises(StoreError, match="could not be copied"):
        catalog_on_sqlite.backup_to(tmp_path / "no" / "copy.sqlite")


def test_postgresql_has_its_own_tool(catalog, tmp_path):
    if catalog._database.dialect == "sqlite":
        pytest.skip("SQLite is copied")
    with pytest.raises(InvalidInputError) as caught:
        catalog.backup_to(tmp_path / "copy")
    assert "pg_dump" in caught.value.remedy
