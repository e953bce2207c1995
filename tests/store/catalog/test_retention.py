import math

import pytest

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.store.catalog import Actor, Signal


def test_set_get_and_clear(catalog, actor):
    catalog.accounts.create(Actor.system("test"), "shop")
    assert catalog.retention.get("acme") == {}
    catalog.retention.set(actor, "acme", Signal.LOGS, 7)
    catalog.retention.set(actor, "acme", Signal.LOGS, 0.5)
    catalog.retention.set(actor, "acme", Signal.ROLLUPS, 36_500)
    catalog.retention.set(actor, "shop", Signal.TRACES, 3)
    assert catalog.retention.get("acme") == {Signal.LOGS: 0.5, Signal.ROLLUPS: 36_500}
    assert catalog.retention.all() == {
        "acme": {Signal.LOGS: 0.5, Signal.ROLLUPS: 36_500},
        "shop": {Signal.TRACES: 3},
    }
    for _ in range(2):
        catalog.retention.clear(actor, "acme", Signal.LOGS)
    assert catalog.retention.get("acme") == {Signal.ROLLUPS: 36_500}
    record = catalog.audit.list("acme", event_name="SetRetention").items[-1].record
    assert record["requestParameters"] == {"signal": "logs", "days": 7.0}


@pytest.mark.parametrize("days", [0, -1, math.nan, math.inf, 36_501])
def test_bad_days(catalog, actor, days):
    with pytest.raises(InvalidInputError) as caught:
        catalog.retention.set(actor, "acme", Signal.LOGS, days)
    assert caught.value.field == "days"


def test_unknown_account(catalog, actor):
    with pytest.raises(NotFoundError):
        catalog.retention.set(actor, "nowhere", Signal.LOGS, 7)
    with pytest.raises(NotFoundError):
        catalog.retention.clear(actor, "nowhere", Signal.LOGS)
