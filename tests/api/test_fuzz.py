"""Every route is called with what its description allows and with what it does not.

No answer is a 500, and each is one that the OpenAPI document describes: status, type and body.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET
from starlette import testclient
from starlette.testclient import TestClient

from support.contract import Contract
from vedette.server.app import openapi_document
from vedette.store.catalog import Actor, Catalog, Scope

ACTOR = Actor.system("tests")
ENDLESS = "/api/v1/logs/tail"
SLOW = {"/api/v1/backups": 3, "/api/v1/retention/enforce": 2, "/api/v1/session": 6}
"""Each call of these goes through the whole store, or hashes a password."""
EXAMPLES = 5
SCHEMA = schemathesis.openapi.from_dict(openapi_document()).exclude(path=ENDLESS)
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]


@pytest.fixture(scope="module")
def key(catalog: Catalog) -> str:
    """An admin of the installation: every route lets it in, as far as the input."""
    return catalog.keys.create(ACTOR, "default", name="fuzz", scopes=[Scope.ADMIN]).text


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.label)
def test_no_input_breaks_a_route(
    client: TestClient, key: str, operation: schemathesis.APIOperation
) -> None:
    contract = Contract.of(client.app)
    inputs = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(
        max_examples=SLOW.get(operation.path, EXAMPLES),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=inputs)
    def check(case: schemathesis.Case) -> None:
        client.cookies.clear()
        try:
            answer = client.request(**_request(case, key))
        except testclient.httpx.InvalidURL:  # longer than any client sends
            reject()
        assert answer.status_code not in {500, 501, 502}, answer.text
        contract.check(answer)
        if answer.is_client_error:
            assert answer.json()["error"]["message"]

    check()


def _request(case: schemathesis.Case, key: str) -> dict[str, Any]:
    sent = {
        name: value
        for name, value in case.as_transport_kwargs(base_url="http://testserver").items()
        if name in {"method", "url", "params", "json", "data", "headers"} and value is not NOT_SET
    }
    if "data" in sent:
        sent["content"] = sent.pop("data")
    headers = {str(name): str(value) for name, value in dict(sent.get("headers") or {}).items()}
    return {**sent, "headers": {**headers, "authorization": f"Bearer {key}"}}
