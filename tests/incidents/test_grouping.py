"""Which alarms belong together, and which do not."""

from datetime import UTC, datetime, timedelta

import pytest

from vedette.incidents.grouping import Candidate, Firing, Surroundings, find_incident

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CALLS = {"web": ["shop"], "shop": ["db"], "batch": ["lake"]}


def firing(services=(), cause="", resources=(), alarm="new", minutes=0.0):
    return Firing(
        alarm, frozenset(services), cause, cause, frozenset(resources),
        NOW + timedelta(minutes=minutes),
    )  # fmt: skip


def incident(name="one", services=(), cause="", resources=(), alarms=("old",), quiet=None):
    return Candidate(
        name, frozenset(alarms), frozenset(services), cause, frozenset(resources), NOW,
        None if quiet is None else NOW + timedelta(minutes=quiet),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (firing(["web"]), "web depends on db"),
        (firing(["shop"]), "shop calls db"),
        (firing(["db"]), "same service: db"),
        (firing(["elsewhere"], "version|x|y"), "same likely cause: version|x|y"),
        (firing(["elsewhere"], alarm="old"), "it fires again"),
        (firing(resources=["a/dataset/orders"]), "same resource: a/dataset/orders"),
        (firing(resources=["a/model/churn"]), "linked in lineage"),
        (firing(["batch"]), None),
        (firing(), None),
    ],
)
def test_an_alarm_joins_by_what_it_has_in_common(new, reason):
    one = incident(services=["db"], cause="version|x|y", resources=["a/dataset/orders"])
    around = Surroundings(CALLS, {"a/model/churn": {"a/dataset/orders": 3}})
    found = find_incident(new, [one], around)
    if reason is None:
        assert found is None
    else:
        assert found.incident_id == "one"
        assert reason in found.reason


def test_a_caller_of_the_alarms_service_counts_too():
    found = find_incident(firing(["db"]), [incident(services=["web"])], Surroundings(CALLS))
    assert found.reason == "web depends on db"


def test_the_nearer_incident_is_joined():
    far, near = incident("far", ["db"]), incident("near", ["shop"])
    found = find_incident(firing(["web"]), [far, near], Surroundings(CALLS))
    assert found.incident_id == "near"


@pytest.mark.parametrize(
    ("quiet", "minutes", "joins"), [(0, 29, True), (0, 31, False), (None, 300, True)]
)
def test_an_incident_that_was_over_for_long_is_another_one(quiet, minutes, joins):
    one = incident(services=["db"], quiet=quiet)
    assert (
        find_incident(firing(["db"], minutes=minutes), [one], Surroundings()) is not None
    ) is joins


def test_what_is_too_far_apart_does_not_belong_together():
    chain = {f"s{n}": [f"s{n + 1}"] for n in range(10)}
    near = find_incident(firing(["s0"]), [incident(services=["s4"])], Surroundings(chain))
    far = find_incident(firing(["s0"]), [incident(services=["s5"])], Surroundings(chain))
    assert near
    assert far is None
