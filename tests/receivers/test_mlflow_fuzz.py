"""Every MLflow call, fuzzed from its own schema: answers are MLflow's, and none is a 500."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vedette.receivers.mlflow.routes import CALLS
from vedette.receivers.mlflow.schema import Type
from vedette.store.catalog import Scope

_TEXTS = st.one_of(
    st.sampled_from(["", "0", "1", "a/b", "ünï ☃", "x" * 9000, "../..", "a\x00b", "'; --", "nan"]),
    st.sampled_from(["%2e%2e", "m-1", "models:/a/1"]),
    st.text(max_size=20),
)  # fmt: skip
_NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["5", "NaN", "x"]),
)
_ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), _TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def values(kind: Type) -> st.SearchStrategy:
    """Return values of a type, and some that are not."""
    if kind.item is not None:
        right = st.lists(values(kind.item), max_size=3)
    elif kind.members is not None:
        right = st.fixed_dictionaries(
            {}, optional={name: values(member.type) for name, member in kind.members.items()}
        )
    elif kind.choices:
        right = st.sampled_from(list(kind.choices))
    else:
        right = {
            "string": _TEXTS,
            "int64": _NUMBERS,
            "double": _NUMBERS,
            "bool": st.booleans(),
            "map": st.dictionaries(st.text(max_size=5), _TEXTS, max_size=3),
        }.get(kind.name, _ANYTHING)
    return st.one_of(right, right, right, _ANYTHING)


@pytest.fixture(scope="module")
def editor(new_key):
    return new_key("mlflow-fuzz", Scope.WRITE)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_request_is_a_500(client, editor, call, data):
    body = data.draw(
        st.fixed_dictionaries(
            {}, optional={name: values(member.type) for name, member in call.schema.items()}
        )
    )
    version = "3.0" if call.path.startswith("3.0/") else "2.0"
    path = call.path.removeprefix("3.0/").replace(":path", "")
    for name in call.schema:
        path = path.replace(f"{{{name}}}", "x")
    options = {"json": body} if call.method != "GET" else {"params": _flat(body)}
    url = f"/api/{version}/mlflow/{path}"
    answer = client.request(call.method, url, headers=editor, **options)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error_code", "message"}


def _flat(body):
    return {
        name: value if isinstance(value, list) and all(isinstance(v, str) for v in value) else str(value)
        for name, value in body.items()
        if value is not None
    }  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "%2e%2e/x", "a/%252e%252e/x", "..%5cx", "a\\..\\x", "/etc/passwd", "x" * 2000],
)  # fmt: skip
def test_artifact_paths_stay_where_they_are(client, editor, path):
    base = "/api/2.0/mlflow-artifacts/artifacts"
    for method, target, options in (
        ("GET", f"{base}?path={path}", {}),
        ("PUT", f"{base}/{path.replace('/', '%2F')}", {"content": b"x"}),
        ("DELETE", f"{base}/{path.replace('/', '%2F')}", {}),
    ):
        answer = client.request(method, target, headers=editor, **options)
        assert answer.status_code in {400, 404, 405, 501} or answer.json() == {"files": []}
