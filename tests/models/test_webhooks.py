"""Webhooks of the registry call only where the server may call, and keep their secret."""

import orjson
import pytest
from mlflow.protos import webhooks_pb2
from sqlalchemy import select

from vedette.core.encryption import SecretBox
from vedette.core.errors import InvalidInputError
from vedette.models.registry.aliases import Aliases
from vedette.models.registry.event_examples import example
from vedette.models.registry.events import ACTIONS, ENTITIES, EVENTS, MLFLOW_EVENTS
from vedette.models.registry.models import Models
from vedette.models.registry.versions import Versions
from vedette.models.registry.webhooks import Webhooks, deliver_due
from vedette.notifications.call import Caller
from vedette.notifications.guard import Guard
from vedette.store.catalog.registry_models import RegistryWebhookRow, WebhookDeliveryRow

BOX = SecretBox(b"key")
CREATED = [("REGISTERED_MODEL", "CREATED")]


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
    made = hooks.create("ci", "https://hook.test/x", CREATED)
    outcome = hooks.test(made.id)
    assert (outcome.success, outcome.status) == (False, None)
    assert "not a public address" in outcome.error
    assert looked_up == ["hook.test"]


@pytest.mark.parametrize(
    "url", ["http://hook.test/x", "ftp://hook.test/", "https://u:p@hook.test/", "https://"]
)
def test_wrong_addresses_are_refused(as_user, http, url):
    with pytest.raises(InvalidInputError):
        Webhooks(as_user("ann"), http, BOX).create("ci", url, CREATED)


def test_the_secret_is_stored_encrypted_and_never_shown(catalog, as_user, http):
    hooks = Webhooks(as_user("ann"), http, BOX)
    made = hooks.create("ci", "https://hook.test/x", CREATED, secret="first word")
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
        "ci", "https://hook.test/x", CREATED, secret="x"
    )
    Models(ann).create("hooked")
    with catalog.operate() as connection:
        before = connection.execute(select(WebhookDeliveryRow.attempts)).scalars().all()
    assert deliver_due(catalog, http, BOX) >= 1
    with catalog.operate() as connection:
        after = connection.execute(select(WebhookDeliveryRow.attempts)).scalars().all()
    assert sum(after) > sum(before)


@pytest.fixture
def waiting(catalog):
    """Return what waits for a webhook, as it will be sent, oldest first."""

    def read(hook):
        chosen = select(WebhookDeliveryRow.payload).where(WebhookDeliveryRow.webhook_id == hook.id)
        with catalog.read() as session:
            texts = session.scalars(chosen.order_by(WebhookDeliveryRow.id)).all()
        return [orjson.loads(text) for text in texts]

    return read


def test_prompts_have_events_of_their_own(as_user, http, waiting):
    ann = as_user("ann")
    hooks = Webhooks(ann, http, BOX)
    pairs = [(entity, action) for entity in EVENTS for action in EVENTS[entity]]
    hook = hooks.create("all", "https://hook.test/x", pairs)
    models, versions, aliases = Models(ann), Versions(ann), Aliases(ann)
    is_prompt = [("mlflow.prompt.is_prompt", "true"), ("team", "a")]
    models.create("greeting", tags=is_prompt)
    text = ("mlflow.prompt.text", "Hello {{name}}")
    versions.create("greeting", "s3://b/p", tags=[*is_prompt, text])
    models.set_tag("greeting", "k", "v")
    for _ in range(2):  # what is not there is no event
        models.delete_tag("greeting", "k", missing_ok=True)
        versions.delete_tag("greeting", 1, "k", missing_ok=True)
    versions.set_tag("greeting", 1, "k", "v")
    aliases.set("greeting", "live", 1)
    aliases.delete("greeting", "live")
    models.delete("greeting")
    told = waiting(hook)
    assert [(event["entity"], event["action"]) for event in told] == [
        ("prompt", "created"),
        ("prompt_version", "created"),
        ("prompt_tag", "set"),
        ("prompt_tag", "deleted"),
        ("prompt_version_tag", "set"),
        ("prompt_alias", "created"),
        ("prompt_alias", "deleted"),
        ("prompt", "deleted"),
    ]
    assert told[1]["data"] == {
        "name": "greeting",
        "version": "1",
        "template": "Hello {{name}}",
        "tags": {"team": "a"},
        "description": None,
    }


def test_tags_of_models_are_no_event(as_user, http, waiting):
    ann = as_user("ann")
    hook = Webhooks(ann, http, BOX).create(
        "all", "https://hook.test/x", [("REGISTERED_MODEL", "CREATED"), ("PROMPT_TAG", "SET")]
    )
    Models(ann).create("plain")
    Models(ann).set_tag("plain", "k", "v")
    assert [event["entity"] for event in waiting(hook)] == ["registered_model"]


@pytest.mark.parametrize("event", [("STAGE", "DELETED"), ("BUDGET_POLICY", "CREATED"), ("", "")])
def test_an_event_that_never_happens_is_refused(as_user, http, event):
    hooks = Webhooks(as_user("ann"), http, BOX)
    with pytest.raises(InvalidInputError) as caught:
        hooks.create("ci", "https://hook.test/x", [event])
    assert "STAGE:UPDATED" in caught.value.remedy
    made = hooks.create("ci", "https://hook.test/x", CREATED)
    with pytest.raises(InvalidInputError):
        hooks.test(made.id, event)


def test_events_have_the_numbers_of_mlflow():
    """A message may name an entity or an action by its number."""
    entities, actions = dict(webhooks_pb2.WebhookEntity.items()), webhooks_pb2.WebhookAction.items()
    numbered = {name: number for number, name in enumerate(ENTITIES, 1) if name in MLFLOW_EVENTS}
    assert numbered == {name: number for name, number in entities.items() if number}
    assert {name: ACTIONS.index(name) + 1 for name, number in actions if number} == {
        name: number for name, number in actions if number
    }


def test_every_event_has_an_example():
    for entity, actions in (EVENTS | MLFLOW_EVENTS).items():
        for action in actions:
            assert example(entity, action)
