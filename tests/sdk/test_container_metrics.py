"""Containers from a made-up tree of control groups and a made-up Docker."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.metrics import Observation

from vedette.sdk.container_metrics import ContainerMetrics, find_containers, own_container

WEB, JOB = "ab" * 32, "cd" * 32


def group(
    folder: Path, *, usec: int = 5_000_000, limit: str = "50000 100000", most: str = "max"
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "cpu.stat": f"usage_usec {usec}\nuser_usec 1\n", "memory.current": "3000\n",
        "memory.stat": "anon 1\ninactive_file 1000\n", "memory.max": f"{most}\n", "cpu.max": f"{limit}\n",
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpu memory\n")
    group(tmp_path / "system.slice" / f"docker-{WEB}.scope", most="4096")
    group(
        tmp_path / "kubepods.slice" / "pod.slice" / f"cri-containerd-{JOB}.scope",
        limit="max 100000",
    )
    group(tmp_path / "system.slice" / "ssh.service")
    (tmp_path / "docker" / ("ef" * 32)).mkdir(parents=True)  # ended while it was looked at
    return tmp_path


def test_containers_of_a_host_with_their_limits(root: Path) -> None:
    found = {one.id: one for one in find_containers(root)}
    assert set(found) == {WEB, JOB}
    web, job = found[WEB], found[JOB]
    assert (web.cpu_seconds, web.memory, web.working_set) == (5.0, 3000, 2000)
    assert (web.cpu_limit, web.memory_limit) == (0.5, 4096)
    assert (job.cpu_limit, job.memory_limit) == (None, None)


def test_a_process_sees_its_own_container_only(root: Path, tmp_path: Path) -> None:
    assert own_container(root) == []  # the root of a host has no limit to tell
    inside = group(tmp_path / "inside", most="8192")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 2 0:1 /var/lib/docker/containers/{JOB}/hostname /etc/hostname rw\n")
    (one,) = own_container(inside, mounts)
    assert (one.id, one.memory_limit) == (JOB, 8192)


def test_metrics_have_names_of_docker_and_cores_of_time(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Docker(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps([{"Id": WEB, "Names": ["/web"]}]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "local"

        def log_message(self, *_: Any) -> None:
            pass

    path = tmp_path / "d.sock"
    read: dict[str, Callable[[], Iterable[Observation]]] = {}
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with socketserver.UnixStreamServer(str(path), Docker) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        ContainerMetrics(
            lambda _kind, name, _unit, reads: read.__setitem__(name, reads),
            every=True, root=root, docker=path,
        )  # fmt: skip
        limits = list(read["container.cpu.limit"]())
        server.shutdown()
    assert [(one.value, one.attributes) for one in limits] == [
        (0.5, {"container.id": WEB, "container.name": "web"})
    ]
    assert list(read["container.cpu.usage"]()) == []
    group(root / "system.slice" / f"docker-{WEB}.scope", usec=9_000_000)
    clock[0] += 10
    cores = {one.attributes["container.id"]: one.value for one in read["container.cpu.usage"]()}  # type: ignore[index]
    assert cores == {WEB: pytest.approx(0.4), JOB: 0.0}


def test_nothing_is_registered_without_control_groups_of_version_2(tmp_path: Path) -> None:
    read: list[str] = []
    ContainerMetrics(
        lambda _kind, name, _unit, _reads: read.append(name), every=True, root=tmp_path
    )
    assert read == []
