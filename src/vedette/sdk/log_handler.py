"""The handler on the root logger: records of ``logging`` as OpenTelemetry log records.

OpenTelemetry's SDK has deprecated its own handler, so this is ours. It keeps the rest of logging
as it was: ``basicConfig`` called after ``init`` still works, and warnings of a program that has
configured no logging still reach standard error.
"""

from __future__ import annotations

import functools
import logging
import time
import traceback
from typing import TYPE_CHECKING, Any

from opentelemetry._logs import SeverityNumber
from opentelemetry.context import get_current

from vedette.sdk.diagnostics import is_own_thread

if TYPE_CHECKING:
    from opentelemetry._logs import Logger, LoggerProvider

# Ours, and what runs inside an export: telling about those through an export would never end.
_SKIPPED = ("vedette.sdk", "opentelemetry.")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_MAX_LOGGERS = 1000
_INT64 = 2**63
_PER_NAME = 10
_HIGHEST = 24
_SEVERITY_TEXT = {"WARNING": "WARN", "CRITICAL": "FATAL"}


class LogHandler(logging.Handler):
    """Emits every record of ``level`` and above, with the trace and span it was made in."""

    def __init__(self, provider: LoggerProvider, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._provider = provider
        self._loggers: dict[str, Logger] = {}
        self._attached = False

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """Have no lock: emitting only appends to a queue, so threads need not take turns."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Apply the filters and emit; without the lock that the base class would take."""
        kept = self.filter(record)
        if isinstance(kept, logging.LogRecord):
            record = kept
        if kept:
            self.emit(record)
        return bool(kept)

    def attach(self) -> None:
        """Join the root logger's handlers."""
        self._attached = True
        self.keep_attached()
        _leave_basic_config_usable()

    def detach(self) -> None:
        """Leave the root logger's handlers."""
        self._attached = False
        logging.root.removeHandler(self)

    def keep_attached(self) -> None:
        """Come back after a ``dictConfig`` that replaced the root's handlers."""
        if self._attached and self not in logging.root.handlers:
            logging.root.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Emit one record; an error in it goes the way of every logging error."""
        if _is_alone(record):
            # Without this handler the record would have gone there.
            logging.lastResort.handle(record)  # type: ignore[union-attr]  # _is_alone asked
        if is_own_thread() or record.name.startswith(_SKIPPED):
            return
        try:
            self._logger(record.name).emit(
                timestamp=int(record.created * 1e9),
                observed_timestamp=time.time_ns(),
                context=get_current(),
                severity_number=severity(record.levelno),
                severity_text=_SEVERITY_TEXT.get(record.levelname, record.levelname),
                body=encodable(record.getMessage()),
                attributes=_attributes(record),
            )
        except Exception:  # noqa: BLE001 - logging must not raise into the job
            self.handleError(record)

    def _logger(self, name: str) -> Logger:
        logger = self._loggers.get(name)
        if logger is None:
            if len(self._loggers) >= _MAX_LOGGERS:  # loggers named by request or object
                self._loggers.clear()
            logger = self._loggers[name] = self._provider.get_logger(name)
        return logger


def severity(levelno: int) -> SeverityNumber:
    """Map a level of ``logging`` to OpenTelemetry's number: 10 DEBUG=5, 20 INFO=9, 30 WARN=13.

    Levels between take the next numbers, up to the fourth of their name (log data model,
    "Mapping of SeverityNumber").
    """
    if levelno <= 0:
        return SeverityNumber.UNSPECIFIED
    name, step = divmod(levelno, _PER_NAME)
    return SeverityNumber(min(name * 4 + 1 + min(step, 3), _HIGHEST))


def encodable(text: str) -> str:
    """Return ``text`` with lone surrogates, which UTF-8 cannot hold, written as escapes."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def _attributes(record: logging.LogRecord) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "code.file.path": record.pathname,
        "code.function.name": record.funcName or "",
        "code.line.number": record.lineno,
    }
    if record.threadName:
        attributes["thread.name"] = record.threadName
    for name, value in vars(record).items():
        if name not in _STANDARD:
            attributes[name] = _value(value)
    if record.exc_info and record.exc_info[0] is not None:
        kind, error, _ = record.exc_info
        attributes["exception.type"] = f"{kind.__module__}.{kind.__qualname__}".removeprefix(
            "builtins."
        )
        attributes["exception.message"] = encodable(str(error))
        attributes["exception.stacktrace"] = encodable(
            "".join(traceback.format_exception(*record.exc_info))
        )
    return attributes


def _value(value: object) -> str | bool | int | float:
    """Return an ``extra`` as an attribute: numbers as they are, everything else as text."""
    if isinstance(value, (bool, float)):
        return value
    if isinstance(value, int) and -_INT64 <= value < _INT64:
        return value
    return encodable(value if isinstance(value, str) else str(value))


def _is_alone(record: logging.LogRecord) -> bool:
    """Return whether no handler but this SDK's would see the record."""
    last_resort = logging.lastResort
    if last_resort is None or record.levelno < last_resort.level:
        return False
    logger: logging.Logger | None = logging.getLogger(record.name)
    while logger is not None:
        if any(not isinstance(handler, LogHandler) for handler in logger.handlers):
            return False
        logger = logger.parent if logger.propagate else None
    return True


def _leave_basic_config_usable() -> None:
    """Make ``logging.basicConfig``, which does nothing where handlers exist, look past ours."""
    original = logging.basicConfig
    if hasattr(original, "_vedette"):
        return

    @functools.wraps(original)
    def basic_config(**arguments: Any) -> None:  # noqa: ANN401 - their signature
        ours = [handler for handler in logging.root.handlers if isinstance(handler, LogHandler)]
        for handler in ours:
            logging.root.removeHandler(handler)
        try:
            original(**arguments)
        finally:
            for handler in ours:
                logging.root.addHandler(handler)

    basic_config._vedette = True  # type: ignore[attr-defined]  # noqa: SLF001 - our own mark
    logging.basicConfig = basic_config
