"""The whole agent as a process, against a server in this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from vedette.core.errors import ConflictError, InvalidInputError
from vedette.sdk.agent import AgentConfig, LogSource, run_agent
from vedette.sdk.checkpoint import Checkpoint

if TYPE_CHECKING:
    from pathlib import Path

KEY = "vdt-agent-key"
JOB = """
import sys
from pathlib import Path

from vedette.sdk.agent import AgentConfig, LogSource, run_agent
folder = Path(sys.argv[1])
source = LogSource(pattern=str(folder / "logs" / "*.log"), start_at="beginning",
                   service_name="web", attributes={"zone": "a"})
run_agent(AgentConfig(endpoint=sys.argv[2], api_key="vdt-agent-key", logs=[source],
                      host_metrics="metrics" in sys.argv, metric_interval=0.2,
                      top_processes=3 if "metrics" in sys.argv else 0,
                      state_dir=folder / "state", spool_dir=folder / "spool",
                      poll_interval=0.02, rescan_interval=0.1))
print("ended")
"""


class Agent:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "logs").mkdir()

    def start(self, server, *more: str) -> subprocess.Popen:
        environ = {n: v for n, v in os.environ.items() if not n.startswith(("VEDETTE_", "OTEL_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-c", JOB, self.folder, server.endpoint, *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        return self.process

    def end(self, number=signal.SIGTERM) -> tuple[str, str]:
        self.process.send_signal(number)
        return self.process.communicate(timeout=30)

    def write(self, text: str, name: str = "app.log") -> None:
        with (self.folder / "logs" / name).open("a") as file:
            file.write(text)


@pytest.fixture
def agent(tmp_path):
    host = Agent(tmp_path)
    yield host
    if host.process.poll() is None:
        host.process.kill()
        host.process.communicate()


def attributes(holder):
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in holder.attributes}


def test_lines_arrive_with_their_fields_and_sigterm_ends_cleanly(server, agent):
    agent.write('{"ts": 1704164645.25, "level": "error", "msg": "boom", "code": 7}\nplain\n')
    agent.start(server)
    server.wait_for(lambda: len(server.records()) == 2, 30)
    out, err = agent.end()
    assert out == "ended\n"
    assert agent.process.returncode == 0
    assert err == ""
    boom, plain = server.records()
    assert boom.body.string_value == "boom"
    assert boom.time_unix_nano == 1_704_164_645_250_000_000
    assert boom.severity_number == 17
    found = attributes(boom)
    assert found["code"] == 7
    assert found["zone"] == "a"
    assert found["log.file.name"] == "app.log"
    assert plain.body.string_value == "plain"
    (received,) = server.received
    resource = attributes(received.message.resource_logs[0].resource)
    assert resource["service.name"] == "web"
    assert resource["host.name"]
    assert "process.pid" not in resource
    assert received.headers["authorization"] == f"Bearer {KEY}"


def test_host_metrics_and_top_processes(server, agent):
    agent.start(server, "metrics")
    server.wait_for(lambda: "system.cpu.utilization" in server.metrics() and server.records(), 30)
    agent.end()
    assert "process.cpu.time" not in server.metrics()
    tops = [r for r in server.records() if r.event_name == "vedette.host.top_process"]
    assert 3 <= len(tops) <= 6
    found = attributes(tops[0])
    assert found["process.pid"] > 0
    assert found["process.executable.name"]
    assert found["process.memory.usage"] >= 0
    assert "process.command_line" not in found


def test_kill_9_and_restart_again_and_again_stores_every_line_once(server, agent):
    written = 0
    for turn in range(5):
        agent.start(server)
        before = len(server.records())
        for _ in range(40):
            agent.write(f"line {written}\n", f"{written % 3}.log")
            written += 1
        # The moments differ: sometimes before the first request, sometimes amid many.
        if turn:
            server.wait_for(lambda before=before, turn=turn: len(server.records()) > before + turn)
        agent.end(signal.SIGKILL)
    agent.start(server)
    server.wait_for(lambda: len(server.records()) >= written, 30)
    agent.end()
    assert sorted(server.bodies()) == sorted(f"line {n}" for n in range(written))


def test_an_answer_lost_at_kill_9_is_not_stored_twice(server, agent):
    server.release.clear()
    agent.write("one\ntwo\n")
    agent.start(server)
    server.wait_for(lambda: server.received, 30)  # stored, unanswered
    agent.end(signal.SIGKILL)
    server.release.set()
    agent.write("three\n")
    agent.start(server)
    server.wait_for(lambda: "three" in server.bodies(), 30)
    agent.end()
    assert server.bodies() == ["one", "two", "three"]
    first, again = server.received[:2]
    assert first.batch_id == again.batch_id
    assert (first.attempt, again.attempt) == (1, 2)


def test_server_away_through_a_restart(dead_server, agent):
    agent.write("one\n")
    agent.start(dead_server)
    spool = agent.folder / "spool"
    deadline = time.monotonic() + 30
    while not list(spool.glob("*/*-logs-*")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    out, _ = agent.end()
    assert out == "ended\n"
    agent.write("two\n")
    dead_server.start()
    agent.start(dead_server)
    dead_server.wait_for(lambda: len(dead_server.records()) >= 2, 30)
    agent.end()
    assert sorted(dead_server.bodies()) == ["one", "two"]


def test_a_second_agent_on_the_same_state_is_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    with pytest.raises(ConflictError):
        run_agent(AgentConfig(state_dir=tmp_path, host_metrics=False))
    checkpoint.close()


def test_it_runs_in_a_thread_and_stops_by_its_event(server, tmp_path):
    stop = threading.Event()
    (tmp_path / "a.log").write_text("hello\n")
    config = AgentConfig(
        endpoint=server.endpoint,
        logs=[LogSource(pattern=str(tmp_path / "*.log"), start_at="beginning")],
        host_metrics=False,
        top_processes=0,
        state_dir=tmp_path / "state",
        spool_dir=tmp_path / "spool",
        poll_interval=0.01,
    )
    thread = threading.Thread(target=run_agent, args=(config, stop))
    thread.start()
    server.wait_for(server.records)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert server.bodies() == ["hello"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"poll_interval": 0}, "poll_interval"),
        ({"top_interval": -1}, "top_interval"),
        ({"top_processes": 1000}, "top_processes"),
    ],
)
def test_a_wrong_setting_names_its_field(options, field):
    with pytest.raises(InvalidInputError) as caught:
        AgentConfig(**options)
    assert caught.value.field == field


def test_the_key_is_not_in_the_repr():
    assert KEY not in repr(AgentConfig(api_key=KEY))
