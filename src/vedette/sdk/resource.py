"""The resource: who sends, in OpenTelemetry's attribute names."""

from __future__ import annotations

import os
import platform
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from opentelemetry.sdk.resources import Resource

if TYPE_CHECKING:
    from vedette.sdk.config import SdkConfig

_OS_TYPES = {"sunos": "solaris"}


def host_attributes() -> dict[str, str]:
    """Return ``host.*`` and ``os.*`` of this machine."""
    system = platform.system().lower()
    return {
        "host.name": socket.gethostname(),
        "host.arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(
            platform.machine().lower(), platform.machine().lower()
        ),
        "os.type": _OS_TYPES.get(system, system),
        "os.version": platform.release(),
    }


def process_attributes() -> dict[str, str | int]:
    """Return ``process.*`` of this process; not its arguments, which may hold secrets."""
    return {
        "process.pid": os.getpid(),
        "process.executable.name": Path(sys.executable or "python").name,
        "process.runtime.name": sys.implementation.name,
        "process.runtime.version": platform.python_version(),
    }


def make_resource(config: SdkConfig) -> Resource:
    """Join what is detected, ``OTEL_*`` and the configuration; the later wins."""
    explicit: dict[str, str | bool | int | float] = dict(config.resource)
    named = {
        "service.name": config.service_name,
        "service.version": config.service_version,
        "deployment.environment.name": config.environment,
    }
    explicit |= {name: value for name, value in named.items() if value}
    # create() reads OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME and puts `explicit` above them.
    return Resource({**host_attributes(), **process_attributes()}).merge(Resource.create(explicit))
