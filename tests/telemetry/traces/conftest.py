"""A sender of hand-made traces for an account of its own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from support.spans import Sender

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def sender(request: pytest.FixtureRequest, submit: Callable[..., list[object]]) -> Sender:
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    return Sender(f"traces-{digest}", submit)
