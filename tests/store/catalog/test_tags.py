import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.store.catalog import Actor

CHECKOUT = ResourceId("acme", "service", "checkout")
CART = ResourceId("acme", "service", "cart/ü%")
MODEL = ResourceId("acme", "model", "churn", "3")


@pytest.fixture
def tagged(catalog, actor):
    catalog.tags.set(actor, CHECKOUT, {"team": "pay", "env": "prod"})
    catalog.tags.set(actor, CART, {"team": "shop", "env": "prod"})
    catalog.tags.set(actor, MODEL, {"team": "pay"})
    catalog.accounts.create(Actor.system("test"), "other")
    catalog.tags.set(actor, ResourceId("other", "service", "checkout"), {"team": "pay"})
    return catalog


def test_set_replaces_and_keeps(catalog, actor):
    assert catalog.tags.set(actor, CHECKOUT, {"b": "1", "a": "1"}) == {"a": "1", "b": "1"}
    assert catalog.tags.set(actor, CHECKOUT, {"b": "2", " c ": " 3 "}) == {
        "a": "1",
        "b": "2",
        "c": "3",
    }
    assert list(catalog.tags.get(CHECKOUT)) == ["a", "b", "c"]
    record = catalog.audit.list("acme", limit=1).items[0].record
    assert record["resources"] == ["acme/service/checkout"]
    assert record["requestParameters"] == {"tags": {"b": "2", "c": "3"}}


def test_remove(tagged, actor):
    tagged.tags.remove(actor, CHECKOUT, ["env", "not there"])
    assert tagged.tags.get(CHECKOUT) == {"team": "pay"}
    assert tagged.tags.get(CART) == {"team": "shop", "env": "prod"}


def test_find(tagged):
    def find(tags, **more):
        return tagged.tags.find("acme", tags, **more).items

    assert find({"team": "pay"}) == [MODEL, CHECKOUT]
    assert find({"team": None}) == [MODEL, CART, CHECKOUT]
    assert find({"team": None}, kind="service") == [CART, CHECKOUT]
    assert find({"team": "pay", "env": None}) == [CHECKOUT]
    assert find({"team": "PAY"}) == []
    assert tagged.tags.find("nowhere", {"team": None}).items == []


def test_find_in_pages(tagged):
    first = tagged.tags.find("acme", {"team": None}, limit=2)
    second = tagged.tags.find("acme", {"team": None}, limit=2, after=first.next)
    assert first.items + second.items == [MODEL, CART, CHECKOUT]
    assert second.next is None


def test_keys_in_use(tagged):
    assert list(tagged.tags.keys("acme").items()) == [("team", 3), ("env", 2)]


def test_at_most_fifty(catalog, actor):
    catalog.tags.set(actor, CHECKOUT, {f"k{n}": "" for n in range(50)})
    with pytest.raises(InvalidInputError, match="51 tags"):
        catalog.tags.set(actor, CHECKOUT, {"one more": ""})
    catalog.tags.set(actor, CHECKOUT, {"k7": "changed"})
    assert len(catalog.tags.get(CHECKOUT)) == 50


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        ({}, "tags"),
        ({"": "x"}, "key"),
        ({"k" * 129: "x"}, "key"),
        ({"k": "v" * 257}, "tags['k']"),
        ({"k\x00": "x"}, "key"),
        ({"k": "\ud800"}, "tags['k']"),
    ],
)
def test_bad_tags(catalog, actor, tags, field):
    with pytest.raises(InvalidInputError) as caught:
        catalog.tags.set(actor, CHECKOUT, tags)
    assert caught.value.field == field
    assert catalog.tags.get(CHECKOUT) == {}


def test_bad_resources(catalog, actor):
    with pytest.raises(NotFoundError):
        catalog.tags.set(actor, ResourceId("nowhere", "service", "x"), {"a": "1"})
    for name in ("x" * 1100, "nul\x00"):
        with pytest.raises(InvalidInputError) as caught:
            catalog.tags.set(actor, ResourceId("acme", "service", name), {"a": "1"})
        assert caught.value.field == "resource"
    assert catalog.tags.get(ResourceId("acme", "service", "nul\x00")) == {}


def test_bad_searches(tagged):
    with pytest.raises(InvalidInputError, match="no tag"):
        tagged.tags.find("acme", {})
    with pytest.raises(InvalidInputError, match="11 tags"):
        tagged.tags.find("acme", {str(n): None for n in range(11)})
    with pytest.raises(InvalidInputError, match="page"):
        tagged.tags.find("acme", {"team": None}, limit=0)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    key=st.text(max_size=140), value=st.text(max_size=260), name=st.text(min_size=1, max_size=20)
)
def test_any_text_is_stored_as_it_is_or_refused(catalog, actor, key, value, name):
    resource = ResourceId("acme", "service", name)
    try:
        stored = catalog.tags.set(actor, resource, {key: value})
    except InvalidInputError:
        return
    assert stored[key.strip()] == value.strip()
    assert catalog.tags.get(resource) == stored
    assert resource in catalog.tags.find("acme", {key.strip(): value.strip()}).items
