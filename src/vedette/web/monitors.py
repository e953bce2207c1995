"""Monitors of datasets, put together of a process's services."""

from __future__ import annotations

from vedette.data.datasets import Datasets
from vedette.data.profiles import Profiles
from vedette.data.samples import Samples
from vedette.monitors.allowed import AllowedSources
from vedette.monitors.evaluator import Emit, Evaluator
from vedette.monitors.results import Results
from vedette.monitors.service import Monitors
from vedette.monitors.sources import SourceProfiler
from vedette.web.services import Services


def make_monitors(services: Services) -> Monitors:
    """Return the repository of monitors."""
    allowed = AllowedSources(services.settings.sources_allowed)
    return Monitors(services.catalog, services.secrets, allowed)


def make_evaluator(services: Services, emit: Emit | None) -> Evaluator:
    """Return what runs monitors; sources are profiled in processes of their own."""
    settings = services.settings
    profiles = Profiles(services.warehouse, services.runner)
    sources = SourceProfiler(
        profiles,
        Samples(services.warehouse, services.runner),
        Datasets(services.catalog),
        services.secrets,
        AllowedSources(settings.sources_allowed),
        timeout=settings.source_timeout_seconds,
        memory_bytes=settings.source_memory_bytes,
    )
    results = Results(services.warehouse, services.runner)
    return Evaluator(services.catalog, profiles, results, emit, sources)
