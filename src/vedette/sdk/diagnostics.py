"""What the SDK says about itself, without ever talking to itself.

Messages go to the logger ``vedette.sdk``. The SDK's own log handler skips that logger and every
record made on one of the SDK's threads, so a failing export cannot cause another export.
"""

from __future__ import annotations

import logging
import threading
import time

logger = logging.getLogger("vedette.sdk")

_REPEAT_AFTER_S = 60.0
_MAX_KINDS = 256
_own_thread = threading.local()
_last_said: dict[str, tuple[float, int]] = {}


def mark_own_thread() -> None:
    """Declare the calling thread as one of the SDK's: no telemetry is recorded from it."""
    from opentelemetry.context import (  # noqa: PLC0415 - not before init
        _SUPPRESS_INSTRUMENTATION_KEY,
        attach,
        set_value,
    )

    _own_thread.marked = True
    # Auto-instrumentation (of httpx, for one) asks for this key before it makes a span.
    attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))  # noqa: FBT003 - their signature


def is_own_thread() -> bool:
    """Return whether the calling thread is one of the SDK's."""
    return getattr(_own_thread, "marked", False)


def warn(kind: str, message: str, *arguments: object) -> None:
    """Warn at most once a minute for each ``kind``; says how many were left out since."""
    now = time.monotonic()
    said, left_out = _last_said.get(kind, (float("-inf"), 0))
    if now - said < _REPEAT_AFTER_S:
        _last_said[kind] = (said, left_out + 1)
        return
    if len(_last_said) >= _MAX_KINDS:
        _last_said.clear()
    _last_said[kind] = (now, 0)
    if left_out:
        message += " (%d more like this in the last minute or longer)"
        arguments = (*arguments, left_out)
    logger.warning(message, *arguments)


class OwnThreadFilter(logging.Filter):
    """Drops records made on the SDK's threads.

    Put on the HTTP client's loggers, which log every request at INFO: those would fill the
    user's console with requests that the user never made.
    """

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - logging's signature
        """Keep the record unless it comes from one of the SDK's threads."""
        return not is_own_thread()


_HTTP_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy")
_own_thread_filter = OwnThreadFilter()


def quiet_http_client() -> None:
    """Keep the HTTP client's log lines about the SDK's own requests out of the user's logs."""
    for name in _HTTP_LOGGERS:
        logging.getLogger(name).addFilter(_own_thread_filter)
