"""``vedette.init`` in processes of its own, because OpenTelemetry's providers are set only once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

KEY = "vdt-key-that-nobody-may-see"
PREAMBLE = "import logging, os, sys, time\nimport vedette\n"


def start_job(code: str, folder, endpoint: str | None, **environ: str) -> subprocess.Popen:
    base = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("VEDETTE_", "OTEL_"))
    }
    base |= {
        "VEDETTE_SPOOL_DIR": str(folder / "spool"),
        "VEDETTE_API_KEY": KEY,
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_BLRP_SCHEDULE_DELAY": "50",
        "NO_PROXY": "127.0.0.1",
    }
    if endpoint:
        base["VEDETTE_ENDPOINT"] = endpoint
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code],
        env=base | environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_job(code: str, folder, endpoint: str | None, **environ: str) -> tuple[str, str]:
    job = start_job(code, folder, endpoint, **environ)
    out, err = job.communicate(timeout=60)
    assert job.returncode == 0, err
    assert KEY not in out + err
    assert "could not be started" not in err, err
    return out, err


def attributes(holder) -> dict[str, object]:
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in holder.attributes}


def resource_of(received) -> dict[str, object]:
    message = received.message
    for name in ("resource_spans", "resource_logs", "resource_metrics"):
        if hasattr(message, name):
            return attributes(getattr(message, name)[0].resource)
    raise AssertionError(message)


def test_three_signals_arrive_correlated(server, tmp_path):
    code = """
from opentelemetry import metrics, trace
handle = vedette.init("checkout", service_version="1.2", environment="test",
                      resource={"vedette.pipeline": "etl"}, tags={"team": "data"})
assert vedette.init("checkout", service_version="1.2", environment="test",
                    resource={"vedette.pipeline": "etl"}, tags={"team": "data"}) is handle
log = logging.getLogger("shop")
log.setLevel("INFO")
with trace.get_tracer("shop").start_as_current_span("order"):
    log.info("paid %d", 5, extra={"order": 7, "user": object})
    try:
        raise ValueError("no \\ud800 stock")
    except ValueError:
        log.exception("failed \\ud800")
metrics.get_meter("shop").create_counter("orders").add(2, {"kind": "web"})
print(vedette.flush(20), handle.stats().sent >= 3, handle)
"""
    out, _ = run_job(code, tmp_path, server.endpoint)
    assert out == "True True <vedette on: checkout>\n"
    (span,) = server.spans()
    paid, failed = server.records()
    assert paid.body.string_value == "paid 5"
    assert (paid.trace_id, paid.span_id) == (span.trace_id, span.span_id)
    assert (failed.trace_id, failed.span_id) == (span.trace_id, span.span_id)
    assert paid.severity_number == 9
    assert failed.severity_number == 17
    assert attributes(paid)["order"] == 7
    assert attributes(paid)["code.function.name"] == "<module>"
    assert attributes(failed)["exception.type"] == "ValueError"
    assert "ValueError" in attributes(failed)["exception.stacktrace"]
    orders = server.metrics()["orders"]
    assert orders.sum.data_points[0].as_int == 2
    assert "system.cpu.time" in server.metrics()
    for received in server.received:
        resource = resource_of(received)
        assert resource["service.name"] == "checkout"
        assert resource["service.version"] == "1.2"
        assert resource["deployment.environment.name"] == "test"
        assert resource["vedette.pipeline"] == "etl"
        assert resource["vedette.tag.team"] == "data"
        assert resource["host.name"]
        assert resource["os.type"]
        assert resource["process.pid"] > 0
        assert received.headers["authorization"] == f"Bearer {KEY}"


def test_everything_recorded_is_sent_at_exit(server, tmp_path):
    code = """
from opentelemetry import trace
vedette.init("short", metrics=False)
for n in range(1300):
    trace.get_tracer("t").start_span(f"s{n}").end()
logging.warning("bye")
"""
    run_job(code, tmp_path, server.endpoint)
    assert len(server.spans()) == 1300
    assert server.bodies() == ["bye"]


def test_otel_variables_are_enough(server, tmp_path):
    code = """
