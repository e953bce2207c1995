"""Running a check once: requests to addresses that were checked, bounded in time and size."""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import httpx
import orjson

from vedette.core.errors import ForbiddenError, VedetteError
from vedette.experience.synthetic.assertions import Answered, extracted, failures_of, substituted
from vedette.experience.synthetic.definition import (
    HttpCheck,
    Step,
    SyntheticSpec,
    TcpCheck,
    TlsCheck,
)
from vedette.notifications.channel import resolve_secret

if TYPE_CHECKING:
    from vedette.notifications.guard import Guard, Target

MAX_BODY = 1024 * 1024
"""Bytes of an answer that are read."""
MAX_REDIRECTS = 5
_DAY = 86_400.0
USER_AGENT = "Vedette-Synthetic/1"
_REDIRECTS = {301, 302, 303, 307, 308}
_SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went; ``failures`` are sentences, none of them means that it passed."""

    name: str
    duration_ms: float
    status: int | None = None
    failures: tuple[str, ...] = ()
    url: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "name": self.name, "duration_ms": self.duration_ms, "status": self.status,
            "failures": list(self.failures), "url": self.url,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run went."""

    time: datetime
    passed: bool
    duration_ms: float
    steps: tuple[StepResult, ...]
    trace_id: str = ""
    certificate_days: float | None = None
    attempts: int = 1

    @property
    def error(self) -> str:
        """Why it failed, in a sentence; empty where it passed."""
        for step in self.steps:
            if step.failures:
                return f"{step.name}: {step.failures[0]}"
        return ""


@dataclass(slots=True)
class _Run:
    guard: Guard
    deadline: float
    trace_id: str
    variables: dict[str, str] = field(default_factory=dict)
    certificate_days: float | None = None

    def left(self) -> float:
        """Return the seconds that are left; raise where there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def run_check(
    spec: SyntheticSpec,
    guard: Guard,
    *,
    environment: Mapping[str, str] | None = None,
) -> RunResult:
    """Run a check; whatever goes wrong is its result, never an exception.

    Args:
        spec: the check.
        guard: which hosts may be reached.
        environment: where ``${env:VEDETTE_SECRET_...}`` of headers and bodies is looked up.

    """
    for attempt in range(1, spec.retries + 2):
        result = _attempt(spec, guard, environment)
        if result.passed or attempt > spec.retries:
            return replace(result, attempts=attempt)
    raise AssertionError("a run has at least one attempt")


def _attempt(spec: SyntheticSpec, guard: Guard, environment: Mapping[str, str] | None) -> RunResult:
    began, moment = time.monotonic(), datetime.now(UTC)
    run = _Run(guard, began + spec.timeout_seconds, secrets.token_hex(16))
    check = spec.check
    if isinstance(check, HttpCheck):
        steps = _http(check, run, environment)
    elif isinstance(check, TcpCheck):
        steps = [_guarded("connect", lambda: _tcp(check, run))]
    else:
        steps = [_guarded("certificate", lambda: _tls(check, run))]
    took = (time.monotonic() - began) * 1e3
    passed = not any(step.failures for step in steps)
    return RunResult(
        moment, passed, took, tuple(steps),
        run.trace_id if isinstance(check, HttpCheck) else "", run.certificate_days,
    )  # fmt: skip


def _guarded(name: str, work: Any) -> StepResult:  # noqa: ANN401 - a step
    """Return a step's result, with what it raised as its failure."""
    began = time.monotonic()
    try:
        result: StepResult = work()
    except Exception as error:  # noqa: BLE001 - whatever a network does is a result
        took = (time.monotonic() - began) * 1e3
        return StepResult(name, took, failures=(_why(error),))
    return result


def _why(error: Exception) -> str:
    if isinstance(error, ForbiddenError):
        return f"{error.message}; an operator can allow it with VEDETTE_SYNTHETIC_ALLOWED_HOSTS"
    if isinstance(error, VedetteError):
        return error.message
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "no answer in time"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not trusted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    text = str(error).strip() or type(error).__name__
    return text[:300]


def _http(check: HttpCheck, run: _Run, environment: Mapping[str, str] | None) -> list[StepResult]:
    results: list[StepResult] = []
    for number, step in enumerate(check.steps, 1):
        name = step.name or f"step {number}"
        result = _guarded(name, lambda s=step, n=name: _step(s, n, run, environment))
        results.append(result)
        if result.failures:
            break
    return results


