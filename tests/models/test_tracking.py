"""Runs start in one short transaction; what a run cannot start in is told."""

from __future__ import annotations

import json

import pytest

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.models.tracking.experiments import Experiments
from vedette.models.tracking.log_batch import log_batch
from vedette.models.tracking.model_history import record_model
from vedette.models.tracking.read_runs import ReadRuns
from vedette.models.tracking.runs import Runs
from vedette.store.catalog.tracking_models import RunRow


@pytest.fixture
def experiment(as_user):
    return Experiments(as_user("ann")).create("e")


@pytest.fixture
def statements(catalog):
    """Return the statements that reach SQLite from now on, as the engine sees them."""
    engine, told = catalog._database.engine, []
    # The pool gives out the connection that was used last.
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
    driver.set_trace_callback(told.append)
    yield told
    driver.set_trace_callback(None)


def test_a_run_starts_with_few_statements(as_user, experiment, statements):
    ann = as_user("ann")
    made = Runs(ann).create(experiment, name="first", start_ms=5, tags=[("a", "1"), ("b", "2")])
    # What lays down durability is all there: one transaction with the run and its audit record.
    begun, head, started, *tags, record, moved, done = [text.split()[0] for text in statements]
    assert (begun, head, started, record, moved, done) == (
        "BEGIN", "SELECT", "INSERT", "INSERT", "UPDATE", "COMMIT",
    )  # fmt: skip
    assert tags == ["INSERT"] * 3, "one for each tag, of a statement that is prepared once"
    found = Runs(ann).info(made.info.id)
    assert found == made.info
    assert found.artifact_uri.endswith(f"/{made.info.id}/artifacts")
    (record,) = ann.catalog.audit.list(ann.account, event_name="CreateRun").items
    assert record.record["requestParameters"]["run_name"] == "first"


def test_a_run_needs_an_active_experiment(catalog, as_user, experiment):
    ann = as_user("ann")
    Experiments(ann).delete(experiment)
    with pytest.raises(InvalidInputError, match="active"):
        Runs(ann).create(experiment)
    with pytest.raises(NotFoundError):
        Runs(ann).create("12345")
    Experiments(ann).restore(experiment)
    kept = Runs(ann).create(experiment, run_id="abc123")
    with pytest.raises(ConflictError):
        Runs(ann).create(experiment, run_id="abc123")
    with catalog.read() as session:
        assert session.query(RunRow).filter_by(account=ann.account).count() == 1
    Runs(ann).require(kept.info.id)
    with pytest.raises(NotFoundError):
        Runs(ann).require("unknown")


def test_a_change_that_fails_leaves_nothing(catalog, as_user, experiment):
    ann = as_user("ann")
    before = len(catalog.audit.list(ann.account).items)
    with pytest.raises(RuntimeError), ann.change("CreateRun") as change:
        change.session.add(
            RunRow(
                id="half", account=ann.account, experiment_id=experiment, name="n", user_id="",
                status="RUNNING", artifact_uri="", lifecycle_stage="active",
            )
        )  # fmt: skip
        change.session.flush()
        raise RuntimeError
    with catalog.read() as session:
        assert session.get(RunRow, "half") is None
    assert len(catalog.audit.list(ann.account).items) == before
    assert Runs(ann).create(experiment).info.status == "RUNNING", "the writer is free again"


def test_values_that_are_too_long_are_cut(as_user, experiment):
    ann = as_user("ann")
    runs = Runs(ann)
    run_id = runs.create(experiment, tags=[("at the start", "x" * 9000)]).info.id
    runs.set_tag(run_id, "set", "x" * 9000)
    runs.log_params(run_id, [("one", "x" * 7000)])
    for _ in range(2):  # a retry compares what is kept
        log_batch(ann, run_id, params=[("batch", "x" * 6001)], tags=[("batch", "x" * 8001)])
    run = ReadRuns(ann).get(run_id)
    assert {key: len(value) for key, value in run.params.items()} == {"one": 6000, "batch": 6000}
    lengths = [len(run.tags[key]) for key in ("at the start", "set", "batch")]
    assert lengths == [8000, 8000, 8000]


def test_models_of_old_clients_are_a_tag_that_stays_readable(as_user, experiment):
    ann = as_user("ann")
    run_id = Runs(ann).create(experiment, tags=[("mlflow.log-model.history", "by hand")]).info.id

    def listed():
        return json.loads(ReadRuns(ann).get(run_id).tags["mlflow.log-model.history"])

    model = {"artifact_path": "m", "run_id": run_id, "utc_time_created": "now", "signature": "no"}
    flavor = {"loader": "x" * 3000, "config": "no"}
    for number in range(4):
        told = {**model, "artifact_path": f"m{number}", "flavors": {"sklearn": flavor}}
        record_model(ann, run_id, json.dumps(told))
    assert [told["artifact_path"] for told in listed()] == ["m2", "m3"], "the first ones went"
    assert listed()[1] == {
        "artifact_path": "m3", "run_id": run_id, "utc_time_created": "now",
        "flavors": {"sklearn": {"loader": "x" * 3000}},
    }  # fmt: skip
    record_model(ann, run_id, json.dumps({**model, "flavors": {"torch": {"code": "x" * 9000}}}))
    assert listed()[-1]["flavors"] == {"torch": {}}
    for text in ("{", "[]", json.dumps(model), json.dumps({**model, "flavors": {"x" * 9000: {}}})):
        with pytest.raises(InvalidInputError, match=r"[Mm]odel"):
            record_model(ann, run_id, text)