from opentelemetry import trace
vedette.init()
trace.get_tracer("t").start_span("s").end()
"""
    run_job(
        code,
        tmp_path,
        None,
        OTEL_EXPORTER_OTLP_ENDPOINT=server.endpoint,
        OTEL_EXPORTER_OTLP_HEADERS="x-team=blue",
        OTEL_SERVICE_NAME="from-otel",
        OTEL_RESOURCE_ATTRIBUTES="k8s.pod.name=pod-1,host.name=given",
        OTEL_METRICS_EXPORTER="none",
    )
    (received,) = server.received
    resource = resource_of(received)
    assert resource["service.name"] == "from-otel"
    assert resource["k8s.pod.name"] == "pod-1"
    assert resource["host.name"] == "given"
    assert received.headers["x-team"] == "blue"


def test_service_name_of_ours_wins_over_otel(server, tmp_path):
    code = "vedette.init(metrics=False)\nlogging.warning('x')\n"
    run_job(
        code, tmp_path, server.endpoint, OTEL_SERVICE_NAME="theirs", VEDETTE_SERVICE_NAME="ours"
    )
    assert resource_of(server.received[0])["service.name"] == "ours"


def test_the_sampler_is_honoured(server, tmp_path):
    code = """
from opentelemetry import trace
vedette.init("s", metrics=False)
for _ in range(10):
    trace.get_tracer("t").start_span("s").end()
logging.warning("x")
"""
    run_job(code, tmp_path, server.endpoint, OTEL_TRACES_SAMPLER="always_off")
    assert server.spans() == []
    assert server.bodies() == ["x"]


@pytest.mark.parametrize("variable", ["OTEL_SDK_DISABLED", "VEDETTE_DISABLED"])
def test_disabled_does_nothing(server, tmp_path, variable):
    code = """
handle = vedette.init("s")
logging.warning("x")
print(handle, handle.flush(1), handle.stats().sent, vedette.shutdown(), logging.root.handlers[1:])
"""
    out, _ = run_job(code, tmp_path, server.endpoint, **{variable: "true"})
    assert out.startswith("<vedette off")
    assert server.received == []


def test_before_init_flush_and_shutdown_are_harmless(tmp_path):
    out, _ = run_job("print(vedette.flush(), vedette.shutdown())", tmp_path, None)
    assert out == "False False\n"


def test_a_wrong_argument_raises_and_a_wrong_variable_does_not(server, tmp_path):
    code = """
from vedette.core.errors import InvalidInputError
try:
    vedette.init(endpoint="nonsense")
except InvalidInputError as error:
    print(error.field)
print(vedette.init("s", metrics=False))
logging.warning("works")
"""
    out, err = run_job(code, tmp_path, server.endpoint, VEDETTE_TIMEOUT="soon")
    assert out == "endpoint\n<vedette on: s>\n"
    assert "VEDETTE_TIMEOUT is ignored" in err
    assert server.bodies() == ["works"]


def test_server_away_at_exit_then_the_next_process_sends_it_once(dead_server, tmp_path):
    started = time.monotonic()
    _, err = run_job(
        "vedette.init('s', metrics=False)\nlogging.warning('kept')",
        tmp_path,
        dead_server.endpoint,
    )
    assert time.monotonic() - started < 15
    assert "kept" in err
    dead_server.start()
    code = "handle = vedette.init('s', metrics=False)\nprint(handle.flush(20), handle.stats().sent)"
    out, _ = run_job(code, tmp_path, dead_server.endpoint)
    assert out == "True 1\n"
    assert dead_server.bodies() == ["kept"]
    assert len({r.batch_id for r in dead_server.received}) == 1


def test_a_hanging_server_delays_neither_the_job_nor_its_exit(server, tmp_path):
    server.release.clear()
    code = """
vedette.init("s", timeout=60.0)
log = logging.getLogger("a")
log.propagate, log.handlers = True, []
logging.lastResort = None
started = time.monotonic()
for n in range(20000):
    log.warning("line %d", n)
print(time.monotonic() - started < 10)
started = time.monotonic()
print(vedette.shutdown(1.0), time.monotonic() - started < 3)
stats = vedette.sdk.client.current().stats()
print(stats.spool_files > 0, stats.dropped_items > 0)
"""
    out, _ = run_job(
        code,
        tmp_path,
        server.endpoint,
        OTEL_BLRP_SCHEDULE_DELAY="20",
        # So small that lines come faster than it is emptied, however busy the machine.
        OTEL_BLRP_MAX_QUEUE_SIZE="64",
        OTEL_BLRP_MAX_EXPORT_BATCH_SIZE="64",
    )
    assert out == "True\nFalse True\nTrue True\n"


def test_a_full_queue_drops_and_counts(server, tmp_path):
    code = """
from opentelemetry import trace
handle = vedette.init("s", metrics=False, logs=False)
tracer = trace.get_tracer("t")
for n in range(25):
    tracer.start_span("s").end()
