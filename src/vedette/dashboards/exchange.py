"""Dashboards as files: given out as documents, brought in from those or from Grafana."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import orjson

from vedette.core.errors import InvalidInputError
from vedette.dashboards.definition import MAX_NAME, DashboardSpec
from vedette.dashboards.grafana import Note, import_grafana, is_grafana
from vedette.manifests import SourceFile, read_documents
from vedette.manifests.document import API_VERSION
from vedette.manifests.model import checked, dumped

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEDY = "give an export of Vedette (JSON or YAML), or a dashboard of Grafana (JSON)"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds."""

    form: Literal["vedette", "grafana"]
    name: str
    spec: DashboardSpec
    notes: list[Note] = field(default_factory=list)


def exported(name: str, spec: DashboardSpec) -> dict[str, Any]:
    """Return a dashboard as a document for ``vedette apply``."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Dashboard",
        "metadata": {"name": name},
        "spec": dumped(spec),
    }


def read_import(text: str) -> Imported:
    """Read a file.

    Raises:
        InvalidInputError: it is none of what is read, or its definition is wrong.

    """
    value = _json(text)
    if isinstance(value, dict) and is_grafana(value):
        found = import_grafana(value)
        return Imported("grafana", found.name, found.spec, found.notes)
    if value is not None and not isinstance(value, dict):
        raise InvalidInputError("this is no dashboard", field="text", remedy=_REMEDY)
    if isinstance(value, dict) and "kind" not in value:
        return _spec_alone(value)
    documents = read_documents([SourceFile("file", text)])
    boards = [one for one in documents if one.kind == "Dashboard"]
    if len(boards) != 1:
        raise InvalidInputError(
            f"the file holds {len(boards)} dashboards", field="text",
            remedy=_REMEDY if not boards else "bring several in with 'vedette apply'",
        )  # fmt: skip
    [one] = boards
    spec = checked(lambda: DashboardSpec.model_validate(dict(one.spec)))
    return Imported("vedette", one.name[:MAX_NAME], spec)


def _spec_alone(value: Mapping[str, Any]) -> Imported:
    if "panels" not in value:
        raise InvalidInputError("this is no dashboard", field="text", remedy=_REMEDY)
    spec = checked(lambda: DashboardSpec.model_validate(dict(value)))
    return Imported("vedette", "Imported dashboard", spec)


def _json(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
