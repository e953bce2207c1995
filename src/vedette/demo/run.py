"""Runs the demo: starts the server and the services, watches them, ends them in order."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.demo import organisation
from vedette.demo.guide import announce, announce_stories, console
from vedette.demo.people import Reviewer, Secrets, apply_files, read_app, set_up, watch_data
from vedette.demo.processes import Child
from vedette.demo.server import start_server
from vedette.demo.workload.faults import Fault, hours_of_round
from vedette.demo.workload.page import APP_FILE
from vedette.demo.workload.source import DAYS_VARIABLE, package_folder
from vedette.demo.workload.upstream import KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

DEFAULT_FOLDER = Path("vedette-data/demo")
FAULTS = tuple(fault.value for fault in Fault)
"""Names of what can go wrong, for ``run_demo(once=True, faults=...)``."""
_OTLP_PORTS = {"--otlp-http-port": 4318, "--otlp-grpc-port": 4317}
_WATCH_S = 0.5
_STEP_S = 300.0
_DAYS_OF_ONCE = "10"
_FOREVER = ("etl", "predict-api", "prediction-logger", "traffic-client")
_ENTITIES = Path(__file__).parent / "entities"
_HISTORY_DAYS = 14


def run_demo(
    *,
    once: bool = False,
    data_dir: Path | None = None,
    port: int | None = None,
    round_seconds: float = 30.0,
    seed: int = 20,
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
        demo.start_server(_port_options(port, once=once), once=once)
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
    if once:
        return [*options, "--otlp-http-port", "-1", "--otlp-grpc-port", "-1"]
    for name, number in _OTLP_PORTS.items():
        if not _is_free(number):
            console.print(
                f"[dim]port {number} is taken, by a collector perhaps: OTLP has another[/]"
            )
            options += [name, "0"]
    return options


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


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
        self._reviewer: Reviewer | None = None
        self._url = ""
        self._secrets: Secrets
        for path in (folder / "server", self._workload, self._logs):
            path.mkdir(parents=True, exist_ok=True)
        for old in self._logs.glob("*.log"):
            old.unlink()

    def start_server(self, options: list[str], *, once: bool) -> None:
        data = self._folder / "server"
        server = start_server(data, self._logs / "server.log", options)
        self._stop_server = server.child.stop
        self._server = server.child
        self._url = server.url
        announce(server.url, server.admin_key, self._folder)
        self._secrets = set_up(server.url, data)
        provider = organisation.set_up(server.url, data, self._secrets.admin)
        self._environ = _workload_environ(server.url, self._secrets, self._folder / "spool")
        self._environ[KEY_VARIABLE] = provider
        if once:
            self._environ[DAYS_VARIABLE] = _DAYS_OF_ONCE
        self._apply("before")

    def run_on(self, round_seconds: float) -> int:
        """Run all services until one of them ends; nothing is restarted."""
        options = {
            "etl": ["--round-seconds", str(round_seconds), "--seed", self._seed],
            "traffic-client": ["--seed", self._seed],
        }
        self._forget_address()
        self._review(every=5.0)
        for name in _FOREVER:
            self._start(name, options.get(name, []))
        jobs: dict[str, Child] = {}
        watched = False
        while True:
            for child in (self._server, *self._children):
                status = child.ended()
                if child in jobs.values() and status == 0:
                    self._children.remove(child)
                    if child is jobs["history"]:
                        self._history_told.touch()
                elif status is not None:
                    return self._say_ended(child, status)
            if not watched and self._history_told.exists() and self._address.exists():
                watched = True
                self._watch()
            elif not jobs and self._has_model() and not self._history_told.exists():
                # From the first moment on the clock of the provider is a wrong one.
                days = ["--days", str(_HISTORY_DAYS), "--hours", str(hours_of_round(1))]
                jobs["history"] = self._start("history", days)
                # Before many days are told by the wrong clock.
                jobs["trainer"] = self._start("trainer", ["--challenger"])
            time.sleep(_WATCH_S)

    def run_once(self, faults: Sequence[str]) -> int:
        """Go through one round with traffic, and then a further one for each fault."""
        self._forget_address()
        self._review(every=0.5)
        self._start("predict-api", [])
        self._start("prediction-logger", [])
        # Traffic waits by itself until a model is served.
        traffic = ("traffic-client", ["--sessions", "25", "--rate", "12", "--seed", self._seed])
        etl = ["--round-seconds", "0", "--seed", self._seed, "--labels-after", "0"]
        later = ["--first-round", "1", "--rounds", str(max(1, len(faults)))]
        first = ("etl", [*etl, "--rounds", "1"])
        second = ("etl", [*etl, *later, "--faults", ",".join(faults)])
        history = ("history", ["--days", "2"])
        more = [traffic] if faults else []
        steps = ([first, traffic], [history], [second, traffic], more)
        for together in steps:
            for child in [self._start(name, options) for name, options in together]:
                status = child.wait(_STEP_S)
                if status != 0:
                    return self._say_ended(child, status)
            if history in together:
                self._watch()
        return 0

    @property
    def _history_told(self) -> Path:
        return self._folder / "server" / "history.told"

    @property
    def _address(self) -> Path:
        return self._workload / "predict-api.url"

    def _watch(self) -> None:
        """Have everything watched from now on: what came before is there."""
        self._apply("after")
        read_app(self._url, self._secrets.admin).write(self._workload / APP_FILE)
        watch_data(self._url, self._secrets.admin)
        announce_stories(self._url, self._secrets.password)

    def _has_model(self) -> bool:
        return any((self._workload / "models").glob("*.joblib"))

    def _apply(self, which: str) -> None:
        since = datetime.now(UTC).date() - timedelta(days=_HISTORY_DAYS)
        values = {
            "PREDICT_API": self._address.read_text("utf-8") if self._address.exists() else "",
            "SINCE": since.isoformat(),
        }
        found = apply_files(self._url, self._secrets.admin, _ENTITIES / which, values)
        if not found["applied"]:
            raise UnavailableError(f"the demo's entities cannot be made: {found['error']}")

    def _review(self, every: float) -> None:
        self._reviewer = Reviewer(self._url, self._secrets.password, every=every)
        self._reviewer.start()

    def stop(self) -> None:
        """End the services, then the server that takes their last telemetry."""
        if self._reviewer is not None:
            self._reviewer.stop()
        for child in self._children:
            if child.ended() is None:
                child.process.terminate()
        for child in self._children:
            child.stop()
        if self._stop_server is not None:
            self._stop_server()

    def _forget_address(self) -> None:
        self._address.unlink(missing_ok=True)
        (self._workload / APP_FILE).unlink(missing_ok=True)

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


def _workload_environ(url: str, secrets: Secrets, spool: Path) -> dict[str, str]:
    """Return this environment with telemetry going to the demo's server and nowhere else."""
    strange = ("VEDETTE_", "OTEL_", "MLFLOW_", "OPENLINEAGE_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(strange)}
    return kept | {
        "VEDETTE_ENDPOINT": url,
        "VEDETTE_API_KEY": secrets.workload,
        "MLFLOW_TRACKING_URI": url,
        "MLFLOW_TRACKING_TOKEN": secrets.training,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        # The example is in no repository of its own.
        "GIT_PYTHON_REFRESH": "quiet",
        "VEDETTE_SPOOL_DIR": str(spool),
        # A small machine that does all of this at once answers late, not never.
        "VEDETTE_TIMEOUT": "20",
        # Few, larger requests: five processes that send every second keep a small machine busy.
        "OTEL_BLRP_SCHEDULE_DELAY": "3000",
        # Threads of a model that spin while they wait take a small machine's cores from the others.
        "OMP_NUM_THREADS": "1",
        # The stable names of attributes rather than those of before.
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
    }
