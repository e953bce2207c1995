"""The workload's folder, with the real data in its landing zone."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def landing_zone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose ``landing`` holds every day."""
    from vedette.demo.workload import source

    folder = tmp_path_factory.mktemp("workload")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        source.fill_landing_zone()
    return folder


@pytest.fixture
def workload_folder(landing_zone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workload folder, made the working folder, that shares the landing zone."""
    (tmp_path / "landing").symlink_to(landing_zone / "landing")
    monkeypatch.chdir(tmp_path)
    return tmp_path
