"""What the receivers of lines share: how many lines a request may hold, and which were rejected."""

from __future__ import annotations

from collections.abc import Iterator

from vedette.core.errors import TooLargeError
from vedette.ingest import Receipt

MAX_LINES = 100_000
"""Most lines or documents of one request: each takes memory while its group is parsed, and the
numbers of those that are rejected are kept."""


def check_count(count: int, *, what: str = "lines") -> None:
    """Raise ``TooLargeError`` for more than ``MAX_LINES``."""
    if count > MAX_LINES:
        raise TooLargeError(
            f"the body has {count} {what}; a request may have {MAX_LINES}",
            field="body",
            remedy="send smaller batches",
        )


def rejected_lines(receipt: Receipt) -> Iterator[tuple[int, str]]:
    """Yield the number of each rejected line, from 1, with the reason."""
    for reason, numbers in receipt.lines.items():
        for number in numbers:
            yield number, reason
