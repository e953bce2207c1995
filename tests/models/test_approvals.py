import pytest

from vedette.core.errors import ConflictError, ForbiddenError, InvalidInputError
from vedette.models.registry.aliases import Aliases
from vedette.models.registry.approvals import Approvals, expire_requests
from vedette.models.registry.cards import Cards, as_html
from vedette.models.registry.models import Models
from vedette.models.registry.rules import Rules
from vedette.models.registry.stages import Stage, StageStatus
from vedette.models.registry.versions import Versions
from vedette.models.tracking.log_batch import log_batch
from vedette.models.tracking.runs import Metric, Runs
from vedette.store.catalog import Actor, Scope


@pytest.fixture
def ann(as_user):
    return as_user("ann")


def make_version(caller, auc=None, name="churn"):
    run_id = ""
    if auc is not None:
        run_id = Runs(caller).create("0").info.id
        log_batch(caller, run_id, [Metric("auc", auc, 1)])
    return Versions(caller).create(name, "s3://bucket/model", run_id=run_id).version


@pytest.fixture
def model(ann):
    Models(ann).create("churn")
    return "churn"


def test_a_guarded_stage_is_entered_by_approvals_alone(ann, as_user, model):
    Rules(ann).put(model, Stage.PRODUCTION, approvals=2, aliases=["champion"])
    version = make_version(ann)
    with pytest.raises(ForbiddenError, match="needs 2 approvals"):
        Versions(ann).transition(model, version, Stage.PRODUCTION)
    with pytest.raises(ForbiddenError, match="guarded as Production"):
        Aliases(ann).set(model, "champion", version)
    Versions(ann).transition(model, version, Stage.QA)
    request = Approvals(ann).request(model, version, Stage.PRODUCTION, comment="please")
    assert Versions(ann).get(model, version).stage_status == StageStatus.PENDING_APPROVAL
    with pytest.raises(ConflictError, match="waits already"):
        Approvals(ann).request(model, version, Stage.PRODUCTION)
    with pytest.raises(ForbiddenError, match="of their own"):
        Approvals(ann).decide(request.id, approve=True)
    bob, eve = Approvals(as_user("bob")), Approvals(as_user("eve"))
    assert bob.decide(request.id, approve=True, comment="fine").status == "pending"
    with pytest.raises(ConflictError, match="decided about this request already"):
        bob.decide(request.id, approve=True)
    decided = eve.decide(request.id, approve=True)
    assert (decided.status, [d.actor for d in decided.decisions]) == ("approved", ["bob", "eve"])
    entered = Versions(ann).get(model, version)
    assert (entered.stage, entered.stage_status) == (Stage.PRODUCTION, StageStatus.APPROVED)
    Aliases(ann).set(model, "champion", version)
    with pytest.raises(ConflictError, match="the request is approved"):
        eve.decide(request.id, approve=False, comment="too late")


def test_who_asks_with_a_key_of_theirs_cannot_approve(ann, as_user, catalog, account, model):
    Rules(ann).put(model, Stage.PRODUCTION)
    key = catalog.keys.create(ann.actor, account, name="ci", scopes=[Scope.WRITE]).key
    by_key = type(ann)(catalog, account, Actor.system(key.id, account))
    request = Approvals(by_key).request(model, make_version(ann), Stage.PRODUCTION)
    with pytest.raises(ForbiddenError, match="of their own"):
        Approvals(ann).decide(request.id, approve=True)
    assert Approvals(as_user("bob")).decide(request.id, approve=True).status == "approved"


def test_only_reviewers_decide_where_they_are_named(ann, as_user, model):
    Rules(ann).put(model, Stage.PRODUCTION, reviewers=["eve"])
    request = Approvals(ann).request(model, make_version(ann), Stage.PRODUCTION)
    with pytest.raises(ForbiddenError, match="not one of the reviewers"):
        Approvals(as_user("bob")).decide(request.id, approve=True)
    rejected = Approvals(as_user("eve")).decide(request.id, approve=False, comment="no")
    assert rejected.status == "rejected"
    assert Versions(ann).get(model, 1).stage_status == StageStatus.REJECTED


