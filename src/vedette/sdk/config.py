"""Where each setting of the SDK comes from: argument, ``VEDETTE_*``, ``OTEL_*``, default.

A wrong argument is a programming error and raises. A wrong environment variable is somebody
else's mistake at run time: it warns and the next source is used.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from vedette.core.errors import InvalidInputError
from vedette.core.time import parse_duration
from vedette.sdk import compression
from vedette.sdk.diagnostics import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEFAULT_ENDPOINT = "http://127.0.0.1:8230"
MIB = 1024 * 1024
SIGNALS = ("traces", "metrics", "logs")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Bounds of one signal's queue, as ``OTEL_BSP_*`` and ``OTEL_BLRP_*`` name them."""

    max_queue_size: int = 2048
    """Records waiting; more are dropped and counted."""
    max_export_batch_size: int = 512
    """Records in one request."""
    schedule_delay: float = 1.0
    """Seconds a record waits at most before it is encoded."""


@dataclass(frozen=True, slots=True)
class SdkConfig:
    """Everything ``vedette.init`` decided. Its repr shows no key and no header value."""

    service_name: str | None = None
    service_version: str | None = None
    environment: str | None = None
    endpoint: str = DEFAULT_ENDPOINT
    urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Full URL by signal, where it is not ``endpoint`` + ``/v1/<signal>``."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    resource: Mapping[str, str | bool | int | float] = field(default_factory=dict)
    traces: bool = True
    metrics: bool = True
    logs: bool = True
    log_level: int = logging.NOTSET
    host_metrics: bool = True
    metric_interval: float = 15.0
    spool_dir: Path | None = None
    """The folder of this endpoint and key; None keeps nothing on disk."""
    spool_bytes: int = 256 * MIB
    queue_bytes: int = 16 * MIB
    """Encoded bytes that wait in memory."""
    compression: str = "gzip"
    timeout: float = 10.0
    certificate: str | None = None
    """File of certificate authorities (``OTEL_EXPORTER_OTLP_CERTIFICATE``)."""
    span_limits: BatchLimits = field(default_factory=BatchLimits)
    log_limits: BatchLimits = field(default_factory=BatchLimits)
    disabled: bool = False

    def url(self, signal: str) -> str:
        """Return the URL that batches of ``signal`` are posted to."""
        if signal in {"predictions", "labels"}:
            return f"{self.endpoint}/api/v1/{signal}"
        if signal == "lineage":
            return f"{self.endpoint}/api/v1/lineage/batch"
        return self.urls.get(signal) or f"{self.endpoint}/v1/{signal}"


