"""Damaged OTLP bodies in one group with whole ones: the whole ones are stored, unharmed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from support.otlp_bodies import logs_body, metrics_body, traces_body
from vedette.core.errors import InvalidInputError
from vedette.ingest import Receipt, Source
from vedette.store.warehouse import Warehouse

Submit = Callable[..., list[Receipt | BaseException]]
NUMBERS = itertools.count()
RECORDS = 12
POINTS = " UNION ALL ".join(
    f"SELECT Account, Attributes FROM otel_metrics_{kind}" for kind in ("gauge", "sum", "histogram")
)
COUNTS = {
    Source.OTLP_TRACES: "SELECT count() FROM otel_traces WHERE Account = {a:String} "
    "AND SpanAttributes['batch'] = {b:String}",
    Source.OTLP_LOGS: "SELECT count() FROM otel_logs WHERE Account = {a:String} "
    "AND LogAttributes['batch'] = {b:String}",
    Source.OTLP_METRICS: f"SELECT count() FROM ({POINTS}) "
    "WHERE Account = {a:String} AND Attributes['batch'] = {b:String}",
}
MAKERS = {
    Source.OTLP_TRACES: traces_body,
    Source.OTLP_LOGS: logs_body,
    Source.OTLP_METRICS: metrics_body,
}


def damaged(body: bytes, draw: random.Random) -> bytes:
    """Return a body with one to four mutations of the kinds that break parsers."""
    raw = bytearray(body)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(raw))
        kind = draw.randrange(7)
        if kind == 0:
            raw[at] ^= 1 << draw.randrange(4)
        elif kind == 1:
            raw[at] = draw.randrange(256)
        elif kind == 2:
            raw[at : at + 8] = b"\xff" * 8
        elif kind == 3:
            del raw[at : at + draw.randint(1, 9)]
        elif kind == 4:
            raw[at:at] = draw.randbytes(draw.randint(1, 9))
        elif kind == 5:
            del raw[at:]
        else:
            raw[at : at + 10] = b"\xff" * 9 + b"\x01"
        raw = raw or bytearray(b"\x0a")
    return bytes(raw)


@pytest.mark.parametrize("source", list(COUNTS), ids=lambda source: source.signal)
@pytest.mark.parametrize("seed", range(2))
def test_damaged_bodies_leave_their_neighbours_whole(
    submit_group: Submit, warehouse: Warehouse, source: Source, seed: int
) -> None:
    draw = random.Random(f"{source.name} {seed}")
    account, victims = f"fuzz-{next(NUMBERS)}", f"fuzz-{next(NUMBERS)}-damaged"
    make = MAKERS[source]
    whole = [make(f"whole {n}", RECORDS) for n in range(4)]
    hurt = [damaged(make(f"hurt {n}", RECORDS), draw) for n in range(12)]
    bodies = [(account, body) for body in whole] + [(victims, body) for body in hurt]
    draw.shuffle(bodies)
    answers = submit_group(source, bodies)
    for (owner, _), answer in zip(bodies, answers, strict=True):
        if owner == account:
            assert answer == Receipt(), answer
        else:
            assert isinstance(answer, Receipt | InvalidInputError), repr(answer)
    for n in range(4):
        found = warehouse.query(COUNTS[source], {"a": account, "b": f"whole {n}"}).scalar()
        assert found == RECORDS, f"whole {n}"
    stray = warehouse.query(COUNTS[source], {"a": victims, "b": "whole 0"}).scalar()
    assert stray == 0


@pytest.mark.parametrize("source", list(COUNTS), ids=lambda source: source.signal)
def test_a_body_never_reads_into_the_next(
    submit_group: Submit, warehouse: Warehouse, source: Source
) -> None:
    """Cut at every place: the lengths inside claim bytes that would lie in the neighbour."""
    account, victims = f"fuzz-{next(NUMBERS)}", f"fuzz-{next(NUMBERS)}-cut"
    body = MAKERS[source]("cut", 2)
    step = max(1, len(body) // 12)
    bodies: list[tuple[str, bytes]] = []
    for end in range(1, len(body), step):
        bodies += [(victims, body[:end]), (account, MAKERS[source](f"at {end}", 1))]
    answers = submit_group(source, bodies)
    for (owner, _), answer in zip(bodies, answers, strict=True):
        if owner == account:
            assert answer == Receipt(), repr(answer)
        else:
            assert isinstance(answer, Receipt | InvalidInputError), repr(answer)
    for end in range(1, len(body), step):
        assert warehouse.query(COUNTS[source], {"a": account, "b": f"at {end}"}).scalar() == 1
        assert warehouse.query(COUNTS[source], {"a": victims, "b": f"at {end}"}).scalar() == 0
