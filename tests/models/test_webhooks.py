"""Webhooks of the registry call only where the server may call, and keep their secret."""

import pytest
from sqlalchemy import select

from vedette.core.encryption import SecretBox
from vedette.core.errors import InvalidInputError
from vedette.models.registry.models import Models
from vedette.models.registry.webhooks import Webhooks, deliver_due
from vedette.notifications.call import Caller
from vedette.notifications.guard import Guard
from vedette.store.catalog.registry_models import RegistryWebhookRow, WebhookDeliveryRow

BOX = SecretBox(b"key")
EVENTS = [("REGISTERED_MODEL", "CREATED")]


@pytest.fixture
def looked_up():
    return []


@pytest.fixture
def http(looked_up):
    """Finds every host at an address of the server's own network."""

    def resolver(host):
        looked_up.append(host)
        return ["::ffff:10.0.0.7"]

    return Caller(Guard("", resolver), timeout=1.0)


def test_addresses_of_the_own_network_are_not_called(as_user, http, looked_up):
    hooks = Webhooks(as_user("ann"), http, BOX)
    made = hooks.create("ci", "https://hook.test/x", EVENTS)
    outcome = hooks.test(made.id)
    assert (outcome.success, outcome.status) == (False, None)
    assert "not a public address" in outcome.error
    assert looked_up == ["hook.test"]


@pytest.mark.parametrize(
    "url", ["http://hook.test/x", "ftp://hook.test/", "https://u:p@hook.test/", "https://"]
)
def test_wrong_addresses_are_refused(as_user, http, url):
    with pytest.raises(InvalidInputError):
        Webhooks(as_user("ann"), http, BOX).create("ci", url, EVENTS)


def test_the_secret_is_stored_encrypted_and_never_shown(catalog, as_user, http):
    hooks = Webhooks(as_user("ann"), http, BOX)
    made = hooks.create("ci", "https://hook.test/x", EVENTS, secret="first word")
    hooks.update(made.id, secret="second word")
    with catalog.read() as session:
        stored = session.scalar(
            select(RegistryWebhookRow.secret).where(RegistryWebhookRow.id == made.id)
        )
    assert BOX.open_text(stored) == "second word"
    records = "".join(str(item.record) for item in catalog.audit.list(as_user("ann").account).items)
    assert "word" not in stored + repr(hooks.list()) + records


def test_a_delivery_that_cannot_be_signed_waits(catalog, as_user, http, clock):
    ann = as_user("ann")
    Webhooks(ann, http, SecretBox(b"another")).create(
        "ci", "https://hook.test/x", EVENTS, secret="x"
    )
    Models(ann).create("hooked")
    with catalog.operate() as connection:
        before = connection.execute(select(WebhookDeliveryRow.attempts)).scalars().all()
    assert deliver_due(catalog, http, BOX) >= 1
    with catalog.operate() as connection:
        after = connection.execute(select(WebhookDeliveryRow.attempts)).scalars().all()
    assert sum(after) > sum(before)
