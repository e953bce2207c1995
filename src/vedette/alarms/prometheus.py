"""Files of Prometheus alerting rules as documents for ``vedette apply``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from vedette.alarms.checks import check_evaluable
from vedette.alarms.definition import MAX_NAME, check_spec
from vedette.alarms.promql import map_expression
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.manifests.document import read_values

if TYPE_CHECKING:
    from vedette.manifests import SourceFile

MAX_RULES = 2_000
_SEVERITIES = {
    "critical": "critical", "page": "critical", "emergency": "critical", "error": "error",
    "high": "error", "warning": "warning", "warn": "warning", "info": "info", "none": "info",
}  # fmt: skip
_RULE = {"alert", "expr", "for", "keep_firing_for", "labels", "annotations"}


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that has no equal here; ``place`` is its file, group and number."""

    place: str
    name: str
    reason: str
    position: int | None


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file of rules became.

    Attributes:
        documents: as data, in the order of the rules.
        refused: rules that have no equal.
        notes: what is not exactly as it was.

    """

    documents: list[dict[str, Any]]
    refused: list[Refused]
    notes: list[str]

    def to_yaml(self) -> str:
        """Return the documents as a file."""
        return yaml.safe_dump_all(self.documents, sort_keys=False, allow_unicode=True, width=100)


def import_rules(file: SourceFile) -> Imported:
    """Turn the rules of a file into alarms, as far as they have equals.

    Raises:
        InvalidInputError: it is no file of rules.

    """
    done = Imported([], [], [])
    names: dict[str, int] = {}
    for value, line in read_values(file):
        groups = value.get("groups") if isinstance(value, dict) else None
        if isinstance(value, dict) and value.get("kind") == "PrometheusRule":
            groups = (value.get("spec") or {}).get("groups")
        if not isinstance(groups, list):
            raise InvalidInputError(
                f"{file.name}:{line}: this is no file of Prometheus rules: it has no groups",
                field="text",
                remedy="give a file as Prometheus' rule_files names them",
            )
        for group in groups:
            _group(file.name, group, done, names)
    return done


def _group(name: str, group: Any, done: Imported, names: dict[str, int]) -> None:  # noqa: ANN401 - YAML
    if not isinstance(group, dict) or not isinstance(group.get("rules"), list):
        raise InvalidInputError(
            f"{name}: a group has no rules", field="text", remedy="give name and rules"
        )
    for number, rule in enumerate(group["rules"], 1):
        place = f"{name}: group {group.get('name', '?')}, rule {number}"
        if not isinstance(rule, dict):
            raise InvalidInputError(f"{place} is no rule", field="text", remedy="correct it")
        alert = str(rule.get("alert") or rule.get("record") or "?")
        if len(done.documents) + len(done.refused) >= MAX_RULES:
            raise InvalidInputError(
                f"the file has more than {MAX_RULES} rules", field="text", remedy="split it"
            )
        try:
            document = _document(rule, alert, names, done.notes)
        except VedetteError as error:
            done.refused.append(Refused(place, alert, error.message, error.position))
        else:
            done.documents.append(document)


def _document(
    rule: dict[str, Any], alert: str, names: dict[str, int], notes: list[str]
) -> dict[str, Any]:
    if "record" in rule:
        raise InvalidInputError(
            "a recording rule makes a metric; alarms compute what they need", field="record"
        )
    if unknown := sorted(map(str, rule.keys() - _RULE)):
        raise InvalidInputError(f"{unknown[0]!r} is no member of a rule", field=unknown[0])
    mapped = map_expression(str(rule.get("expr", "")))
    labels = {str(k): str(v) for k, v in (rule.get("labels") or {}).items()}
    annotations = {str(k): str(v) for k, v in (rule.get("annotations") or {}).items()}
    spec: dict[str, Any] = {
        "severity": _SEVERITIES.get(labels.get("severity", "").lower(), "warning"),
        "source": mapped.source,
        "period": mapped.period,
        # An alert of Prometheus ends with its series.
        "missing": "notBreaching",
    }
    if mapped.condition:
        spec["condition"] = mapped.condition
    text = "\n".join(annotations[key] for key in ("summary", "description") if key in annotations)
    if text:
        spec["description"] = text[:4096]
    if annotations.get("runbook_url", "").startswith(("http://", "https://")):
        spec["runbook"] = annotations["runbook_url"]
    for member in ("for", "keep_firing_for"):
        if rule.get(member):
            spec[member] = str(rule[member])
    check_evaluable(check_spec(spec))
    count = names[alert] = names.get(alert, 0) + 1
    name = alert if count == 1 else f"{alert} ({count})"
    notes += [f"{name}: {note}" for note in mapped.notes]
    if "{{" in text:
        notes.append(f"{name}: templates in its text stay as they are; notices name the series")
    return {
        "kind": "Alarm",
        "metadata": {"name": name[:MAX_NAME], **({"labels": labels} if labels else {})},
        "spec": spec,
    }
