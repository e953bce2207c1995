"""The busiest processes of the host, as log events.

Not metrics: a process id is a label value that never comes back, and series of it would pile up.
Command lines are left out because they may hold secrets.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psutil

from vedette.sdk.log_lines import LogLine
from vedette.sdk.log_records import encode_record

if TYPE_CHECKING:
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

EVENT_NAME = "vedette.host.top_process"
_INFO = 9
_FIELDS = ["pid", "name", "username", "cpu_percent", "memory_info", "num_threads"]


def top_processes(count: int) -> list[LogRecord]:
    """Return one record for each process among the ``count`` first by CPU or by memory.

    CPU is the share of the whole machine since the call before; the first call has none.
    """
    found = [process.info for process in psutil.process_iter(_FIELDS) if process.info["pid"]]
    by_cpu = sorted(found, key=lambda info: info["cpu_percent"] or 0.0, reverse=True)
    by_memory = sorted(found, key=_memory, reverse=True)
    chosen = {info["pid"]: info for info in by_cpu[:count] + by_memory[:count]}
    now = time.time_ns()
    return [encode_record(_line(info), now, EVENT_NAME) for info in chosen.values()]


def _memory(info: dict[str, Any]) -> int:
    return info["memory_info"].rss if info["memory_info"] else 0


def _line(info: dict[str, Any]) -> LogLine:
    share = (info["cpu_percent"] or 0.0) / 100 / (psutil.cpu_count() or 1)
    name = info["name"] or "?"
    attributes: dict[str, str | bool | int | float] = {
        "process.pid": info["pid"],
        "process.executable.name": name,
        "process.owner": info["username"] or "",
        "process.cpu.utilization": round(share, 4),
        "process.memory.usage": _memory(info),
        "process.thread.count": info["num_threads"] or 0,
    }
    body = f"{name} [{info['pid']}]: CPU {share:.1%}, memory {_memory(info) / 2**20:.1f} MiB"
    return LogLine(body, severity_number=_INFO, severity_text="INFO", attributes=attributes)