def test_checks_must_be_green_when_it_is_decided(ann, as_user, model):
    checks = [{"check": "better_than_production", "metric": "auc"}, {"check": "tag", "key": "ok"}]
    first = make_version(ann, auc=0.8)
    Versions(ann).transition(model, first, Stage.PRODUCTION)
    Rules(ann).put(model, Stage.PRODUCTION, checks=checks)
    worse, better = make_version(ann, auc=0.7), make_version(ann, auc=0.9)
    bob = Approvals(as_user("bob"))
    request = Approvals(ann).request(model, worse, Stage.PRODUCTION)
    assert [check.passed for check in request.checks] == [False, False]
    with pytest.raises(ForbiddenError, match=r"auc is 0\.7; version 1 in production has 0\.8"):
        bob.decide(request.id, approve=True)
    assert Versions(ann).get(model, worse).stage == Stage.DEVELOPMENT
    request = Approvals(ann).request(model, better, Stage.PRODUCTION)
    with pytest.raises(ForbiddenError, match="tag ok is not set"):
        bob.decide(request.id, approve=True)
    Versions(ann).set_tag(model, better, "ok", "yes")
    assert bob.decide(request.id, approve=True).status == "approved"


def test_requests_lapse_and_are_taken_back(ann, as_user, catalog, clock, model):
    Rules(ann).put(model, Stage.PRODUCTION, expires_hours=2)
    request = Approvals(ann).request(model, make_version(ann), Stage.PRODUCTION)
    clock.pass_hours(3)
    with pytest.raises(ConflictError, match="the request is expired"):
        Approvals(as_user("bob")).decide(request.id, approve=True)
    assert expire_requests(catalog) == 1
    assert Approvals(ann).get(request.id).status == "expired"
    again = Approvals(ann).request(model, 1, Stage.PRODUCTION)
    with pytest.raises(ForbiddenError, match="only who asked"):
        Approvals(as_user("bob")).cancel(again.id)
    assert Approvals(ann).cancel(again.id).status == "cancelled"
    assert Versions(ann).get(model, 1).stage_status == StageStatus.IN_PROGRESS


def test_what_lapsed_keeps_nobody_from_asking_again(ann, as_user, catalog, account, clock, model):
    Rules(ann).put(model, Stage.PRODUCTION, expires_hours=1)
    first = Approvals(ann).request(model, make_version(ann), Stage.PRODUCTION)
    clock.pass_hours(1)
    again = Approvals(ann).request(model, 1, Stage.PRODUCTION)
    assert (Approvals(ann).get(first.id).status, again.status) == ("expired", "pending")
    events = [item.record["eventName"] for item in catalog.audit.list(account).items]
    assert events[:2] == ["RequestApproval", "ExpireApprovalRequest"]
    assert Approvals(as_user("bob")).decide(again.id, approve=True).status == "approved"


def test_a_rejection_says_why(ann, as_user, model):
    Rules(ann).put(model, Stage.PRODUCTION)
    request = Approvals(ann).request(model, make_version(ann), Stage.PRODUCTION)
    with pytest.raises(InvalidInputError, match="needs a comment"):
        Approvals(as_user("bob")).decide(request.id, approve=False, comment=" ")
    assert Approvals(ann).get(request.id).status == "pending"


def test_every_step_is_audited(ann, as_user, catalog, account, model):
    Rules(ann).put("*", Stage.PRODUCTION)
    request = Approvals(ann).request(model, make_version(ann), Stage.PRODUCTION)
    Approvals(as_user("bob")).decide(request.id, approve=True)
    events = [item.record["eventName"] for item in catalog.audit.list(account).items]
    assert events[:3] == ["ApproveRequest", "RequestApproval", "CreateModelVersion"]
    assert "PutApprovalRule" in events


@pytest.mark.parametrize(
    "checks",
    [
        [{"check": "nothing"}],
        [{"check": "metric_at_least", "metric": "auc"}],
        [{"check": "metric_at_least", "metric": "auc", "value": "high"}],
        [{"check": "tag", "key": "a", "more": 1}],
    ],
)
def test_wrong_checks_are_refused(ann, checks):
    with pytest.raises(InvalidInputError):
        Rules(ann).put("churn", Stage.PRODUCTION, checks=checks)


def test_a_card_gathers_what_is_known_and_keeps_what_is_written(ann, as_user, model):
    version = make_version(ann, auc=0.75)
    cards = Cards(ann)
    assert cards.get(model, version).revision == 0
    cards.write(model, version, {"intended_use": "<b>offers</b>"}, risk="high")
    card = cards.write(model, version, {"limitations": "few"}, status="approved", base_revision=1)
    assert card.content == {"intended_use": "<b>offers</b>", "limitations": "few"}
    assert card.facts["metrics"] == {"auc": 0.75}
    with pytest.raises(ConflictError, match="at revision 2"):
        cards.write(model, version, {"owners": "us"}, base_revision=1)
    with pytest.raises(InvalidInputError, match="not a section"):
        cards.write(model, version, {"poem": "x"})
    page = as_html(card)
    assert "&lt;b&gt;offers&lt;/b&gt;" in page
    assert "0.75" in page
