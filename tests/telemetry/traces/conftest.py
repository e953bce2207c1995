"""A sender of hand-made traces for an account of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from support.spans import Sender


@pytest.fixture
def sender(request: pytest.FixtureRequest, submit: Callable[..., list[object]]) -> Sender:
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    return Sender(f"traces-{digest}", submit)
