import json

import pytest

from vedette.core.identity import ResourceId
from vedette.store.catalog import AuditEvent
from vedette.store.catalog.audit_record import canonical, hash_text
from vedette.store.catalog.audit_verify import ProblemKind

LENGTH = 12


@pytest.fixture
def chain(catalog, actor):
    """A catalog whose chain has 12 records."""
    catalog.tags.set(actor, ResourceId("acme", "service", "x"), {"a": "1"})
    rest = LENGTH - catalog.audit.verify().head_sequence
    searches = [
        AuditEvent(actor=actor, name="Search", read_only=True, request={"n": n})
        for n in range(rest)
    ]
    catalog.audit.record_events(searches)
    report = catalog.audit.verify()
    assert report.ok
    assert report.records == report.head_sequence == LENGTH
    return catalog


def found(catalog, **more):
    """Return what the walk names, as (kind, sequence) with the count of a range."""
    report = catalog.audit.verify(**more)
    assert report.ok == (not report.problems)
    return [(problem.kind, problem.sequence, problem.count) for problem in report.problems]


def forge(tamper, sequence, *, new_sequence=None, event_id=None, **members):
    """Return the columns of a record changed by someone who also computes its hash."""
    (row,) = tamper(
        "SELECT event_id, event_time, account, actor_id, event_name, read_only, error_code, record"
        " FROM audit WHERE sequence = ?",
        sequence,
    )
    record = json.loads(row[7]) | members
    if event_id is not None:
        record["eventID"] = event_id
    if new_sequence is not None:
        record["sequence"] = new_sequence
    text = canonical(record)
    names = [record["eventID"], *row[1:4], record["eventName"], *row[5:7]]
    return [*names, text, hash_text(text)]


def insert(tamper, sequence, columns):
    tamper(
        "INSERT INTO audit (sequence, event_id, event_time, account, actor_id, event_name,"
        " read_only, error_code, record, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        sequence,
        *columns,
    )


def test_a_changed_text(chain, tamper):
    tamper("UPDATE audit SET record = replace(record, 'Search', 'Forget') WHERE sequence = 7")
    assert found(chain) == [(ProblemKind.CHANGED, 7, 1)]
    problem = chain.audit.verify().problems[0]
    assert problem.event_id == tamper("SELECT event_id FROM audit WHERE sequence = 7")[0][0]


@pytest.mark.parametrize("sequence", [1, 7, LENGTH])
def test_a_changed_text_with_a_hash_that_fits(chain, tamper, sequence):
    columns = forge(tamper, sequence, sourceIPAddress="198.51.100.1")
    tamper(
        "UPDATE audit SET record = ?, hash = ? WHERE sequence = ?",
        columns[7],
        columns[8],
        sequence,
    )
    assert found(chain) == [(ProblemKind.CHANGED, sequence, 1)]


@pytest.mark.parametrize(
    "change",
    [
        "event_name = 'Forget'",
        "account = 'default'",
        "actor_id = 'someone'",
        "error_code = 'x'",
        "read_only = NOT read_only",
        "event_time = '2020-01-01 00:00:00.000000'",
        "event_id = 'x'",
        "hash = 'x'",
        "record = '{}'",
        "record = '[1'",
        'record = \'{"sequence": "x", "previousHash": 1}\'',
    ],
)
def test_any_changed_column(chain, tamper, change):
    tamper(f"UPDATE audit SET {change} WHERE sequence = 5")
    assert (ProblemKind.CHANGED, 5, 1) in found(chain)


def test_an_equal_record_in_other_spelling_is_a_changed_one(chain, tamper):
    (text,) = tamper("SELECT record FROM audit WHERE sequence = 5")[0]
    spaced = json.dumps(json.loads(text))
    tamper("UPDATE audit SET record = ?, hash = ? WHERE sequence = 5", spaced, hash_text(spaced))
    assert (ProblemKind.CHANGED, 5, 1) in found(chain)


@pytest.mark.parametrize(("first", "last"), [(1, 1), (5, 5), (5, 8), (LENGTH, LENGTH), (9, LENGTH)])
def test_removed_records(chain, tamper, first, last):
    tamper("DELETE FROM audit WHERE sequence BETWEEN ? AND ?", first, last)
    assert found(chain) == [(ProblemKind.REMOVED, first, last - first + 1)]


def test_removed_and_the_rest_renumbered(chain, tamper):
    tamper("DELETE FROM audit WHERE sequence = 5")
    for sequence in range(6, LENGTH + 1):
        tamper("UPDATE audit SET sequence = ? WHERE sequence = ?", sequence - 1, sequence)
    assert found(chain) == [(ProblemKind.REMOVED, 5, 1)]


