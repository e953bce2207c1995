"""A few rounds of the tool that kills the server under load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from faults.kill import run

if TYPE_CHECKING:
    from pathlib import Path


def test_kill_9_loses_and_doubles_nothing(tmp_path: Path) -> None:
    outcome = run(tmp_path / "store", rounds=3, seed=7)
    assert outcome.acknowledged > 0
    assert outcome.good, outcome.summary()