def _step(step: Step, name: str, run: _Run, environment: Mapping[str, str] | None) -> StepResult:
    url = substituted(step.url, run.variables, quote_values=True)
    headers = {
        key: _secret(substituted(value, run.variables), environment)
        for key, value in step.headers.items()
    }
    body = _secret(substituted(step.body, run.variables), environment).encode()
    began = time.monotonic()
    answered = _request(step.method, url, headers, body, run)
    hops = 0
    while step.follow_redirects and answered.status in _REDIRECTS and hops < MAX_REDIRECTS:
        hops += 1
        where = urljoin(url, answered.headers.get("location", ""))
        if urlsplit(where).netloc != urlsplit(url).netloc:
            headers = {
                k: v for k, v in headers.items() if k.lower() not in {"authorization", "cookie"}
            }
        method = "GET" if answered.status == _SEE_OTHER else step.method
        url, body = where, b"" if method == "GET" else body
        answered = _request(method, url, headers, body, run)
    took = (time.monotonic() - began) * 1e3
    answered = replace(answered, latency_ms=took)
    failures = failures_of(step.assertions, answered)
    for one in step.extract:
        try:
            run.variables[one.name] = extracted(one, answered)
        except LookupError:
            failures.append(f"{one.name} was not found at {one.of} {one.path}")
    return StepResult(name, took, answered.status, tuple(failures[:20]), url.partition("?")[0])


def _secret(text: str, environment: Mapping[str, str] | None) -> str:
    """Put environment variables that the operator meant for this in: ``Bearer ${env:VEDETTE_SECRET_X}``."""
    start = text.find("${env:")
    if start < 0:
        return text
    end = text.find("}", start)
    if end < 0:
        return text
    value = resolve_secret(text[start : end + 1], environment)
    return text[:start] + value + _secret(text[end + 1 :], environment)


def _request(method: str, url: str, headers: Mapping[str, str], body: bytes, run: _Run) -> Answered:
    parts = urlsplit(url)
    target = run.guard.check(parts.hostname or "")
    pinned = parts._replace(netloc=_netloc(target, parts.port)).geturl()
    sent = {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "traceparent": f"00-{run.trace_id}-{secrets.token_hex(8)}-01",
        **headers,
        "Host": parts.netloc.rpartition("@")[2],
    }
    began = time.monotonic()
    with (
        httpx.Client(timeout=run.left(), trust_env=False) as client,
        client.stream(
            method, pinned, content=body or None, headers=sent,
            extensions={"sni_hostname": target.host},
        ) as response,
    ):  # fmt: skip
        days = _days_left(response)
        if days is not None:
            run.certificate_days = min(days, run.certificate_days or days)
        content = b""
        for part in response.iter_bytes(65_536):
            content += part
            run.left()
            if len(content) >= MAX_BODY:
                break
        found = {key.lower(): value for key, value in response.headers.items()}
        took = (time.monotonic() - began) * 1e3
        return Answered(response.status_code, found, content[:MAX_BODY], took, days)


def _netloc(target: Target, port: int | None) -> str:
    address = f"[{target.address}]" if ":" in target.address else target.address
    return f"{address}:{port}" if port else address


def _days_left(response: httpx.Response) -> float | None:
    stream = response.extensions.get("network_stream")
    secured = stream.get_extra_info("ssl_object") if stream is not None else None
    return None if secured is None else _days(secured.getpeercert())


def _days(certificate: Mapping[str, Any] | None) -> float | None:
    if not certificate or "notAfter" not in certificate:
        return None
    return (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / _DAY


def _tcp(check: TcpCheck, run: _Run) -> StepResult:
    target = run.guard.check(check.host)
    began = time.monotonic()
    failures: list[str] = []
    with socket.create_connection((target.address, check.port), timeout=run.left()) as connection:
        if check.send:
            connection.sendall(check.send.encode())
        if check.expect:
            read = b""
            while check.expect.encode() not in read and len(read) < MAX_BODY:
                connection.settimeout(run.left())
                part = connection.recv(65_536)
                if not part:
                    break
                read += part
            if check.expect.encode() not in read:
                failures.append("the answer does not contain what is expected")
    took = (time.monotonic() - began) * 1e3
    return StepResult("connect", took, failures=tuple(failures), url=f"{check.host}:{check.port}")


def _tls(check: TlsCheck, run: _Run) -> StepResult:
    target = run.guard.check(check.host)
    began = time.monotonic()
    context = ssl.create_default_context()
    with (
        socket.create_connection((target.address, check.port), timeout=run.left()) as connection,
        context.wrap_socket(connection, server_hostname=target.host) as secured,
    ):
        days = _days(secured.getpeercert())
    run.certificate_days = days
    failures: tuple[str, ...] = ()
    if days is None or days < check.days:
        failures = (f"the certificate expires in {days or 0:.1f} days, fewer than {check.days:g}",)
    took = (time.monotonic() - began) * 1e3
    return StepResult("certificate", took, failures=failures, url=f"{check.host}:{check.port}")


def steps_json(result: RunResult) -> str:
    """Return a run's steps as JSON text."""
    return orjson.dumps([step.as_dict() for step in result.steps]).decode()