vedette.flush(20)
print(handle.stats().dropped_items, handle.stats().sent_items)
"""
    out, _ = run_job(
        code,
        tmp_path,
        server.endpoint,
        OTEL_BSP_MAX_QUEUE_SIZE="10",
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE="10",
        OTEL_BSP_SCHEDULE_DELAY="60000",
    )
    dropped, sent = map(int, out.split())
    assert dropped + sent == 25
    assert len(server.spans()) == sent


def test_one_bad_record_does_not_cost_its_neighbours(server, tmp_path):
    code = """
from opentelemetry import trace
handle = vedette.init("s", metrics=False, logs=False)
tracer = trace.get_tracer("t")
for n in range(20):
    tracer.start_span("\\ud800" if n == 7 else f"s{n}", attributes={"n": 2**80}).end()
vedette.flush(20)
print(handle.stats().dropped_items)
"""
    out, _ = run_job(code, tmp_path, server.endpoint)
    assert out == "1\n"
    assert sorted(span.name for span in server.spans()) == sorted(
        f"s{n}" for n in range(20) if n != 7
    )


def test_no_feedback_even_at_debug(server, tmp_path):
    server.answers = [(400, {}, b"bad")] * 2
    code = """
logging.basicConfig(level=logging.DEBUG)
handle = vedette.init("s", metrics=False)
logging.getLogger("app").debug("one")
vedette.flush(20)
time.sleep(0.5)
vedette.flush(20)
logging.getLogger("app").debug("two")
vedette.flush(20)
time.sleep(0.5)
print(vedette.flush(20))
"""
    _, err = run_job(code, tmp_path, server.endpoint)
    bodies = [
        record.body.string_value
        for received in server.received
        for resource in received.message.resource_logs
        for scope in resource.scope_logs
        for record in scope.log_records
    ]
    assert bodies == ["one", "two"], "nothing about the exports was exported"
    assert "refused a batch" in err
    assert "HTTP Request" not in err, "the user's console does not show the SDK's own requests"


def test_logging_behaves_as_without_us(server, tmp_path):
    code = """
vedette.init("s", metrics=False)
logging.warning("to standard error though nothing was configured")
logging.info("below the root's level")
import logging.config
logging.config.dictConfig({"version": 1, "root": {"level": "INFO", "handlers": []}})
vedette.sdk.client.current()._on_tick()  # comes every two seconds by itself
logging.info("after dictConfig")
"""
    _, err = run_job(code, tmp_path, server.endpoint)
    assert "to standard error though nothing was configured" in err
    assert sorted(server.bodies()) == [
        "after dictConfig",
        "to standard error though nothing was configured",
    ]


def test_basic_config_after_init_still_works(server, tmp_path):
    code = """
vedette.init("s", metrics=False)
logging.basicConfig(level=logging.INFO, format="FORMATTED %(message)s")
logging.info("hello")
"""
    _, err = run_job(code, tmp_path, server.endpoint)
    assert err == "FORMATTED hello\n"
    assert server.bodies() == ["hello"]


def test_providers_set_by_the_program_are_used(server, tmp_path):
    code = """
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider(resource=Resource.create({"service.name": "theirs"})))
metrics.set_meter_provider(MeterProvider())
vedette.init("ours")
trace.get_tracer("t").start_span("s").end()
print(trace.get_tracer_provider().force_flush(10000))
"""
    out, err = run_job(code, tmp_path, server.endpoint)
    assert out == "True\n"
    assert len(server.spans()) == 1
    assert resource_of(server.stored("traces")[0])["service.name"] == "theirs"
    assert "system.cpu.time" in server.metrics()
    assert "a MeterProvider was set before" in err
    assert "Overriding" not in err


def test_shutdown_ends_it_and_init_does_not_start_again(server, tmp_path):
    code = """
handle = vedette.init("s", metrics=False)
logging.warning("one")
print(vedette.shutdown(20), vedette.shutdown(), handle)
logging.warning("two")
print(vedette.init("s", metrics=False) is handle, handle.flush(1))
"""
    out, _ = run_job(code, tmp_path, server.endpoint)
    assert out == "True False <vedette closed: s>\nTrue False\n"
    assert server.bodies() == ["one"]


def test_an_unwritable_spool_only_warns(server, tmp_path):
    (tmp_path / "spool").write_text("a file, not a folder")
    _, err = run_job(
        "vedette.init('s', metrics=False)\nlogging.warning('x')", tmp_path, server.endpoint
    )
    assert "not kept on disk" in err
    assert server.bodies() == ["x"]


fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


@fork
def test_forks_send_their_own_and_nothing_twice(server, tmp_path):
    code = """
