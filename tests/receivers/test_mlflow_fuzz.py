"""Every MLflow call, fuzzed from its own schema: answers are MLflow's, and none is a 500."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vedette.receivers.mlflow.routes import CALLS
from vedette.receivers.mlflow.schema import Schema, Type
from vedette.store.catalog import Scope

_TEXTS = st.one_of(
    st.sampled_from(["", "0", "1", "a/b", "ünï ☃", "x" * 9000, "../..", "a\x00b", "'; --", "nan"]),
    st.sampled_from(["%2e%2e", "m-1", "models:/a/1", "9" * 40, "\ud83d"]),
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


def values(kind: Type, name: str, there: dict[str, str]) -> st.SearchStrategy:
    """Return values of a type, and some that are not; where a member names an entity, one that is there."""
    singular = name.removesuffix("s")
    if kind.name == "string" and singular in there:
        right = st.just(there[singular])
    elif kind.item is not None:
        right = st.lists(values(kind.item, name, there), max_size=3)
    elif kind.members is not None:
        right = members(kind.members, there)
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


def members(schema: Schema, there: dict[str, str]) -> st.SearchStrategy:
    """Return objects with some of these members."""
    return st.fixed_dictionaries(
        {}, optional={name: values(member.type, name, there) for name, member in schema.items()}
    )


@pytest.fixture(scope="module")
def editor(new_key):
    return new_key("mlflow-fuzz", Scope.WRITE)


@pytest.fixture
def there(client, editor):
    """Return entities that are there, by the members that name them, made anew where one was deleted."""

    def made(path, body, *place, version="2.0"):
        answer = client.post(f"/api/{version}/mlflow/{path}", json=body, headers=editor)
        found = answer.json()
        for member in place:
            found = found[member]
        return found

    unique = uuid.uuid4().hex
    experiment = made("experiments/create", {"name": f"a/ü {unique}"}, "experiment_id")
    of = {"experiment_id": experiment}
    run = made("runs/create", of, "run", "info", "run_id")
    points = [
        {"key": "m", "value": "NaN", "timestamp": 1},
        {"key": "m", "value": 2, "timestamp": -1},
    ]
    params, tags = [{"key": "p", "value": "1"}], [{"key": "t", "value": "1"}]
    made("runs/log-batch", {"run_id": run, "metrics": points, "params": params, "tags": tags})
    name = f"m?#{unique}"
    made("registered-models/create", {"name": name})
    made("model-versions/create", {"name": name, "source": "s3://b/k"})
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": of}
    info = {
        "trace_id": f"tr-{unique}",
        "trace_location": place,
        "request_time": "2025-01-01T00:00:00Z",
    }
    made("traces", {"trace": {"trace_info": info}}, version="3.0")
    return {
        **of,
        "run_id": run,
        "run_uuid": run,
        "model_id": made("logged-models", of, "model", "info", "model_id"),
        "name": name,
        "version": "1",
        "alia": "best",
        "trace_id": info["trace_id"],
        "request_id": info["trace_id"],
        "metric_key": "m",
        "dataset_id": made(
            "datasets/create", {"name": unique, "experiment_ids": [experiment]},
            "dataset", "dataset_id", version="3.0",
        ),
        "issue_id": made(
            "issues", {**of, "name": "i", "description": "d"}, "issue", "issue_id", version="3.0"
        ),
    }  # fmt: skip


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_request_is_a_500(client, editor, there, call, data):
    body = data.draw(members(call.schema, there))
    version = "3.0" if call.path.startswith("3.0/") else "2.0"
    path = call.path.removeprefix("3.0/").replace(":path", "")
    for name in call.schema:
        path = path.replace(f"{{{name}}}", there.get(name, "x"))
    options = (
        {"content": json.dumps(body), "headers": editor | {"content-type": "application/json"}}
        if call.method != "GET"
        else {"params": _flat(body), "headers": editor}
    )
    url = f"/api/{version}/mlflow/{path}"
    answer = client.request(call.method, url, **options)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error_code", "message"}


def _flat(body):
    def text(value):
        return str(value).encode(errors="replace").decode()

    return {
        name: [text(part) for part in value] if isinstance(value, list) else text(value)
        for name, value in body.items()
        if value is not None
    }


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
