"""The critical path of a trace: what its duration was spent waiting for.

The idea is that of CRISP (Zhang et al., USENIX ATC 2022) and of critical path analysis before it:
from the end of the root go backwards; the child that ended last is what its parent waited for, so
the path goes through it to its start, and from there on to the child that ended last before that.
Time in which the path is in no child belongs to the span itself. A child that still ran when the
next one on the path began did not hold anything up, and is not on the path.

Before that, intervals are made to nest:

- **Clock skew.** A span on another clock (service or host) than its parent that does not fit into
  it, and is no longer than it, is moved into its middle, together with what is below it on its own
  clock: a request takes about as long there as back.
- **Cut.** What still sticks out of a caller that gave up earlier is cut at the caller's end.
- **Asynchronous children.** A span on its parent's own clock that outlives it, or begins after it,
  and whatever consumes a message that the parent produced, was not waited for: it is left out of
  the path, and listed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vedette.telemetry.traces.span_tree import Span, SpanTree


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the path that belongs to one span alone.

    Attributes:
        span_id: the span.
        start: nanoseconds, in the time of the path's root.
        end: nanoseconds, after ``start``.

    """

    span_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The path.

    Attributes:
        segments: by time and disjoint. With one root they cover its interval exactly; with several
            roots, time between them is nobody's.
        asynchronous: spans that nothing waited for; what is below them is left out with them.
        moved: how far spans were moved against clock skew, in nanoseconds, where they were.

    """

    segments: tuple[Segment, ...]
    asynchronous: tuple[str, ...]
    moved: dict[str, int]


def critical_path(tree: SpanTree) -> CriticalPath:
    """Return the critical path of a trace; no spans give an empty path."""
    nested = _Nested(tree)
    roots = [tree.spans[root] for root in tree.roots]
    segments: list[Segment] = []
    if roots:
        # The roots are children of a span that is nobody's and reaches from first to last.
        everything = _Window(None, min(s.start for s in roots), max(s.end for s in roots))
        waiting = [everything]
        while waiting:
            window = waiting.pop()
            children = roots if window.span_id is None else nested.children(window.span_id)
            waiting.extend(_back_through(window, children, segments))
    segments.sort(key=lambda segment: segment.start)
    return CriticalPath(tuple(segments), tuple(nested.asynchronous), nested.moved)


@dataclass(frozen=True, slots=True)
class _Window:
    span_id: str | None
    start: int
    end: int


def _back_through(
    window: _Window, children: Iterable[Span], segments: list[Segment]
) -> list[_Window]:
    """Walk one span backwards; add its own stretches and return its children's on the path."""
    inner = []
    at = window.end
    for child in sorted(children, key=lambda span: (span.end, span.start), reverse=True):
        if child.end > at or child.end == child.start:
            continue
        if child.end < at and window.span_id is not None:
            segments.append(Segment(window.span_id, child.end, at))
        inner.append(_Window(child.span_id, child.start, child.end))
        at = child.start
    if window.start < at and window.span_id is not None:
        segments.append(Segment(window.span_id, window.start, at))
    return inner


class _Nested:
    """The spans with intervals that nest: every kept child lies within its parent."""

    def __init__(self, tree: SpanTree) -> None:
        self.asynchronous: list[str] = []
        self.moved: dict[str, int] = {}
        self._children: dict[str, list[Span]] = {}
        # Parents come before their children; a span travels with the move of its own clock.
        waiting = [(tree.spans[root], 0) for root in reversed(tree.roots)]
        while waiting:
            parent, offset = waiting.pop()
            kept = self._children.setdefault(parent.span_id, [])
            for child_id in tree.children.get(parent.span_id, ()):
                placed = self._place(tree.spans[child_id], parent, offset)
                if placed is None:
                    self.asynchronous.append(child_id)
                    continue
                child, child_offset = placed
                if child_offset:
                    self.moved[child_id] = child_offset
                kept.append(child)
                waiting.append((child, child_offset))

    def children(self, span_id: str) -> list[Span]:
        return self._children.get(span_id, [])

    def _place(self, child: Span, parent: Span, offset: int) -> tuple[Span, int] | None:
        """Return the child within its parent and how far it moved; None if nothing waits for it."""
        if _is_message(child, parent):
            return None
        if (child.service, child.host) == (parent.service, parent.host):
            start, end = child.start + offset, child.end + offset
            if end > parent.end or start >= parent.end > parent.start:
                return None
            return replace(
                child, start=max(start, parent.start), end=max(end, parent.start)
            ), offset
        moved = _skew(child, parent)
        start = min(max(child.start + moved, parent.start), parent.end)
        end = min(max(child.end + moved, start), parent.end)
        return replace(child, start=start, end=end), moved


def _is_message(child: Span, parent: Span) -> bool:
    """Tell whether the child consumes what the parent sent, and so runs on its own."""
    if child.kind == "Consumer":
        return parent.kind == "Producer" or child.service != parent.service
    return parent.kind == "Producer" and child.service != parent.service


def _skew(child: Span, parent: Span) -> int:
    """Return how far to move a span that is on another clock than its parent."""
    if parent.start <= child.start and child.end <= parent.end:
        return 0
    if child.duration <= parent.duration:
        return parent.start + (parent.duration - child.duration) // 2 - child.start
    # Longer than its caller: either the caller gave up, or their clocks share nothing.
    overlaps = child.start < parent.end and child.end > parent.start
    return 0 if overlaps else parent.start - child.start
