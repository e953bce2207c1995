"""Hosts with a known past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.infrastructure import Past


@pytest.fixture
def past(submit: Callable[..., Any]) -> Past:
    return Past(submit)
