"""A disk that fills up: ingest says so, loses nothing that it acknowledged, and recovers by itself."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from support.otlp_bodies import traces_body
from vedette.core.errors import UnavailableError
from vedette.ingest import disk
from vedette.ingest.disk import DiskGuard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.server import Server

MIB = 1 << 20
RECOVERY_SECONDS = 15.0


class Measured:
    """Stands for a warehouse of which only the free space is asked."""

    def __init__(self, free: int) -> None:
        self.free = free

    def free_disk_bytes(self) -> int:
        return self.free


def test_the_guard_closes_and_opens_with_a_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(disk.time, "monotonic", lambda: clock[0])
    store = Measured(1000)
    guard = DiskGuard(store, 1000)  # type: ignore[arg-type]

    def measured(free: int) -> bool:
        store.free = free
        clock[0] += disk.CHECK_SECONDS
        guard.refresh()
        return guard.full

    assert not measured(1000)
    assert measured(999)
    with pytest.raises(UnavailableError, match="999 bytes free, 1000 needed") as caught:
        guard.check()
    assert caught.value.retry_after > 0
    assert measured(1099)  # more than the limit, less than the margin
    assert not measured(1100)
    guard.check()


def test_the_guard_measures_only_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(disk.time, "monotonic", lambda: clock[0])
    store = Measured(0)
    guard = DiskGuard(store, 1)  # type: ignore[arg-type]
    guard.refresh()
    assert guard.full
    store.free = 100
    clock[0] += disk.CHECK_SECONDS / 2
    guard.refresh()
    assert guard.full


def fill(disk: Path, leave: int) -> Path:
    """Write a file that leaves so many bytes free."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        while (more := shutil.disk_usage(disk).free - leave) > 0:
            file.write(bytes(min(more, MIB)))
            file.flush()
    return ballast


class Sender:
    """Sends batches with ids, and again those that were not acknowledged."""

    def __init__(self, server: Server) -> None:
        self.acknowledged: set[str] = set()
        self.waiting: dict[str, tuple[bytes, int]] = {}
        self._made = 0
        self._client = httpx.Client(base_url=server.otlp, headers=server.headers(), timeout=60)

    def send_new(self) -> httpx.Response:
        """Send a batch of 500 spans that do not pack well."""
        name = f"batch-{self._made}"
        self._made += 1
        self.waiting[name] = (traces_body(name, 500, seed=self._made), 0)
        return self._send(name)

    def send_again(self) -> list[int]:
        """Send every batch that waits once more; returns the statuses."""
        return [self._send(name).status_code for name in list(self.waiting)]

    def _send(self, name: str) -> httpx.Response:
        body, attempts = self.waiting[name]
        self.waiting[name] = (body, attempts + 1)
        answer = self._client.post(
            "/v1/traces",
            content=body,
            headers={
                "content-type": "application/x-protobuf",
                "vedette-batch-id": f"{int(name.partition('-')[2]) + 1:016x}",
                "vedette-attempt": str(attempts + 1),
            },
        )
        if answer.status_code == 200:
            self.acknowledged.add(name)
            del self.waiting[name]
        return answer


def check_stored(server: Server, sender: Sender) -> None:
    rows = server.rows(
        "SELECT SpanAttributes['batch'] AS batch, toUInt32(count()) AS n, "
        "toUInt32(uniqExact(SpanAttributes['index'])) AS u FROM otel_traces GROUP BY batch"
    )
    found = {row["batch"]: (row["n"], row["u"]) for row in rows}
    assert found == dict.fromkeys(sender.acknowledged, (500, 500))


def test_below_the_limit_ingest_stops_and_starts_again(
    start: Callable[..., Server], small_disk: Path
) -> None:
    server = start(small_disk / "data", min_free_disk_bytes=16 * MIB)
    ballast = fill(small_disk, 19 * MIB)
    sender = Sender(server)
    answer = sender.send_new()
    for _ in range(2000):
        if answer.status_code != 200:
            break
        answer = sender.send_new()
    assert answer.status_code == 503
    assert b"the disk is nearly full" in answer.content
    assert int(answer.headers["retry-after"]) > 0
    stats = httpx.get(f"{server.url}/api/v1/ingest/stats", headers=server.headers())
    assert stats.status_code == 200  # reading goes on
    ballast.unlink()
    until = time.monotonic() + RECOVERY_SECONDS
    while sender.send_again() != []:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert sender.send_new().status_code == 200
    check_stored(server, sender)


def test_a_full_disk_loses_nothing(start: Callable[..., Server], small_disk: Path) -> None:
    server = start(small_disk / "data")
    ballast = fill(small_disk, 4 * MIB)
    sender = Sender(server)
    refused: list[httpx.Response] = []
    for _ in range(2000):
        answer = sender.send_new()
        if answer.status_code != 200:
            refused.append(answer)
            if len(refused) >= 5:
                break
    assert {answer.status_code for answer in refused} == {503}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    ballast.unlink()
    until = time.monotonic() + RECOVERY_SECONDS
    while sender.waiting:
        sender.send_again()
        assert time.monotonic() < until
    assert sender.send_new().status_code == 200
    check_stored(server, sender)
    server.kill()
    server.start()
    check_stored(server, sender)