def resolve(arguments: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> SdkConfig:
    """Build the configuration from arguments (None: not given) and the environment.

    Raises:
        InvalidInputError: an argument has a wrong type or value; ``field`` names it.

    """
    pick = _Picker(arguments, os.environ if environ is None else environ)
    endpoint, from_otel = _endpoint(pick)
    headers = _headers(pick, from_otel=from_otel)
    coding = pick("compression", _coding, otel="OTEL_EXPORTER_OTLP_COMPRESSION", default="auto")
    spool_bytes = pick("spool_bytes", _count, default=256 * MIB)
    return SdkConfig(
        service_name=pick("service_name", _text),
        service_version=pick("service_version", _text),
        environment=pick("environment", _text),
        endpoint=endpoint,
        urls=_signal_urls(pick) if from_otel else {},
        headers=headers,
        resource=_resource(pick),
        traces=_signal_on(pick, "traces"),
        metrics=_signal_on(pick, "metrics"),
        logs=_signal_on(pick, "logs"),
        log_level=pick("log_level", _level, default=logging.NOTSET),
        host_metrics=pick("host_metrics", _flag, default=True),
        metric_interval=pick(
            "metric_interval",
            _seconds,
            otel="OTEL_METRIC_EXPORT_INTERVAL",
            otel_parse=_milliseconds,
            default=15.0,
        ),
        spool_dir=_spool_dir(pick, endpoint, headers) if spool_bytes else None,
        spool_bytes=spool_bytes,
        compression=compression.best() if coding == "auto" else coding,
        timeout=pick("timeout", _seconds, otel="OTEL_EXPORTER_OTLP_TIMEOUT", default=10.0),
        certificate=pick.environ.get("OTEL_EXPORTER_OTLP_CERTIFICATE") or None,
        span_limits=_limits(pick, "BSP", delay_ms=5000),
        log_limits=_limits(pick, "BLRP", delay_ms=1000),
        disabled=pick.variable("OTEL_SDK_DISABLED", _flag) is True
        or pick.variable("VEDETTE_DISABLED", _flag) is True,
    )


class _Picker:
    """Takes one value from the first source that has it."""

    def __init__(self, arguments: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self.arguments = arguments
        self.environ = environ

    def __call__(
        self,
        name: str,
        parse: Callable[[Any], Any],
        *,
        otel: str | None = None,
        otel_parse: Callable[[Any], Any] | None = None,
        default: Any = None,  # noqa: ANN401 - the type of the setting
    ) -> Any:  # noqa: ANN401 - the type of the setting
        given = self.arguments.get(name)
        if given is not None:
            try:
                return parse(given)
            except (ValueError, TypeError) as error:
                raise InvalidInputError(
                    f"init({name}=...) is wrong: {error}", field=name, remedy=f"give {error}"
                ) from None
        value = self.variable(f"VEDETTE_{name.upper()}", parse)
        if value is None and otel is not None:
            value = self.variable(otel, otel_parse or parse)
        return default if value is None else value

    def variable(self, variable: str, parse: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - as above
        """Return one environment variable, parsed; None and a warning where it is wrong."""
        text = self.environ.get(variable, "").strip()
        if not text:
            return None
        try:
            return parse(text)
        except (ValueError, TypeError) as error:
            warn(f"env:{variable}", "%s is ignored: it must be %s", variable, error)
            return None


# Parsers raise ValueError with the words that say what is expected; the value itself is never in
# them, because it may be a secret that was put in the wrong place.


def _text(value: Any) -> str:  # noqa: ANN401 - checked here
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text that is not empty")
    return value.strip()


def _flag(value: Any) -> bool:  # noqa: ANN401 - checked here
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else ""
    if word not in _TRUE | _FALSE:
        raise ValueError("true or false")
    return word in _TRUE


def _count(value: Any) -> int:  # noqa: ANN401 - checked here
    is_digits = isinstance(value, str) and value.isascii() and value.isdecimal()
    number = int(value) if is_digits else value
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ValueError("a whole number of at least 0")
    return number


def _positive(value: Any) -> int:  # noqa: ANN401 - checked here
    number = _count(value)
    if not number:
        raise ValueError("a whole number of at least 1")
    return number


def _seconds(value: Any) -> float:  # noqa: ANN401 - checked here
    if isinstance(value, str):
        try:
            seconds = float(value)
        except ValueError:
            try:
                seconds = parse_duration(value).total_seconds()
            except InvalidInputError:
                seconds = 0.0
    else:
        seconds = float(value) if isinstance(value, (int, float)) else 0.0
    if not 0 < seconds < math.inf:
        raise ValueError("a number of seconds above 0, or a duration such as 15s")
    return seconds


def _milliseconds(value: str) -> float:
    return _seconds(value) / 1000


def _level(value: Any) -> int:  # noqa: ANN401 - checked here
    levels = logging.getLevelNamesMapping()
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.upper() in levels:
        return levels[value.upper()]
    raise ValueError("a level of logging such as INFO or 20")


def _coding(value: Any) -> str:  # noqa: ANN401 - checked here
    if value == "auto" or (isinstance(value, str) and compression.is_available(value)):
        return str(value)
    raise ValueError("auto, gzip, none, or zstd where Python has it (3.14 or backports.zstd)")


def _url(value: Any) -> str:  # noqa: ANN401 - checked here
    text = _text(value).rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise ValueError("an http or https URL such as http://127.0.0.1:8230")
    return text


def _pairs(value: Any) -> dict[str, str]:  # noqa: ANN401 - checked here
    """Parse ``a=b,c=d`` with percent-encoded values (W3C Baggage's form, as OTEL_* use it)."""
    if not isinstance(value, str):
        if not hasattr(value, "items"):
            raise TypeError("a mapping of names to values")
        pairs = dict(value.items())
    else:
        pairs = {}
        for item in filter(None, (part.strip() for part in value.split(","))):
            name, equals, text = item.partition("=")
            if not equals:
                raise ValueError("pairs such as a=b,c=d")
            pairs[name.strip()] = unquote(text.strip())
    if not all(isinstance(name, str) and name for name in pairs):
        raise ValueError("pairs whose names are texts")
    return pairs


def _attributes(value: Any) -> dict[str, str | bool | int | float]:  # noqa: ANN401 - checked here
    pairs: dict[str, Any] = _pairs(value)
    if not all(isinstance(member, (str, bool, int, float)) for member in pairs.values()):
        raise ValueError("values that are text, boolean or number")
    return pairs


def _texts(value: Any) -> dict[str, str]:  # noqa: ANN401 - checked here
    pairs = _pairs(value)
    if not all(isinstance(member, str) for member in pairs.values()):
        raise ValueError("values that are texts")
    return pairs


def _header_pairs(value: Any) -> dict[str, str]:  # noqa: ANN401 - checked here
    pairs = _texts(value)
    for name, text in pairs.items():
        # A line break would let one header smuggle in another.
        if not (name + text).isascii() or not (name + text).isprintable():
            raise ValueError("header names and values of printable ASCII")
    return {name.lower(): text for name, text in pairs.items()}


def _key(value: Any) -> str:  # noqa: ANN401 - checked here
    text = _text(value)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("a key of printable ASCII without spaces")
    return text


def _endpoint(pick: _Picker) -> tuple[str, bool]:
    """Return the base URL, and whether OpenTelemetry's own variables and headers belong to it."""
    url = pick("endpoint", _url)
    if url is not None:
        return url, False
    url = pick.variable("OTEL_EXPORTER_OTLP_ENDPOINT", _url)
    return url or DEFAULT_ENDPOINT, True


def _headers(pick: _Picker, *, from_otel: bool) -> dict[str, str]:
    headers: dict[str, str] = {}
    if from_otel:
        # Meant for the endpoint they stand beside; sent to another one they would leak its key.
        headers |= pick.variable("OTEL_EXPORTER_OTLP_HEADERS", _header_pairs) or {}
    headers |= pick("headers", _header_pairs, default={})
    key = pick("api_key", _key)
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    return headers


def _signal_urls(pick: _Picker) -> dict[str, str]:
    found = {
        signal: pick.variable(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", _url)
        for signal in SIGNALS
    }
    return {signal: url for signal, url in found.items() if url}


def _signal_on(pick: _Picker, signal: str) -> bool:
    exporter = pick.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "").strip().lower()
    return bool(pick(signal, _flag, default=exporter != "none"))


def _resource(pick: _Picker) -> dict[str, str | bool | int | float]:
    """Merge attributes by name; ``OTEL_RESOURCE_ATTRIBUTES`` is added below these by the SDK."""
    attributes: dict[str, str | bool | int | float] = (
        pick.variable("VEDETTE_RESOURCE_ATTRIBUTES", _attributes) or {}
    )
    tags: dict[str, str] = pick.variable("VEDETTE_TAGS", _texts) or {}
    given = _Picker(pick.arguments, {})
    attributes |= given("resource", _attributes, default={})
    tags |= given("tags", _texts, default={})
    return attributes | {f"vedette.tag.{name}": value for name, value in tags.items()}


def _limits(pick: _Picker, prefix: str, *, delay_ms: int) -> BatchLimits:
    defaults = BatchLimits()
    queue = pick.variable(f"OTEL_{prefix}_MAX_QUEUE_SIZE", _positive) or defaults.max_queue_size
    batch = (
        pick.variable(f"OTEL_{prefix}_MAX_EXPORT_BATCH_SIZE", _positive)
        or defaults.max_export_batch_size
    )
    delay = pick.variable(f"OTEL_{prefix}_SCHEDULE_DELAY", _milliseconds) or delay_ms / 1000
    return BatchLimits(queue, min(batch, queue), delay)


def _path(value: Any) -> Path:  # noqa: ANN401 - checked here
    if not isinstance(value, (str, os.PathLike)) or not str(value):
        raise ValueError("a folder")
    return Path(value).expanduser()


def _spool_dir(pick: _Picker, endpoint: str, headers: Mapping[str, str]) -> Path:
    """Return the spool folder of this endpoint and key under the configured one.

    Batches of one account must never be resent with another's key, so the folder is named by a
    fingerprint of both (64 bits of BLAKE2b: it gives nothing of the key away).
    """
    base = pick("spool_dir", _path) or default_state_dir(pick.environ) / "spool"
    identity = f"{endpoint}\n{headers.get('authorization', '')}"
    return Path(base) / hashlib.blake2b(identity.encode(), digest_size=8).hexdigest()


def default_state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder for state of this user (XDG Base Directory), made or not."""
    environ = os.environ if environ is None else environ
    state = environ.get("XDG_STATE_HOME", "")
    if state and Path(state).is_absolute():
        return Path(state) / "vedette"
    try:
        home = Path.home()
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"vedette-{getattr(os, 'getuid', lambda: 0)()}"
    return home / ".local" / "state" / "vedette"
