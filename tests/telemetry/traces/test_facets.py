"""Facets, completion, latency and comparison of spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.spans import MS, Sender, Sent, span_id
from vedette.core.errors import InvalidInputError
from vedette.query.language import Signal
from vedette.telemetry.facets import known_keys, known_values
from vedette.telemetry.traces.compare import compare_spans
from vedette.telemetry.traces.facets import facets
from vedette.telemetry.traces.filters import SpanFilter
from vedette.telemetry.traces.latency import latency_heatmap, latency_scatter

if TYPE_CHECKING:
    from vedette.query import QueryRunner

EVERYTHING = SpanFilter()


@pytest.fixture
def sent(sender: Sender) -> Sender:
    """Sends 12 fast spans of version 1 and 4 slow ones of version 2, one minute later."""
    fast = [
        Sent(
            f"f{n}",
            start=n,
            end=n + 10,
            attributes={"version": "1", "user": f"u{n % 3}"},
            resource={"host.name": f"h{n % 2}"},
        )
        for n in range(12)
    ]
    slow = [
        Sent(
            f"s{n}",
            service="slow",
            start=60_000 + n,
            end=61_000 + n,
            attributes={"version": "2", "user": f"u{n % 3}"},
            status="Error",
        )
        for n in range(4)
    ]
    sender.send(fast + slow)
    return sender


def test_facets_are_counted_span_by_span(runner: QueryRunner, sent: Sender) -> None:
    found = facets(
        runner,
        sent.account,
        sent.range,
        EVERYTHING,
        ["version", "service", "resource.host.name", "host", "absent", "user"],
        limit=2,
    ).facets
    by_key = {facet.key: facet for facet in found}
    assert [facet.key for facet in found][:2] == ["version", "service"]
    assert by_key["version"].values == (("1", 12), ("2", 4))
    assert by_key["service"].values == (("shop", 12), ("slow", 4))
    assert by_key["resource.host.name"].values == (("h0", 6), ("h1", 6))
    assert by_key["host"].values == by_key["resource.host.name"].values
    assert (by_key["host"].distinct, by_key["host"].present) == (2, 12)
    assert by_key["absent"].values == ()
    assert by_key["absent"].present == 0
    assert by_key["user"].values == (("u0", 6), ("u1", 5))
    assert (by_key["user"].distinct, by_key["user"].present) == (3, 16)


def test_facets_are_within_the_filter(runner: QueryRunner, sent: Sender) -> None:
    (found,) = facets(
        runner, sent.account, sent.range, SpanFilter("status:error"), ["version"]
    ).facets
    assert found.values == (("2", 4),)


@pytest.mark.parametrize("keys", [[], ["duration"], ["time"], [f"k{n}" for n in range(21)]])
def test_unfit_keys_are_refused(runner: QueryRunner, sender: Sender, keys: list[str]) -> None:
    with pytest.raises(InvalidInputError) as raised:
        facets(runner, sender.account, sender.range, EVERYTHING, keys)
    assert raised.value.field == "keys"


def test_keys_and_values_are_completed(runner: QueryRunner, sent: Sender) -> None:
    keys = dict(known_keys(runner, sent.account, sent.range, Signal.SPANS))
    assert {"service", "name", "kind", "status", "version", "user", "resource.host.name"} <= set(
        keys
    )
    assert keys["version"] == 16
    assert [
        key for key, _ in known_keys(runner, sent.account, sent.range, Signal.SPANS, "vers")
    ] == ["version"]
    assert known_values(runner, sent.account, sent.range, Signal.SPANS, "version") == [
        ("1", 12),
        ("2", 4),
    ]
    assert known_values(runner, sent.account, sent.range, Signal.SPANS, "user", "u2") == [("u2", 5)]
    assert known_values(runner, "someone-else", sent.range, Signal.SPANS, "version") == []


def test_the_heatmap_counts_every_span_once(runner: QueryRunner, sent: Sender) -> None:
    found = latency_heatmap(runner, sent.account, sent.range, EVERYTHING, points=15)
    cells = found.cells.records()
    base = int(sent.base.timestamp())
    assert found.step == 60
    assert [(c["time"] - base, c["count"], c["errors"]) for c in cells] == [(0, 12, 0), (60, 4, 4)]
    for cell, duration in zip(cells, (10 * MS, 1000 * MS), strict=True):
        assert 2 ** (cell["bucket"] / 2) - 1 <= duration < 2 ** ((cell["bucket"] + 1) / 2)


def test_a_scatter_of_few_spans_has_all(runner: QueryRunner, sent: Sender) -> None:
    found = latency_scatter(runner, sent.account, sent.range, EVERYTHING, limit=100)
    assert found.rows == 16
    assert found["time_ns"] == sorted(found["time_ns"])
    assert found["duration_ns"][-1] == 1000 * MS


def test_a_scatter_of_many_spans_has_the_longest(runner: QueryRunner, sent: Sender) -> None:
    found = latency_scatter(runner, sent.account, sent.range, EVERYTHING, limit=8)
    assert 4 <= found.rows <= 8
    assert {span_id(f"s{n}") for n in range(4)} <= set(found["span_id"])
    again = latency_scatter(runner, sent.account, sent.range, EVERYTHING, limit=8)
    assert found["span_id"] == again["span_id"]


def test_what_sets_slow_spans_apart(runner: QueryRunner, sent: Sender) -> None:
    found = compare_spans(
        runner,
        sent.account,
        (sent.range, SpanFilter(min_duration_ns=500 * MS)),
        (sent.range, SpanFilter(max_duration_ns=499 * MS)),
    )
    assert (found.selected, found.baseline) == (4, 12)
    assert (found.selected_sample, found.baseline_sample) == (4, 12)
    shares = {(d.key, d.value): (d.selected_share, d.baseline_share) for d in found.differences}
    assert shares["version", "2"] == (1.0, 0.0)
    assert shares["version", "1"] == (0.0, 1.0)
    assert shares["status", "Error"] == (1.0, 0.0)
    assert shares["service", "slow"] == (1.0, 0.0)
    assert ("user", "u1") not in shares  # as frequent in both, as far as so few spans can tell
    assert ("kind", "Internal") not in shares
    # p = 4/16 over both, so z = 1 / sqrt(0.25 * 0.75 * (1/4 + 1/12)) = 4.
    (version,) = [d for d in found.differences if (d.key, d.value) == ("version", "2")]
    assert version.z == pytest.approx(4)


def test_an_empty_group_has_no_differences(runner: QueryRunner, sent: Sender) -> None:
    found = compare_spans(
        runner, sent.account, (sent.range, SpanFilter(service="no")), (sent.range, EVERYTHING)
    )
    assert (found.differences, found.selected, found.baseline) == ((), 0, 16)
