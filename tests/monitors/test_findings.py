"""What monitors found last is what a version needs before it enters a stage."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from vedette.core.errors import ForbiddenError
from vedette.core.time import TimeRange
from vedette.models.context import Caller
from vedette.models.production.profile import dataset_of
from vedette.models.registry.approvals import Approvals
from vedette.models.registry.models import Models
from vedette.models.registry.rules import Rules
from vedette.models.registry.stages import Stage
from vedette.models.registry.versions import Versions
from vedette.monitors.findings import LastFindings
from vedette.monitors.models.definition import ModelMonitorSpec
from vedette.monitors.models.service import ModelMonitors
from vedette.monitors.results import Result, Results
from vedette.store.catalog import Actor, IdentityType

_NUMBERS = itertools.count()


@pytest.fixture
def account(catalog):
    name = f"findings-{next(_NUMBERS)}"
    catalog.accounts.create(Actor.system("tests"), name)
    return name


@pytest.fixture
def approvals_of(catalog, runner, account):
    def make(login):
        actor = Actor(type=IdentityType.USER, id=f"id-{login}", name=login, account=account)
        caller = Caller(catalog, account, actor)
        return caller, Approvals(caller, LastFindings(catalog, runner, account))

    return make


@pytest.fixture
def monitor(catalog, warehouse, runner, account):
    """Return a function that stores what a run of a monitor found in a window."""
    monitors, results, runs = ModelMonitors(catalog), Results(warehouse, runner), itertools.count()
    now = datetime.now(UTC).replace(microsecond=0)

    def found(name, *rows, version="1", hours_ago=1.0, model="churn"):
        spec = ModelMonitorSpec(
            model=model, version=version, window="1h", schedule="every 1h",
            quality=[{"metric": "accuracy", "min": 0.5}],
        )  # fmt: skip
        made = monitors.put(Actor.system("tests"), account, name, spec)
        start = now - timedelta(hours=hours_ago + 1)
        window = TimeRange(start, start + timedelta(hours=1))
        every = [Result("window", "rows", "ok", value=10.0), *rows]
        results.store(
            account, dataset_of(model), made.id, f"{next(runs):09}", window, every, time=now
        )

    return found


def bias(status, text="DI is 0.4"):
    return Result("bias", "DI", status, "plan", description=text)


QUALITY = Result("quality", "accuracy", "ok", description="accuracy is 0.9")


@pytest.fixture
def asked(approvals_of):
    """Return what the checks of a rule say of version 1 of churn, as somebody asks for it."""
    ann, approvals = approvals_of("ann")
    Models(ann).create("churn")
    Versions(ann).create("churn", "s3://b/m")

    def ask(*checks):
        Rules(ann).put("churn", Stage.PRODUCTION, checks=list(checks))
        request = approvals.request("churn", 1, Stage.PRODUCTION)
        approvals.cancel(request.id)
        return [(one.passed, one.message) for one in request.checks]

    return ask


def test_a_version_needs_monitors_that_found_nothing(asked, monitor):
    everything = [{"check": kind} for kind in ("quality", "drift", "bias", "attributions")]
    assert asked(*everything) == [
        (False, f"no monitor has judged the {kind} of version 1")
        for kind in ("quality", "drift", "bias", "attributions")
    ]
    monitor("daily", QUALITY, bias("violated"), Result("drift", "dataset", "no drift"), hours_ago=5)
    quality, drift, fair, why = asked(*everything)
    assert (quality[0], drift[0], why[0]) == (True, True, False)
    assert fair == (False, "bias, by 'daily': DI is 0.4")
    # The window after it counts, whatever the one before it had; one without data does not.
    monitor("daily", QUALITY, bias("ok"), hours_ago=3)
    monitor("daily", hours_ago=1)
    assert asked({"check": "bias"}) == [(True, "bias: 'daily' found nothing wrong")]
    # A late label has the same window looked at again.
    monitor("daily", QUALITY, bias("violated"), hours_ago=3)
    assert asked({"check": "bias"}) == [(False, "bias, by 'daily': DI is 0.4")]


def test_a_column_that_drifts_is_no_drift_of_the_whole(asked, monitor):
    column = Result("drift", "wasserstein", "drift", "age", description="age moved")
    monitor("daily", column, Result("drift", "share", "no drift", description="1 of 9 moved"))
    assert asked({"check": "drift"})[0][0] is True
    monitor("daily", column, Result("drift", "share", "drift", description="8 of 9 moved"))
    assert asked({"check": "drift"}) == [(False, "drift, by 'daily': 8 of 9 moved")]


def test_monitors_of_other_versions_and_models_do_not_count(asked, monitor):
    monitor("of another version", bias("ok"), version="2")
    monitor("of another model", bias("ok"), model="other")
    assert asked({"check": "bias"})[0][0] is False
    assert asked({"check": "bias", "monitor": "of another model"})[0][0] is True
    assert asked({"check": "bias", "monitor": "unknown"}) == [
        (False, "monitor 'unknown' has not judged the bias of version 1")
    ]
    monitor("of every version", bias("ok"), version=None, hours_ago=30)
    assert asked({"check": "bias"})[0][0] is True
    ((passed, why),) = asked({"check": "bias", "hours": 24})
    assert (passed, "30 hours ago; up to 24" in why) == (False, True)


def test_the_last_approval_looks_again(asked, approvals_of, monitor):
    ann, approvals = approvals_of("ann")
    monitor("daily", bias("ok"), hours_ago=3)
    Rules(ann).put("churn", Stage.PRODUCTION, checks=[{"check": "bias"}])
    request = approvals.request("churn", 1, Stage.PRODUCTION)
    assert [one.passed for one in request.checks] == [True]
    monitor("daily", bias("violated"), hours_ago=1)
    _, bob = approvals_of("bob")
    with pytest.raises(ForbiddenError, match=r"DI is 0\.4"):
        bob.decide(request.id, approve=True)
    monitor("daily", bias("ok"), hours_ago=1)
    assert bob.decide(request.id, approve=True).status == "approved"
    assert Versions(ann).get("churn", 1).stage == Stage.PRODUCTION