def test_everything_removed(chain, tamper):
    tamper("DELETE FROM audit")
    assert found(chain) == [(ProblemKind.REMOVED, 1, LENGTH)]


def test_the_head_removed(chain, tamper):
    tamper("DELETE FROM audit_head")
    assert found(chain) == [(ProblemKind.REMOVED, LENGTH + 1, 1)]


def test_a_record_inserted_at_the_end(chain, tamper):
    (last,) = tamper("SELECT hash FROM audit WHERE sequence = ?", LENGTH)[0]
    columns = forge(tamper, LENGTH, new_sequence=LENGTH + 1, event_id="new", previousHash=last)
    insert(tamper, LENGTH + 1, columns)
    assert found(chain) == [(ProblemKind.INSERTED, LENGTH + 1, 1)]


def test_a_record_inserted_in_the_middle(chain, tamper):
    """The rest is renumbered; the genuine record of this number is the one that the next names."""
    columns = forge(tamper, 5, event_id="new", eventName="Forged")
    for sequence in range(LENGTH, 4, -1):
        tamper("UPDATE audit SET sequence = ? WHERE sequence = ?", sequence + 1, sequence)
    insert(tamper, 5, columns)
    report = chain.audit.verify()
    assert [(item.kind, item.sequence, item.event_id) for item in report.problems] == [
        (ProblemKind.INSERTED, 5, "new")
    ]


def test_two_records_swapped(chain, tamper):
    tamper("UPDATE audit SET sequence = 100 WHERE sequence = 5")
    tamper("UPDATE audit SET sequence = 5 WHERE sequence = 6")
    tamper("UPDATE audit SET sequence = 6 WHERE sequence = 100")
    assert found(chain) == [(ProblemKind.REORDERED, 5, 1)]


def test_a_record_moved_to_the_end_and_changed(chain, tamper):
    columns = forge(tamper, 5, eventName="Forged")
    tamper(
        "UPDATE audit SET sequence = 100, record = ?, hash = ?, event_name = 'Forged'"
        " WHERE sequence = 5",
        columns[7],
        columns[8],
    )
    assert found(chain) == [(ProblemKind.REORDERED, 5, 1), (ProblemKind.CHANGED, 5, 1)]


def test_every_number_shifted(chain, tamper):
    for sequence in range(LENGTH, 0, -1):
        tamper("UPDATE audit SET sequence = ? WHERE sequence = ?", sequence + 10, sequence)
    assert found(chain) == [(ProblemKind.REORDERED, 1, 1)]


def test_several_bad_records_are_each_named(chain, tamper):
    tamper("UPDATE audit SET record = replace(record, 'Search', 'Forget') WHERE sequence = 7")
    tamper("DELETE FROM audit WHERE sequence = 4")
    tamper("UPDATE audit SET account = 'default' WHERE sequence = 10")
    assert found(chain) == [
        (ProblemKind.REMOVED, 4, 1),
        (ProblemKind.CHANGED, 7, 1),
        (ProblemKind.CHANGED, 10, 1),
    ]


def test_a_hash_kept_elsewhere_shows_a_chain_that_was_rewritten(chain, tamper):
    kept = chain.audit.verify()
    anchor = (kept.head_sequence, kept.head_hash)
    assert found(chain, expected=anchor) == []
    previous = None
    for sequence in range(5, LENGTH + 1):
        members = {"sourceIPAddress": "198.51.100.1"}
        if previous is not None:
            members["previousHash"] = previous
        columns = forge(tamper, sequence, **members)
        previous = columns[8]
        tamper(
            "UPDATE audit SET record = ?, hash = ? WHERE sequence = ?",
            columns[7],
            previous,
            sequence,
        )
    tamper("UPDATE audit_head SET hash = ?", previous)
    assert found(chain) == []
    assert found(chain, expected=anchor) == [(ProblemKind.CHANGED, LENGTH, 1)]
    assert found(chain, expected=(99, "x")) == [(ProblemKind.REMOVED, 99, 1)]


def test_problems_are_bounded_but_counted(chain, actor, tamper):
    chain.audit.record_events([AuditEvent(actor=actor, name="Search")] * 300)
    tamper("UPDATE audit SET hash = 'x'")
    report = chain.audit.verify()
    assert len(report.problems) == 100
    assert report.problem_count >= 312


def test_a_long_chain_is_walked_in_parts(chain, actor):
    chain.audit.record_events([AuditEvent(actor=actor, name="Search")] * 1000)
    chain.audit.record_events([AuditEvent(actor=actor, name="Search")] * 300)
    report = chain.audit.verify()
    assert report.ok
    assert report.records == 1300 + LENGTH
