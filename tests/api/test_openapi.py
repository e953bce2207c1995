"""The OpenAPI document is a contract that clients can be generated from."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from typer.testing import CliRunner

from vedette.cli.main import app as cli
from vedette.server.app import openapi_document

DOCUMENT = openapi_document()
OPERATIONS = [
    pytest.param(operation, id=f"{method.upper()} {path}")
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_what_it_answers(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    if "303" in operation["responses"]:  # it sends the browser elsewhere
        return
    success = {status: said for status, said in operation["responses"].items() if status < "300"}
    (status,) = success
    content = success[status].get("content", {})
    assert bool(content) == (status != "204")
    for kind in content.values():
        # An empty schema allows anything.
        assert kind["schema"]
        assert kind["schema"].get("additionalProperties") is not True


def test_models_have_names_of_their_own() -> None:
    """Two of one name would both be renamed by their modules, and clients' types with them."""
    doubled = {
        name.rpartition("__")[2] for name in DOCUMENT["components"]["schemas"] if "__" in name
    }
    assert doubled <= {"Signal"}


def test_operations_have_names_of_their_own() -> None:
    names = Counter(
        operation["operationId"]
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
    )
    assert [name for name, count in names.items() if count > 1] == []
    assert all(name.isalnum() for name in names)


def test_members_of_answers_are_always_there() -> None:
    """A client's type has no member that may be absent, unless a request has it."""
    schemas = DOCUMENT["components"]["schemas"]
    closed = [name for name, said in schemas.items() if name.endswith("View")]
    assert len(closed) > 30
    for name in closed:
        assert set(schemas[name]["required"]) == set(schemas[name]["properties"]), name


def test_the_command_prints_the_document_and_always_the_same(tmp_path: Any) -> None:
    first = CliRunner().invoke(cli, ["openapi"])
    assert first.exit_code == 0
    assert json.loads(first.stdout) == DOCUMENT
    target = tmp_path / "openapi.json"
    second = CliRunner().invoke(cli, ["openapi", "-o", str(target)])
    assert (second.exit_code, second.stdout) == (0, "")
    assert target.read_text() == first.stdout
