"""The server process from start to end, over the command line that users have."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.otlp_bodies import logs_body, traces_body
from support.server import Server, ServerFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UP = [sys.executable, "-c", "from vedette.cli import main; main()", "up"]
PROTOBUF = {"content-type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("life") / "data") as running:
        yield running


def up(folder: Path, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run ``vedette up``, which must fail, in a terminal too narrow to break no line."""
    environment = {
        **os.environ,
        "COLUMNS": "1000",
        "VEDETTE_DATA_DIR": str(folder),
        "VEDETTE_PORT": "0",
        "VEDETTE_OTLP_HTTP_PORT": "0",
        "VEDETTE_OTLP_GRPC_PORT": "0",
        **{f"VEDETTE_{name.upper()}": str(value) for name, value in settings.items()},
    }
    return subprocess.run(
        UP, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def check_failure(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode not in (0, -signal.SIGSEGV), done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_the_command_line_serves_until_told_to_stop(tmp_path: Path) -> None:
    options = ["--json", "--port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "-1"]
    process = subprocess.Popen(
        [*UP, "--data-dir", str(tmp_path / "data"), *options], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        addresses = json.loads(process.stdout.readline())
        assert addresses["otlp_grpc_target"] is None
        key = {"authorization": f"Bearer {addresses['admin_key']}"}
        assert httpx.get(addresses["url"] + "/readyz").status_code == 200
        answer = httpx.post(
            addresses["otlp_http_url"] + "/v1/logs",
            content=logs_body("b", 3),
            headers={**key, **PROTOBUF},
            timeout=60,
        )
        assert answer.status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def test_a_first_start_makes_a_key_once(server: Server) -> None:
    assert server.key.startswith("vdt_")
    key = server.key
    assert server.stop() == 0
    server.key = ""
    server.start()
    assert server.key == ""  # the second start made none
    server.key = key
    answer = httpx.get(f"{server.url}/api/v1/ingest/stats", headers=server.headers())
    assert answer.status_code == 200


def test_sigterm_commits_what_waits(server: Server) -> None:
    before = int(server.rows("SELECT count() AS n FROM otel_traces")[0]["n"])
    statuses: list[int] = []
    sending = threading.Barrier(9)

    def send(number: int) -> None:
        body = traces_body(f"t{number}", 300)
        headers = {**server.headers(), **PROTOBUF}
        with httpx.Client(base_url=server.otlp, headers=headers, timeout=60) as client:
            client.get("/healthz")
            sending.wait()
            try:
                statuses.append(client.post("/v1/traces", content=body).status_code)
            except httpx.TransportError:
                statuses.append(0)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    sending.wait()
    assert server.stop() == 0
    for thread in threads:
        thread.join()
    assert set(statuses) <= {0, 200, 503}
    server.start()
    stored = int(server.rows("SELECT count() AS n FROM otel_traces")[0]["n"]) - before
    assert stored == 300 * statuses.count(200)


def test_a_second_server_on_the_folder_says_who_has_it(server: Server) -> None:
    done = up(server.folder)
    check_failure(done, "is open in another process", str(server.pid), "VEDETTE_DATA_DIR")
    assert httpx.get(f"{server.url}/readyz").status_code == 200


@pytest.mark.parametrize("setting", ["port", "otlp_http_port", "otlp_grpc_port"])
def test_a_port_in_use_is_named(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = up(tmp_path / "data", **{setting: port})
    check_failure(done, f"cannot listen on 127.0.0.1:{port}", "choose another port")


def test_a_store_of_a_newer_version_is_refused(server: Server) -> None:
    server.rows("INSERT INTO schema_migrations (Version, Name) VALUES (9999, 'later')")
    assert server.stop() == 0
    with pytest.raises(ServerFailedError) as caught:
        server.start()
    assert caught.value.status == 1
    assert "written by a newer version of Vedette (migration 9999)" in caught.value.stderr
    assert "upgrade Vedette" in caught.value.stderr
    assert "Traceback" not in caught.value.stderr


def test_a_setting_that_is_wrong_is_named(tmp_path: Path) -> None:
    check_failure(up(tmp_path / "data", port="many"), "port", "VEDETTE_PORT")
