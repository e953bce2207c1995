"""The service ``traffic-client``: travellers who want to know whether their flights will be late.

Demand follows the real departures: a day of 24 hours is played in ``DAY_SECONDS``, and the hours
with more flights have more travellers. Now and then a campaign brings a crowd.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import random
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation

from vedette import __version__
from vedette.demo.workload import service
from vedette.demo.workload.page import App
from vedette.demo.workload.visitor import Visitor

if TYPE_CHECKING:
    import threading
    from collections.abc import Awaitable, Callable, Sequence

SERVICE = "traffic-client"
ADDRESS_FILE = Path("predict-api.url")
DAY_SECONDS = 300.0
_FIRST_HOUR = 8
_MOST_AT_ONCE = 64
_LEAST_SHARE = 0.5
_CROWD_EVERY_S, _CROWD_SECONDS, _CROWD_FACTOR = 420.0, 12.0, 4.0
_BY_PAGE = 0.4
"""Share of sessions on the page; the others are an app's, which no browser script watches."""
_MISTYPED = 0.01
_SERVER_ERROR = 500
_TIMEOUT_S = 10.0
_LONGEST_PAUSE_S = 0.5
_WAITING_S = 0.5
_log = logging.getLogger(__name__)
_tracer = trace.get_tracer("vedette.demo.traffic")


class Travellers:
    """Sessions against the API; each asks for one to three flights."""

    def __init__(self, client: httpx.AsyncClient, seed: int) -> None:
        self._client = client
        self._dice = random.Random(seed)  # noqa: S311 - traffic, not a secret
        self._flights: list[dict[str, Any]] = []
        self._by_hour: Counter[int] = Counter()
        self._open = asyncio.Semaphore(_MOST_AT_ONCE)

    async def refresh(self) -> None:
        """Read the newest schedule."""
        answer = await self._client.get("/v1/flights")
        answer.raise_for_status()
        self._flights = answer.json()
        self._by_hour = Counter(int(flight.pop("hour")) for flight in self._flights)

    def demand(self, seconds: float) -> float:
        """Return the share of the busiest hour's demand at a moment of the played day."""
        hour = (_FIRST_HOUR + int(seconds / DAY_SECONDS * 24)) % 24
        busiest = max(self._by_hour.values(), default=1)
        return _LEAST_SHARE + (1 - _LEAST_SHARE) * self._by_hour[hour] / busiest

    def crowd(self, seconds: float) -> float:
        """Return by how much a campaign multiplies demand at a moment."""
        period, offset = divmod(seconds, _CROWD_EVERY_S)
        begin = random.Random(f"crowd/{period}").uniform(120, _CROWD_EVERY_S - _CROWD_SECONDS)  # noqa: S311
        return _CROWD_FACTOR if begin <= offset < begin + _CROWD_SECONDS else 1.0

    async def session(self) -> None:
        """Ask about one journey; gives up where too many sessions are open."""
        if not self._flights or self._open.locked():
            _log.warning("session given up: %d are open", _MOST_AT_ONCE)
            return
        flights = self._dice.sample(self._flights, self._dice.choice((1, 1, 2, 3)))
        app = App.read()
        async with self._open:
            if app is not None and self._dice.random() < _BY_PAGE:
                await self._visit(Visitor(app, self._client, self._dice, __version__), flights)
                return
            with _tracer.start_as_current_span("check journey"):
                for flight in flights:
                    await self._ask(self._client.request, flight)

    async def _visit(self, visitor: Visitor, flights: Sequence[dict[str, Any]]) -> None:
        """Ask on the page, and tell what its script would."""
        visitor.open()
        for flight in flights:
            await self._ask(visitor.request, flight)
        try:
            await visitor.close()
        except httpx.HTTPError as error:
            _log.warning("telemetry of the page was not taken: %r", error)

    async def _ask(
        self, request: Callable[..., Awaitable[httpx.Response]], flight: dict[str, Any]
    ) -> None:
        if self._dice.random() < _MISTYPED:
            flight = {**flight, "flight": flight["flight"] + 9000}
        try:
            answer = await request("POST", "/v1/predictions", json=flight)
        except httpx.HTTPError as error:
            _log.error("no answer about %s %d: %r", flight["carrier"], flight["flight"], error)
            return
        if answer.status_code >= _SERVER_ERROR:
            _log.error(
                "answer %d about %s %d: %s",
                answer.status_code,
                flight["carrier"],
                flight["flight"],
                answer.text,
            )

    def pause(self, rate: float) -> float:
        """Return seconds to the next session of a Poisson process of ``rate`` a second."""
        return -math.log(1 - self._dice.random()) / rate


def _read_address() -> str:
    return ADDRESS_FILE.read_text(encoding="utf-8")


async def wait_for_api(stopping: threading.Event) -> str | None:
    """Return the API's address once it serves a model; None when told to stop before."""
    async with httpx.AsyncClient() as client:
        while not stopping.is_set():
            try:
                url = _read_address()
                # Waiting is not traffic.
                with suppress_instrumentation():
                    if (await client.get(f"{url}/healthz")).is_success:
                        return url
            except (OSError, httpx.HTTPError):
                pass
            await asyncio.sleep(_WAITING_S)
    return None


async def run(options: argparse.Namespace, stopping: threading.Event) -> None:
    """Open sessions until told to stop, or until ``options.sessions`` are done."""
    url = await wait_for_api(stopping)
    if url is None:
        return
    async with httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_S) as client:
        travellers = Travellers(client, options.seed)
        started = time.monotonic()
        refreshed = -math.inf
        sessions: set[asyncio.Task[None]] = set()
        opened = 0
        while not stopping.is_set() and (not options.sessions or opened < options.sessions):
            elapsed = time.monotonic() - started
            if elapsed - refreshed >= options.refresh_seconds:
                await _refresh(travellers)
                refreshed = elapsed
            share = travellers.demand(elapsed) * travellers.crowd(elapsed)
            pause = travellers.pause(options.rate * share)
            await asyncio.sleep(min(pause, _LONGEST_PAUSE_S))
            if pause > _LONGEST_PAUSE_S:
                # Drawn anew, so that a stop is heeded; exponential waiting has no memory.
                continue
            task = asyncio.create_task(travellers.session())
            sessions.add(task)
            task.add_done_callback(sessions.discard)
            opened += 1
        await asyncio.gather(*sessions)


async def _refresh(travellers: Travellers) -> None:
    try:
        await travellers.refresh()
    except httpx.HTTPError as error:
        _log.error("the schedule cannot be read: %r", error)


def main(arguments: list[str]) -> None:
    """Run the service."""
    parser = argparse.ArgumentParser(prog=SERVICE)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--rate", type=float, default=2.0, help="sessions a second at the peak")
    parser.add_argument("--sessions", type=int, default=0, help="end after so many; 0: never")
    parser.add_argument("--refresh-seconds", type=float, default=30.0)
    options = parser.parse_args(arguments)
    stopping = service.start(SERVICE)
    HTTPXClientInstrumentor().instrument()
    asyncio.run(run(options, stopping))
