"""Runs of pipelines and attempts of tasks while they go on, and what is told of them.

Each run and each attempt of a task is a span and a pair of events of OpenLineage, which go over the
SDK's queue and spool. Nothing here waits for the network, and what goes wrong in telling never reaches
the job; only a wrong argument raises.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import itertools
import os
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from vedette.core.errors import InvalidInputError
from vedette.core.names import NAMESPACE
from vedette.sdk import client
from vedette.sdk.diagnostics import warn
from vedette.sdk.lineage_events import Moved, moved, run_event

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

F = TypeVar("F", bound=Callable[..., Any])
NAMESPACE_VARIABLE = "OPENLINEAGE_NAMESPACE"
PARENT_VARIABLE = "OPENLINEAGE_PARENT_ID"
"""``namespace/job/run id`` of what started this process, as dbt's and Spark's integrations read it."""
MAX_RETRIES = 100
_current: ContextVar[Activity | None] = ContextVar("vedette_activity", default=None)


class Activity:
    """A run of a pipeline, or one attempt of a task, while it goes on.

    Attributes:
        run_id: its id.
        rows_in: rows read, where they are not told by dataset.
        rows_out: rows written, likewise.
        bytes_in: bytes read, likewise.
        bytes_out: bytes written, likewise.
        attempt: which try this is, from 1.

    """

    def __init__(self, scope: Scope, parent: Activity | None, attempt: int = 1) -> None:
        self.scope = scope
        self.parent = parent
        self.attempt = attempt
        self.run_id = str(uuid.uuid4())
        self.namespace: str = scope.namespace or (parent.namespace if parent else _namespace())
        prefix = f"{parent.job}." if parent and scope.kind == "task" else ""
        self.job: str = prefix + scope.name
        self.rows_in: float | None = None
        self.rows_out: float | None = None
        self.bytes_in: float | None = None
        self.bytes_out: float | None = None
        self.inputs: dict[str, Moved] = {name: Moved() for name in scope.reads}
        self.outputs: dict[str, Moved] = {name: Moved() for name in scope.writes}
        self.trace_id = self.span_id = ""
        self._span: Any = None
        self._token: Any = None

    def task(
        self,
        name: str,
        *,
        reads: Iterable[str] = (),
        writes: Iterable[str] = (),
        **options: Any,  # noqa: ANN401 - as ``task`` takes them
    ) -> Scope:
        """Return a task of this run, for ``with``; works in other threads, too."""
        return Scope("task", name, reads=reads, writes=writes, parent=self, **options)

    def read(self, dataset: str, data: Any = None, **known: Any) -> None:  # noqa: ANN401 - a frame
        """Say that a dataset was read.

        Args:
            dataset: a plain name, a path or a URL.
            data: the frame or table, of which rows, bytes and columns are taken.
            known: ``rows``, ``bytes``, ``files``, ``version``.

        """
        self._moved(self.inputs, dataset, data, known)

    def write(self, dataset: str, data: Any = None, **known: Any) -> None:  # noqa: ANN401 - a frame
        """Say that a dataset was written.

        Args:
            dataset: a plain name, a path or a URL.
            data: the frame or table, of which rows, bytes and columns are taken.
            known: ``rows``, ``bytes``, ``files``, ``version``, and ``columns``: each column to the
                columns it is made of, as ``{"total": ["orders.price", "orders.count"]}``.

        """
        self._moved(self.outputs, dataset, data, known)

    def environment(self) -> dict[str, str]:
        """Return variables for a process that this one starts, so that what it tells is a part."""
        found = {PARENT_VARIABLE: f"{self.namespace}/{self.job}/{self.run_id}"}
        if self.trace_id:
            found["TRACEPARENT"] = f"00-{self.trace_id}-{self.span_id}-01"
        return found

    def _moved(
        self, side: dict[str, Moved], dataset: str, data: object, known: Mapping[str, Any]
    ) -> None:
        if unknown := set(known) - {"rows", "bytes", "files", "version", "columns"}:
            raise InvalidInputError(
                f"{min(unknown)!r} is not known of a dataset", field=min(unknown)
            )
        try:
            side[dataset] = side.get(dataset, Moved()).joined(moved(data, known))
        except Exception as error:  # noqa: BLE001 - telling never hurts the job
            warn("lineage", "what was moved could not be told: %r", error)

    def start(self) -> Activity:
        """Begin: the span, the event, and what follows in this context is a part of it."""
        from opentelemetry import trace  # noqa: PLC0415 - importing vedette must stay cheap

        self._token = _current.set(self)
        try:
            tracer = trace.get_tracer("vedette.pipelines")
            self._span = tracer.start_as_current_span(self.job, attributes=self._attributes())
            context = self._span.__enter__().get_span_context()
            if context.is_valid:
                self.trace_id, self.span_id = f"{context.trace_id:032x}", f"{context.span_id:016x}"
            self._tell("START")
        except Exception as error:  # noqa: BLE001 - see above
            warn("lineage", "the start of %s could not be told: %r", self.job, error)
        return self

    def end(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """End it, with the exception that ended it, if any."""
        try:
            self._tell("FAIL" if error is not None else "COMPLETE", error)
            if self._span is not None:
                self._finish_span()
        except Exception as failure:  # noqa: BLE001 - see above
            warn("lineage", "the end of %s could not be told: %r", self.job, failure)
        finally:
            if self._span is not None:
                self._span.__exit__(kind, error, traceback)
            if self._token is not None:
                try:
                    _current.reset(self._token)
                except ValueError:  # ended in another context than it began in
                    _current.set(self.parent)

    def take_result(self, result: object) -> None:
        """Tell what a decorated function returned, where it is a frame or table."""
        try:
            found = moved(result, {})
            if found.rows is not None and len(self.outputs) == 1:
                name = next(iter(self.outputs))
                self.outputs[name] = found.joined(self.outputs[name])
            elif found.rows is not None and self.rows_out is None:
                self.rows_out, self.bytes_out = found.rows, found.bytes
        except Exception as error:  # noqa: BLE001 - see above
            warn("lineage", "what %s returned could not be told: %r", self.job, error)

    def take_argument(self, argument: object) -> None:
        """Tell what a decorated function got first, where it is a frame or table."""
        try:
            found = moved(argument, {})
            if found.rows is not None and self.rows_in is None:
                self.rows_in, self.bytes_in = found.rows, found.bytes
        except Exception as error:  # noqa: BLE001 - see above
            warn("lineage", "what %s was given could not be told: %r", self.job, error)

    def _attributes(self) -> dict[str, Any]:
        root = self
        while root.parent is not None:
            root = root.parent
        found: dict[str, Any] = {
            "vedette.pipeline.name": root.job,
            "vedette.pipeline.run.id": root.run_id,
            **{f"vedette.tag.{key}": value for key, value in self.scope.tags.items()},
        }
        if self.scope.kind == "task":
            found |= {"vedette.task.name": self.scope.name, "vedette.task.run.id": self.run_id}
        if self.attempt > 1:
            found["vedette.task.attempt"] = self.attempt
        if self.scope.partition:
            found["vedette.dataset.partition"] = self.scope.partition
        names = [*self.outputs, *self.inputs]
        if names:
            found["vedette.dataset.name"] = names[0]
        return found

    def _finish_span(self) -> None:
        from opentelemetry import trace  # noqa: PLC0415 - see start

        span = trace.get_current_span()
        for name, own, side, member in (
            ("rows.in", self.rows_in, self.inputs, "rows"),
            ("rows.out", self.rows_out, self.outputs, "rows"),
            ("bytes.in", self.bytes_in, self.inputs, "bytes"),
            ("bytes.out", self.bytes_out, self.outputs, "bytes"),
        ):
            told = [getattr(one, member) for one in side.values()]
            known = [value for value in told if value is not None]
            value = own if own is not None else (sum(known) if known else None)
            if value is not None:
                span.set_attribute(f"vedette.task.{name}", value)

    def _tell(self, event_type: str, error: BaseException | None = None) -> None:
        handle = client.current()
        if handle is None:
            warn("lineage-init", "vedette.init was not called: pipelines are not told of")
            return
        at = time.time()
        service = handle.config.service_name or ""
        # Copies: the job may go on changing them while the queue's thread makes the event.
        inputs, outputs = dict(self.inputs), dict(self.outputs)
        numbers = (self.rows_in, self.rows_out, self.bytes_in, self.bytes_out)
        handle.record(
            "lineage",
            lambda: [run_event(self, event_type, at, inputs, outputs, numbers, service, error)],
        )


class Scope:
    """A pipeline or task that can be entered, more than once, or put before a function."""

    def __init__(
        self,
        kind: str,
        name: str,
        *,
        namespace: str = "",
        reads: Iterable[str] = (),
        writes: Iterable[str] = (),
        retries: int = 0,
        retry_delay: float = 0.0,
        retry_on: type[BaseException] | tuple[type[BaseException], ...] = Exception,
        owners: Iterable[str] = (),
        tags: Mapping[str, str] | None = None,
        description: str = "",
        partition: str = "",
        scheduled: tuple[datetime, datetime | None] | datetime | None = None,
        parent: Activity | None = None,
    ) -> None:
        if not isinstance(name, str) or not 1 <= len(name) <= 1000:  # noqa: PLR2004 - stated here
            raise InvalidInputError(f"a {kind} needs a name of 1 to 1000 characters", field="name")
        if not 0 <= retries <= MAX_RETRIES or retry_delay < 0:
            raise InvalidInputError(
                f"{retries} retries with {retry_delay} s between them are not possible",
                field="retries",
                remedy=f"give 0 to {MAX_RETRIES}, and no negative delay",
            )
        self.kind = kind
        self.name = name
        self.namespace = namespace
        self.reads = tuple(reads)
        self.writes = tuple(writes)
        self.retries = retries
        self.retry_delay = retry_delay
        self.retry_on = retry_on
        self.owners = tuple(owners)
        self.tags = dict(tags or {})
        self.description = description
        self.partition = partition
        self.scheduled = scheduled if isinstance(scheduled, tuple) else (scheduled, None)
        self.source = ""
        self._parent = parent
        self._open: list[Activity] = []

    def _begin(self, attempt: int = 1) -> Activity:
        return Activity(self, self._parent or _current.get(), attempt).start()

    def __enter__(self) -> Activity:
        activity = self._begin()
        self._open.append(activity)
        return activity

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.pop().end(kind, error, traceback)

    async def __aenter__(self) -> Activity:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: F) -> F:
        """Decorate a function, async or not: each call is a run, each retry an attempt of its own."""
        self.description = self.description or (inspect.getdoc(function) or "")[:4000]
        self.source = _source_of(function)
        made = _awaited if inspect.iscoroutinefunction(function) else _called
        return made(self, function)  # type: ignore[return-value]

    def begin(self, attempt: int, args: tuple[Any, ...]) -> Activity:
        """Begin an attempt of a decorated function."""
        activity = self._begin(attempt)
        if args and self.kind == "task":
            activity.take_argument(args[0])
        return activity

    def again(self, error: BaseException, attempt: int) -> bool:
        """Tell whether a failed attempt is followed by another one."""
        return attempt <= self.retries and isinstance(error, self.retry_on)


def _called(scope: Scope, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the function's
        for attempt in itertools.count(1):
            activity = scope.begin(attempt, args)
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                activity.end(type(error), error, error.__traceback__)
                if not scope.again(error, attempt):
                    raise
                time.sleep(scope.retry_delay)
            else:
                activity.take_result(result)
                activity.end()
                return result
        return None

    return called


def _awaited(scope: Scope, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the function's
        for attempt in itertools.count(1):
            activity = scope.begin(attempt, args)
            try:
                result = await function(*args, **kwargs)
            except BaseException as error:
                activity.end(type(error), error, error.__traceback__)
                if not scope.again(error, attempt):
                    raise
                await asyncio.sleep(scope.retry_delay)
            else:
                activity.take_result(result)
                activity.end()
                return result
        return None

    return awaited


def current_activity() -> Activity | None:
    """Return the innermost pipeline or task that is going on here, None where there is none."""
    return _current.get()


def _namespace() -> str:
    return os.environ.get(NAMESPACE_VARIABLE, "") or NAMESPACE


def _source_of(function: Callable[..., Any]) -> str:
    try:
        path = inspect.getsourcefile(inspect.unwrap(function)) or ""
    except TypeError:
        return ""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"file://{path}#L{code.co_firstlineno}" if path and code else ""
