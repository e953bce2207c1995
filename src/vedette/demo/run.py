"""Runs the demo: starts the server and the services, watches them, ends them in order."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.demo.guide import announce, console
from vedette.demo.processes import Child
from vedette.demo.server import start_server, workload_key
from vedette.demo.workload.faults import Fault
from vedette.demo.workload.source import package_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

DEFAULT_FOLDER = Path("vedette-data/demo")
FAULTS = tuple(fault.value for fault in Fault)
"""Names of what can go wrong, for ``run_demo(once=True, faults=...)``."""
_WATCH_S = 0.5
_STEP_S = 120.0
_FOREVER = ("etl", "predict-api", "prediction-logger", "traffic-client")


def run_demo(
    *,
    once: bool = False,
    data_dir: Path | None = None,
    port: int | None = None,
    round_seconds: float = 30.0,
    seed: int = 13,
    faults: Sequence[str] = (),
) -> int:
    """Run the demo until Ctrl-C, or one round of it.

    Args:
        once: load the first days, train, answer some traffic, load one more day, and end.
        data_dir: folder of all its data; by default ``vedette-data/demo``, and with ``once`` a
            temporary folder that is removed.
        port: main port; by default 8230, and with ``once`` a free one.
        round_seconds: from one round of the pipeline to the next.
        seed: of what goes wrong and when.
        faults: with ``once``: names from ``FAULTS``, one more round each.

    Returns:
        The exit status: 0, or 1 when a process ended that should not have.

    """
    unknown = sorted(set(faults) - set(FAULTS))
    if unknown:
        raise InvalidInputError(
            f"{unknown[0]!r} is no fault of the demo",
            field="faults",
            remedy=f"choose from {', '.join(FAULTS)}",
        )
    package_folder()  # before anything is started: says which packages to install
    with ExitStack() as stack:
        _end_like_ctrl_c(stack)
        if data_dir is None and once:
            data_dir = Path(tempfile.mkdtemp(prefix="vedette-demo-"))
            stack.callback(shutil.rmtree, data_dir, ignore_errors=True)
        demo = _Demo((data_dir or DEFAULT_FOLDER).absolute(), seed)
        stack.callback(demo.stop)
        demo.start_server(_port_options(port, once=once))
        try:
            if once:
                return demo.run_once(faults)
            return demo.run_on(round_seconds)
        except KeyboardInterrupt:
            console.print("[dim]ending[/]")
            return 0


def _port_options(port: int | None, *, once: bool) -> list[str]:
    chosen = 0 if port is None and once else port
    options = [] if chosen is None else ["--port", str(chosen)]
    # The extra ports of OTLP are for other programs; the workload uses the main one.
    return [*options, "--otlp-http-port", "-1", "--otlp-grpc-port", "-1"] if once else options


def _end_like_ctrl_c(stack: ExitStack) -> None:
    """Have SIGTERM end the demo as SIGINT does, also where a shell has it ignore SIGINT."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        stack.callback(signal.signal, number, signal.signal(number, interrupt))


class _Demo:
    """The processes of one demo and their folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._workload = folder / "workload"
        self._logs = folder / "logs"
        self._seed = str(seed)
        self._environ: dict[str, str] = {}
        self._children: list[Child] = []
        self._stop_server: Callable[[], int] | None = None
        for path in (folder / "server", self._workload, self._logs):
            path.mkdir(parents=True, exist_ok=True)
        for old in self._logs.glob("*.log"):
            old.unlink()

    def start_server(self, options: list[str]) -> None:
        data = self._folder / "server"
        server = start_server(data, self._logs / "server.log", options)
        self._stop_server = server.child.stop
        self._server = server.child
        self._environ = _workload_environ(server.url, workload_key(data), self._folder / "spool")
        announce(server.url, server.admin_key, self._folder)

    def run_on(self, round_seconds: float) -> int:
        """Run all services until one of them ends; nothing is restarted."""
        options = {
            "etl": ["--round-seconds", str(round_seconds), "--seed", self._seed],
            "traffic-client": ["--seed", self._seed],
        }
        self._forget_address()
        for name in _FOREVER:
            self._start(name, options.get(name, []))
        while True:
            for child in (self._server, *self._children):
                status = child.ended()
                if status is not None:
                    return self._say_ended(child, status)
            time.sleep(_WATCH_S)

    def run_once(self, faults: Sequence[str]) -> int:
        """Go through one round with traffic, and then a further one for each fault."""
        self._forget_address()
        self._start("predict-api", [])
        self._start("prediction-logger", [])
        # Traffic waits by itself until a model is served.
        traffic = ("traffic-client", ["--sessions", "25", "--rate", "12", "--seed", self._seed])
        etl = ["--round-seconds", "0", "--seed", self._seed]
        later = ["--first-round", "1", "--rounds", str(max(1, len(faults)))]
        first = ("etl", [*etl, "--rounds", "1"])
        second = ("etl", [*etl, *later, "--faults", ",".join(faults)])
        for together in ([first, traffic], [second, traffic], [traffic] if faults else []):
            for child in [self._start(name, options) for name, options in together]:
                status = child.wait(_STEP_S)
                if status != 0:
                    return self._say_ended(child, status)
        return 0

    def stop(self) -> None:
        """End the services, then the server that takes their last telemetry."""
        for child in self._children:
            if child.ended() is None:
                child.process.terminate()
        for child in self._children:
            child.stop()
        if self._stop_server is not None:
            self._stop_server()

    def _forget_address(self) -> None:
        (self._workload / "predict-api.url").unlink(missing_ok=True)

    def _start(self, name: str, options: list[str]) -> Child:
        command = [sys.executable, "-m", "vedette.demo.workload", name, *options]
        child = Child(
            name,
            command,
            folder=self._workload,
            environ=self._environ,
            log=self._logs / f"{name}.log",
        )
        self._children.append(child)
        return child

    def _say_ended(self, child: Child, status: int | None) -> int:
        what = "does not end" if status is None else f"ended with status {status}"
        console.print(f"[bold red]{child.name} {what}[/]")
        console.print(child.last_lines(), markup=False, style="dim")
        console.print(f"[dim]its log: {child.log}[/]")
        return 1


def _workload_environ(url: str, key: str, spool: Path) -> dict[str, str]:
    """Return this environment with telemetry going to the demo's server and nowhere else."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VEDETTE_", "OTEL_"))}
    return kept | {
        "VEDETTE_ENDPOINT": url,
        "VEDETTE_API_KEY": key,
        "VEDETTE_SPOOL_DIR": str(spool),
        # Few, larger requests: five processes that send every second keep a small machine busy.
        "OTEL_BLRP_SCHEDULE_DELAY": "3000",
        # The stable names of attributes rather than those of before.
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
    }
