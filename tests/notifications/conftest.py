"""A catalog with a clock, a receiver of webhooks, and a scheduler that sends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from vedette.core.encryption import SecretBox
from vedette.core.ids import new_id
from vedette.notifications import outbox
from vedette.notifications.dispatch import Dispatcher
from vedette.notifications.guard import Guard
from vedette.notifications.model import Notice
from vedette.notifications.outbox import CHANNEL, NotificationOutbox
from vedette.notifications.routing import RouteSpec
from vedette.notifications.send import Sender
from vedette.notifications.service import NotificationService
from vedette.scheduler import Scheduler
from vedette.store.catalog import Actor, Catalog, Clock

ACTOR = Actor.system("tests")
KEY = "a signing key of 16+"


@dataclass
class Receiver:
    """An HTTP server that remembers what it was sent and answers as it is told."""

    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    @property
    def bodies(self) -> list[Any]:
        return [orjson.loads(body) for _, body in self.requests]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.requests.append((dict(self.headers.items()), body))
            self.send_response(found.answers.pop(0) if found.answers else 204)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Post:
    """Notifications of one account."""

    catalog: Catalog
    now: list[datetime]
    account: str = "acme"

    def __post_init__(self) -> None:
        self.secrets = SecretBox(b"tests")
        self.dispatcher = Dispatcher(
            self.catalog, Sender(Guard("127.0.0.1"), timeout=3.0), self.secrets,
            url="https://vedette.example/",
        )  # fmt: skip
        self.service = NotificationService(self.catalog, self.secrets, self.dispatcher)
        self.outbox = NotificationOutbox(self.catalog)
        self.scheduler = Scheduler(self.catalog)
        self.scheduler.handle(outbox.KIND, self.dispatcher.handle)

    def webhook(self, receiver: Receiver, name: str = "hook", **settings: Any) -> None:
        channel = CHANNEL.validate_python({"type": "webhook", "url": receiver.url, **settings})
        self.service.put_channel(ACTOR, self.account, name, channel, KEY)

    def route(self, name: str = "all", position: int = 100, **spec: Any) -> None:
        spec = {"channels": ["hook"], **spec}
        self.service.put_route(
            ACTOR, self.account, name, RouteSpec.model_validate(spec), position=position
        )

    def put(self, *notices: Notice) -> None:
        with self.catalog.operate() as connection:
            self.outbox.store(connection, self.account, notices, self.now[0].timestamp())

    def later(self, seconds: float) -> None:
        """Move the clock and send what is due then."""
        self.now[0] += timedelta(seconds=seconds)
        self.scheduler.run_due()

    def statuses(self) -> list[tuple[str, int]]:
        found = self.service.deliveries(self.account).items
        return [(one.status, one.attempt) for one in reversed(found)]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    now = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    clock = Clock(now=lambda: now[0])
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}", clock=clock) as catalog:
        catalog.accounts.create(ACTOR, "acme")
        yield Post(catalog, now)


@pytest.fixture
def notice() -> Callable[..., Notice]:
    def make(status: str = "firing", alarm: str = "errors", **changes: Any) -> Notice:
        series = changes.pop("series", {"service": "checkout"})
        labels = {"alarm": alarm, "severity": "critical", "team": "pay", **series}
        values: dict[str, Any] = {
            "id": new_id(), "alarm_id": f"id-{alarm}", "alarm": alarm, "status": status,
            "severity": "critical", "labels": labels, "series": series,
            "reason": "3 of 3 periods breach", "summary": "error rate > 5", "since": 1_772_366_400,
            "value": 7.25,
        }  # fmt: skip
        return Notice(**{**values, **changes})

    return make
