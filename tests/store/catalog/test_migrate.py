import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from vedette.core.errors import StoreError
from vedette.store.catalog import Catalog, migrate
from vedette.store.catalog.engine import WriteScope, make_engine, parse_url, writable
from vedette.store.catalog.models import Base
from vedette.store.catalog.revision import HEAD, is_current


def test_models_and_migrations_agree(catalog_url):
    engine = make_engine(parse_url(catalog_url))
    with writable(engine, WriteScope(schema=True)).begin() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == []


def test_the_comparison_sees_a_difference(catalog_url):
    engine = make_engine(parse_url(catalog_url))
    with writable(engine, WriteScope(schema=True)).begin() as connection:
        connection.execute(text("ALTER TABLE accounts ADD COLUMN surprise INTEGER"))
        connection.execute(text("DROP INDEX ix_tags_account_key_value"))
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    assert {difference[0] for difference in differences} == {"remove_column", "add_index"}


def test_the_newest_migration_is_known_without_alembic(catalog_url, raw):
    assert ScriptDirectory(str(Path(migrate.__file__).parent / "migrations")).get_heads() == [HEAD]
    engine = make_engine(parse_url(catalog_url))
    assert is_current(engine)
    raw("UPDATE alembic_version SET version_num = '0001'")
    assert not is_current(engine)
    engine.dispose()


def test_an_empty_database_is_not_current(empty_url):
    engine = make_engine(parse_url(empty_url))
    assert not is_current(engine)
    engine.dispose()


def test_opening_twice_keeps_what_is_there(catalog_url, actor):
    with Catalog.open(catalog_url) as first:
        first.accounts.create(actor, "acme")
        with Catalog.open(catalog_url) as second:
            second.tags.set(actor, resource_of("acme"), {"team": "a"})
            assert first.tags.get(resource_of("acme")) == {"team": "a"}
            assert first.audit.verify().records == 2


def test_many_open_an_empty_database_at_once(empty_url):
    failures: list[BaseException] = []
    barrier = threading.Barrier(6)

    def open_it():
        barrier.wait()
        try:
            with Catalog.open(empty_url) as catalog:
                catalog.ping()
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_newer_schema_is_refused_and_left_alone(catalog_url, raw):
    raw("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="schema version 9999") as caught:
        Catalog.open(catalog_url)
    assert "newer" in caught.value.remedy
    assert raw("SELECT version_num FROM alembic_version") == [("9999",)]


def resource_of(account):
    from vedette.core.identity import ResourceId

    return ResourceId(account, "service", "checkout")
