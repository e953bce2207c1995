"""The spans of one trace as a tree, whatever is missing, doubled or wrong about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Span:
    """What the shape of a trace needs of a span.

    Attributes:
        span_id: its id.
        parent_id: id of its parent; '' for a root.
        service: name of its service.
        host: name of its host, '' where unknown; service and host together share a clock.
        kind: OpenTelemetry's span kind.
        start: nanoseconds.
        end: nanoseconds, at least ``start``.

    """

    span_id: str
    parent_id: str
    service: str
    host: str
    kind: str
    start: int
    end: int

    @property
    def duration(self) -> int:
        """Nanoseconds."""
        return self.end - self.start


class SpanTree:
    """Parents and children by id.

    A span whose parent is missing is a root, and so is the earliest span of a circle of parents.
    Where one true root is left and a span with a missing parent ran within it, the span counts as
    the root's child: what was between them got lost.

    Args:
        spans: of one trace, in any order; of several with one id the first counts.

    """

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans: dict[str, Span] = {}
        for span in spans:
            self.spans.setdefault(span.span_id, span)
        self.children: dict[str, list[str]] = {}
        true_roots, orphans = [], []
        for span in self.spans.values():
            if span.parent_id in self.spans and span.parent_id != span.span_id:
                self.children.setdefault(span.parent_id, []).append(span.span_id)
            elif span.parent_id in {"", span.span_id}:
                true_roots.append(span.span_id)
            else:
                orphans.append(span.span_id)
        self.adopted = self._adopt(true_roots, orphans)
        """Spans with a missing parent that count as children of the root."""
        roots = true_roots + [orphan for orphan in orphans if orphan not in self.adopted]
        self.roots: tuple[str, ...] = tuple(self._with_circles(roots))
        """Where the trees begin, by start."""

    def _adopt(self, true_roots: list[str], orphans: list[str]) -> frozenset[str]:
        if len(true_roots) != 1:
            return frozenset()
        root = self.spans[true_roots[0]]
        inside = [
            orphan
            for orphan in orphans
            if root.start <= self.spans[orphan].start and self.spans[orphan].end <= root.end
        ]
        if inside:
            self.children.setdefault(root.span_id, []).extend(inside)
        return frozenset(inside)

    def _with_circles(self, roots: list[str]) -> list[str]:
        """Cut each circle of parents before its earliest span, which becomes a root."""
        reached: set[str] = set()
        for root in roots:
            self._reach(root, reached)
        if len(reached) < len(self.spans):
            for span in sorted(self.spans.values(), key=_by_start):
                if span.span_id not in reached:
                    self.children[span.parent_id].remove(span.span_id)
                    roots.append(span.span_id)
                    self._reach(span.span_id, reached)
        return sorted(roots, key=lambda span_id: _by_start(self.spans[span_id]))

    def _reach(self, root: str, reached: set[str]) -> None:
        waiting = [root]
        while waiting:
            span_id = waiting.pop()
            reached.add(span_id)
            waiting.extend(
                child for child in self.children.get(span_id, ()) if child not in reached
            )


def _by_start(span: Span) -> tuple[int, str]:
    return span.start, span.span_id