from opentelemetry import trace
vedette.init("s", metrics=False)
tracer = trace.get_tracer("t")
tracer.start_span("parent before").end()
children = []
for n in range(4):
    child = os.fork()
    if child == 0:
        tracer.start_span(f"child {n} {os.getpid()}").end()
        logging.warning("from child %d", n)
        vedette.flush(20)
        os._exit(0)
    children.append(child)
tracer.start_span("parent after").end()
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""
    run_job(code, tmp_path, server.endpoint)
    names = sorted(span.name for span in server.spans())
    assert len(names) == 6
    assert names[4:] == ["parent after", "parent before"]
    assert sorted(server.bodies()) == [f"from child {n}" for n in range(4)]
    for received in server.stored("traces"):
        scope = received.message.resource_spans[0].scope_spans[0]
        for span in scope.spans:
            if span.name.startswith("child"):
                assert resource_of(received)["process.pid"] == int(span.name.split()[2])


@fork
def test_multiprocessing_workers_flush_at_their_end(server, tmp_path):
    code = """
import multiprocessing
from opentelemetry import metrics
vedette.init("s", host_metrics=True)
counter = metrics.get_meter("m").create_counter("work")
def work(n):
    counter.add(n)
    logging.warning("work %d", n)
context = multiprocessing.get_context("fork")
workers = [context.Process(target=work, args=(n,)) for n in range(1, 4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
    assert worker.exitcode == 0
"""
    run_job(code, tmp_path, server.endpoint)
    assert sorted(server.bodies()) == ["work 1", "work 2", "work 3"]
    hosts, work = 0, 0
    for received in server.stored("metrics"):
        for scope in received.message.resource_metrics[0].scope_metrics:
            names = {metric.name: metric for metric in scope.metrics}
            hosts += "system.memory.usage" in names
            if "work" in names:
                work += names["work"].sum.data_points[0].as_int
    assert hosts == 1, "only the parent reports the host"
    assert work == 6


@fork
def test_fork_during_collections_never_hangs_the_child(server, tmp_path):
    code = """
from opentelemetry import metrics
vedette.init("s", metric_interval=0.001, logs=False)
counter = metrics.get_meter("m").create_counter("c")
for _ in range(30):
    child = os.fork()
    if child == 0:
        counter.add(1)
        os._exit(0)
    deadline = time.monotonic() + 20
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        assert time.monotonic() < deadline, "a child hangs"
        time.sleep(0.001)
print("done")
"""
    out, _ = run_job(code, tmp_path, server.endpoint)
    assert out == "done\n"


def test_a_killed_process_leaves_only_whole_batches(dead_server, tmp_path):
    code = """
handle = vedette.init("s", metrics=False)
logging.lastResort = None
n = 0
while True:
    logging.warning("line %d", n)
    n += 1
    vedette.flush(0.01)
    print(handle.stats().spool_files, flush=True)
"""
    job = start_job(code, tmp_path, dead_server.endpoint)
    while int(job.stdout.readline()) < 5:
        pass
    job.kill()
    job.communicate()
    dead_server.start()
    code = "vedette.init('s', metrics=False)\nprint(vedette.flush(30))"
    out, _ = run_job(code, tmp_path, dead_server.endpoint)
    assert out == "True\n"
    bodies = dead_server.bodies()
    assert len(bodies) >= 5
    assert len(bodies) == len(set(bodies))


def test_import_is_light():
    code = "import sys, json, vedette\nprint(json.dumps(sorted(sys.modules)))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    loaded = json.loads(out)
    heavy = ("opentelemetry", "httpx", "psutil", "google", "pydantic", "rich", "typer")
    assert [name for name in loaded if name.partition(".")[0] in heavy] == []


def test_every_public_name_is_there():
    code = "import vedette\nfor name in vedette.__all__:\n    print(name, getattr(vedette, name).__doc__)"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    for name in ("init", "profile", "check", "kpi", "log_reference", "task", "capture"):
        assert f"\n{name} " in "\n" + out
    assert "None" not in {line.partition(" ")[2] for line in out.splitlines()}
    code = "import vedette\nprint(set(vedette.__all__) - set(dir(vedette)), hasattr(vedette, 'nothing'))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out == "set() False\n"
