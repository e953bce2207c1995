"""Reports and returns as code."""

# ruff: noqa: D102 - methods have the shape of Kind

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.business.reports.definition import ReportSpec, check_report
from vedette.business.roi.definition import RoiSpec, check_roi
from vedette.manifests.definitions import DefinitionManifests

if TYPE_CHECKING:
    from collections.abc import Mapping


class ReportKind(DefinitionManifests[ReportSpec]):
    """``kind: Report``."""

    name = "Report"
    order = 50
    spec = ReportSpec

    def check(self, spec: Mapping[str, Any]) -> ReportSpec:
        return check_report(dict(spec))


class ReturnKind(DefinitionManifests[RoiSpec]):
    """``kind: Return``: the return on a model."""

    name = "Return"
    order = 21
    spec = RoiSpec

    def check(self, spec: Mapping[str, Any]) -> RoiSpec:
        return check_roi(dict(spec))
