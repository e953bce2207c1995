"""The text form of a resource's identity."""

import pytest

from vedette.core.identity import ResourceId

TABLE = "postgres://db:5432/shop.orders"


@pytest.mark.parametrize("name", [TABLE, "50%", "a%2Fb", "größe", "a b+c"])
def test_any_name_comes_back(name):
    resource = ResourceId("acme", "dataset", name, "1/2")
    assert ResourceId.parse(str(resource)) == resource


def test_what_clients_encode_more_of_is_read_too():
    text = "acme/dataset/postgres%3A%2F%2Fdb%3A5432%2Fshop.orders"
    assert ResourceId.parse(text) == ResourceId("acme", "dataset", TABLE)
