"""Containers by OpenTelemetry's semantic conventions, read from control groups (version 2).

On a host the agent sees every container that its runtime gave a control group; inside a container only the
process's own. Names come from Docker where its socket may be read; a container has its id else. What it may use
is told as ``container.cpu.limit`` and ``container.memory.limit``, as the collector's Docker receiver does.
"""

from __future__ import annotations

import http.client
import json
import logging
import os
import re
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.metrics import Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

logger = logging.getLogger(__name__)
CGROUPS = Path("/sys/fs/cgroup")
DOCKER = Path("/var/run/docker.sock")
MAX_CONTAINERS = 200
MAX_FOLDERS = 5_000
_SAME_SECONDS, _NAMES_SECONDS, _DOCKER_SECONDS = 1.0, 60.0, 2.0
_MOST_NAMES = 4 * 2**20
_ID = re.compile(r"(?:^|[-/])([0-9a-f]{64})(?:\.scope)?$")
_OWN_ID = re.compile(r"/containers/([0-9a-f]{64})/")


@dataclass(frozen=True, slots=True)
class Container:
    """One container as its control group tells it; sizes in bytes, None for no limit."""

    id: str
    cpu_seconds: float
    memory: int
    working_set: int
    cpu_limit: float | None
    memory_limit: int | None


class ContainerMetrics:
    """Registers the instruments; keeps the last CPU times, from which cores in use are made.

    Args:
        add: registers an instrument: kind, name, unit and what reads it.
        every: whether all containers of the host are measured, or that of this process.
        root: where control groups are.
        docker: Docker's socket.

    """

    def __init__(
        self,
        add: Callable[[str, str, str, Callable[[], Iterable[Observation]]], None],
        *,
        every: bool,
        root: Path = CGROUPS,
        docker: Path = DOCKER,
    ) -> None:
        self._every, self._root, self._docker = every, root, docker
        self._names: dict[str, str] = {}
        self._named_at = -_NAMES_SECONDS
        self._before: dict[str, tuple[float, float]] = {}
        self._found: tuple[float, list[Container]] = (-_SAME_SECONDS, [])
        if not (root / "cgroup.controllers").exists():
            return  # version 1, or no Linux
        add("counter", "container.cpu.time", "s", lambda: self._each("cpu_seconds"))
        add("gauge", "container.cpu.usage", "{cpu}", self._cores)
        add("up_down_counter", "container.memory.usage", "By", lambda: self._each("memory"))
        add(
            "up_down_counter", "container.memory.working_set", "By",
            lambda: self._each("working_set"),
        )  # fmt: skip
        add("up_down_counter", "container.cpu.limit", "{cpu}", lambda: self._each("cpu_limit"))
        add("up_down_counter", "container.memory.limit", "By", lambda: self._each("memory_limit"))

    def _each(self, field: str) -> Iterator[Observation]:
        for one in self._containers():
            value = getattr(one, field)
            if value is not None:
                yield Observation(value, self._attributes(one))

    def _cores(self) -> Iterator[Observation]:
        now, before = time.monotonic(), self._before
        self._before = {}
        for one in self._containers():
            self._before[one.id] = (now, one.cpu_seconds)
            moment, seconds = before.get(one.id, (now, one.cpu_seconds))
            if now > moment and one.cpu_seconds >= seconds:
                cores = (one.cpu_seconds - seconds) / (now - moment)
                yield Observation(cores, self._attributes(one))

    def _containers(self) -> list[Container]:
        # The instruments are read one after the other: once is enough for all of them.
        now = time.monotonic()
        if now - self._found[0] >= _SAME_SECONDS:
            read = find_containers if self._every else own_container
            self._found = (now, list(read(self._root)))
        return self._found[1]

    def _attributes(self, one: Container) -> dict[str, str]:
        if self._every and one.id not in self._names:
            now = time.monotonic()
            if now - self._named_at >= _NAMES_SECONDS:
                self._named_at = now
                self._names = docker_names(self._docker)
        name = self._names.get(one.id)
        return {"container.id": one.id, **({"container.name": name} if name else {})}


def find_containers(root: Path = CGROUPS) -> Iterator[Container]:
    """Yield the containers whose control groups are under a folder, at most 200."""
    seen = found = 0
    for folder, below, _ in os.walk(root):
        seen += 1
        if seen > MAX_FOLDERS or found >= MAX_CONTAINERS:
            return
        match = _ID.search(folder)
        if match is None:
            continue
        below.clear()
        one = _read(Path(folder), match[1])
        if one is not None:
            found += 1
            yield one


def own_container(
    root: Path = CGROUPS, mounts: Path = Path("/proc/self/mountinfo")
) -> list[Container]:
    """Return the container of this process, where it is in one that sees its own limits."""
    # The root of a host has no such file: nothing limits it.
    if not (root / "memory.max").exists():
        return []
    try:
        match = _OWN_ID.search(mounts.read_text())
    except OSError:
        match = None
    one = _read(root, match[1] if match else socket.gethostname())
    return [one] if one else []


def _read(folder: Path, identity: str) -> Container | None:
    try:
        cpu = _pairs(folder / "cpu.stat")
        memory = int((folder / "memory.current").read_text())
        cold = _pairs(folder / "memory.stat").get("inactive_file", 0)
        most = _limit((folder / "memory.max").read_text())
        quota, _, period = (folder / "cpu.max").read_text().partition(" ")
    except (OSError, ValueError):  # it ended meanwhile, or a controller is off
        return None
    allowed = _limit(quota)
    cores = allowed / int(period or 100_000) if allowed is not None else None
    return Container(
        identity, cpu.get("usage_usec", 0) / 1e6, memory, max(0, memory - cold), cores, most
    )


def _pairs(path: Path) -> dict[str, int]:
    lines = (line.split() for line in path.read_text().splitlines())
    return {line[0]: int(line[1]) for line in lines if len(line) == 2}  # noqa: PLR2004 - key and value


def _limit(text: str) -> int | None:
    text = text.strip()
    return None if text == "max" else int(text)


class _Local(http.client.HTTPConnection):
    """HTTP over a local socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_DOCKER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_DOCKER_SECONDS)
        self.sock.connect(str(self._path))


def docker_names(path: Path = DOCKER) -> dict[str, str]:
    """Return names by id of the containers that run, or none where Docker cannot be asked."""
    if not path.exists():
        return {}
    connection = _Local(path)
    try:
        connection.request("GET", "/containers/json")
        response = connection.getresponse()
        found = json.loads(response.read(_MOST_NAMES)) if response.status == 200 else []  # noqa: PLR2004
        return {one["Id"]: one["Names"][0].lstrip("/") for one in found if one.get("Names")}
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException) as error:
        logger.debug("Docker does not tell its containers' names: %r", error)
        return {}
    finally:
        connection.close()
