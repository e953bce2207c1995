"""A catalog, and events of runs stored through the ingest of the process's one warehouse."""

from __future__ import annotations

from itertools import count

import orjson
import pytest

from vedette.ingest import Source
from vedette.store.catalog import Actor, Catalog

_NUMBERS = count()


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    path = tmp_path_factory.mktemp("pipelines") / "catalog.sqlite"
    with Catalog.open(f"sqlite:///{path}") as opened:
        opened.ensure_first_start()
        yield opened


@pytest.fixture
def account(catalog):
    name = f"pipelines-{next(_NUMBERS)}"
    catalog.accounts.create(Actor.system("tests"), name)
    return name


@pytest.fixture
def store(submit, account):
    def stored(events):
        (receipt,) = submit(Source.LINEAGE, account, orjson.dumps(events))
        assert not receipt.rejected, receipt

    return stored
