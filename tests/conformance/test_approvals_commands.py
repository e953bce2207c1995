"""``vedette approvals`` against a real server: a key asks, people decide."""

from __future__ import annotations

import httpx
import pytest
from typer.testing import CliRunner

from vedette.cli.main import app
from vedette.core.errors import VedetteError
from vedette.store.catalog import Actor, Role

_ACTOR = Actor.system("tests")
_PASSWORD = "correct horse battery"


@pytest.fixture
def people(tenant):
    """An approver and a viewer of the account; returns their logins."""
    logins = {role: f"{role.value}-of-{tenant.account}" for role in (Role.APPROVER, Role.VIEWER)}

    def make(catalog):
        for role, login in logins.items():
            user = catalog.users.create(_ACTOR, login, display_name=login, password=_PASSWORD)
            catalog.memberships.grant(_ACTOR, user.id, tenant.account, role)

    tenant.server.change(make)
    return logins


@pytest.fixture
def vedette(tenant):
    for method, path, body in (
        ("POST", "/api/2.0/mlflow/registered-models/create", {"name": "churn"}),
        ("POST", "/api/2.0/mlflow/model-versions/create", {"name": "churn", "source": "s3://b/m"}),
        ("POST", "/api/2.0/mlflow/model-versions/create", {"name": "churn", "source": "s3://b/m"}),
        ("PUT", "/api/v1/approval-rules", {"model": "churn", "stage": "Production"}),
    ):
        answer = httpx.request(
            method, f"{tenant.server.url}{path}", json=body, headers=tenant.headers
        )
        assert answer.is_success, answer.text
    env = {"VEDETTE_ENDPOINT": tenant.server.url, "VEDETTE_API_KEY": tenant.key, "COLUMNS": "80"}

    def run(*arguments, typed=""):
        done = CliRunner(env=env).invoke(app, ["approvals", *arguments], input=typed)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    return run


def test_a_person_decides_what_a_key_asked_for(vedette, people):
    approver = people[Role.APPROVER]
    first, second = (
        vedette("request", "churn", number, "Production").split()[-1] for number in "12"
    )
    listed = vedette("list")
    assert listed.count("0/1") == 2
    assert first in listed, "whole: the next command takes it"
    typed = f"{_PASSWORD}\n"
    with pytest.raises(VedetteError, match="password"):
        vedette("approve", first, "--login", approver, typed="wrong\n")
    with pytest.raises(VedetteError, match="approvals:decide"):
        vedette("approve", first, "--login", people[Role.VIEWER], typed=typed)
    approved = vedette("approve", first, typed=f"{approver}\n{typed}")
    assert "the request is approved" in approved
    assert _PASSWORD not in approved
    with pytest.raises(VedetteError, match="comment"):
        vedette("reject", second, "--login", approver, typed=typed)
    rejected = vedette("reject", second, "--login", approver, "--comment", "no", typed=typed)
    assert "the request is rejected" in rejected
    assert vedette("list", "--status", "approved").count("1/1") == 1
