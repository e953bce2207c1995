import hashlib
import json
import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.errors import ForbiddenError
from vedette.core.identity import ResourceId
from vedette.store.catalog import Actor, AuditEvent, IdentityType, Role
from vedette.store.catalog.audit_record import (
    GENESIS_HASH,
    build_record,
    canonical,
    clean_elements,
    clean_text,
    hash_text,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
KEY = "vdt_" + "a" * 26 + "_" + "S" * 43

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=40,
)


def test_all_members_of_a_record():
    actor = Actor(
        type=IdentityType.API_KEY, id="k1", name="etl", account="acme",
        ip="192.0.2.7", user_agent="curl/8", request_id="req-1",
    )  # fmt: skip
    event = AuditEvent(
        actor=actor,
        name="CreateThing",
        request={"role": Role.ADMIN},
        response={"id": 7},
        resources=[ResourceId("acme", "thing", "a/b")],
        error=ForbiddenError("no"),
    )
    record = build_record(event, now=NOW, sequence=3, previous_hash=GENESIS_HASH)
    assert len(record.pop("eventID")) == 26
    assert record == {
        "eventVersion": "1.0",
        "eventTime": "2026-03-01T10:00:00.000005Z",
        "eventSource": "vedette.catalog",
        "eventName": "CreateThing",
        "userIdentity": {
            "type": "APIKey",
            "principalId": "k1",
            "userName": "etl",
            "accountId": "acme",
        },
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "curl/8",
        "requestID": "req-1",
        "readOnly": False,
        "errorCode": "forbidden",
        "errorMessage": "no",
        "requestParameters": {"role": "admin"},
        "responseElements": {"id": 7},
        "resources": ["acme/thing/a%2Fb"],
        "recipientAccountId": "acme",
        "sequence": 3,
        "previousHash": GENESIS_HASH,
    }


def test_the_canonical_text():
    assert canonical({"b": [1, 2.5, None], "a": "ö"}) == '{"a":"ö","b":[1,2.5,null]}'
    assert hash_text("ö") == hashlib.sha256("ö".encode()).hexdigest()


@given(st.dictionaries(st.text(), json_values, max_size=8))
def test_whatever_is_recorded_survives_storing(elements):
    cleaned = clean_elements(elements)
    text = canonical(cleaned)
    assert canonical(json.loads(text)) == text
    assert "\x00" not in text
    assert len(text.encode("utf-8")) <= 16 * 1024 + 2


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "newPassword",
        "api_key",
        "apiKey",
        "client_secret",
        "Authorization",
        "csrfToken",
        "Set-Cookie",
    ],
)
def test_secrets_are_hidden_by_name(name):
    assert clean_elements({"in": [{name: "hunter2"}]}) == {"in": [{name: "HIDDEN"}]}


def test_ids_of_keys_are_not_secrets():
    assert clean_elements({"keyId": "k", "api_key_id": "k"}) == {"keyId": "k", "api_key_id": "k"}


def test_api_keys_are_hidden_wherever_they_stand():
    assert clean_text(f"Bearer {KEY} was refused") == "Bearer HIDDEN was refused"
    assert KEY[-43:] not in canonical(clean_elements({"note": KEY, KEY: 1}))


def test_a_key_is_hidden_even_where_the_text_is_cut():
    text = "x" * 1000 + KEY
    assert "SSS" not in clean_text(text)


def test_what_is_long_is_cut():
    assert len(clean_text("x" * 5000)) == 1024
    cleaned = clean_elements({"items": list(range(500))})
    assert cleaned["items"][-1] == "400 more"
    assert len(clean_elements({str(n): n for n in range(500)})) == 101
    nested: dict = {}
    for _ in range(5000):
        nested = {"in": nested}
    assert len(canonical(clean_elements(nested))) < 200
    big = clean_elements({str(n): "x" * 1000 for n in range(50)})
    assert big["omitted"] is True
    assert big["bytes"] > 50_000


def test_values_that_json_does_not_have():
    cleaned = clean_elements(
        {"nan": math.nan, "when": NOW, "set": {"b", "a"}, "raw": b"\xff\x00", "who": object}
    )
    assert cleaned["nan"] == "nan"
    assert cleaned["when"] == "2026-03-01T10:00:00.000005Z"
    assert cleaned["set"] == ["a", "b"]
    assert cleaned["raw"] == "2 bytes"
    assert isinstance(cleaned["who"], str)


def test_times_are_utc():
    event = AuditEvent(actor=Actor.anonymous(), name="X", time=datetime(2026, 1, 1, tzinfo=UTC))
    record = build_record(event, now=NOW, sequence=1, previous_hash=GENESIS_HASH)
    assert record["eventTime"] == "2026-01-01T00:00:00.000000Z"
    assert record["recipientAccountId"] == "default"
