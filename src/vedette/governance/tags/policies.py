"""Policies of tags: which keys resources of a kind must have, with which values; and who complies.

A policy warns: its report names who does not comply; or it refuses: tags that break it are not set. A
resource is one that has tags, or one of the catalog's entities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import orjson
import re2
from pydantic import Field, ValidationError
from sqlalchemy import delete, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from vedette.core.bodies import Body
from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.query import QueryRunner
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.alarm_models import AlarmRow
from vedette.store.catalog.checks import check_text, is_storable
from vedette.store.catalog.data_models import MonitorRow
from vedette.store.catalog.models import TagRow
from vedette.store.catalog.organisation_models import TagComplianceRow, TagPolicyRow
from vedette.store.catalog.registry_models import RegisteredModelRow
from vedette.store.catalog.tags import MAX_KEY, MAX_VALUE

MAX_POLICIES = 100
MAX_RESOURCES = 100_000
_SOURCE = "vedette.tags"


class KeyRule(Body):
    """What the values of one key must be."""

    key: str = Field(min_length=1, max_length=MAX_KEY)
    required: bool = True
    values: list[str] | None = Field(
        default=None, max_length=500, description="the allowed ones; any where it is left out"
    )
    pattern: str | None = Field(
        default=None, max_length=256, description="RE2 that the whole value must match"
    )


class PolicyRules(Body):
    """A policy: for which kinds, which keys, and what happens to who does not comply."""

    kinds: list[str] = Field(
        default_factory=list, max_length=50, description="kinds of resources; all where it is empty"
    )
    keys: list[KeyRule] = Field(min_length=1, max_length=50)
    effect: Literal["warn", "refuse"] = "warn"


@dataclass(frozen=True, slots=True)
class Policy:
    """A stored policy."""

    id: str
    name: str
    rules: PolicyRules
    updated: str


@dataclass(frozen=True, slots=True)
class Offence:
    """A resource that does not comply, and why."""

    resource: str
    kind: str
    policy: str
    problems: list[str]
    tags: dict[str, str]


@dataclass(slots=True)
class Report:
    """How far the resources of an account comply."""

    resources: int = 0
    compliant: int = 0
    offences: list[Offence] = field(default_factory=list)
    offence_count: int = 0
    by_kind: dict[str, tuple[int, int]] = field(default_factory=dict)
    by_policy: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By kind and by policy: resources that it is about, and how many of them comply."""


class TagPolicies:
    """Repository of policies, and the report on them."""

    def __init__(self, catalog: Catalog, runner: QueryRunner) -> None:
        self._catalog = catalog
        self._runner = runner

    def all(self, account: str) -> list[Policy]:
        """Return the account's policies by name."""
        query = select(TagPolicyRow).where(TagPolicyRow.account == account)
        with self._catalog.read() as session:
            return [_policy(row) for row in session.scalars(query.order_by(TagPolicyRow.name))]

    def put(self, actor: Actor, account: str, name: str, rules: PolicyRules) -> Policy:
        """Make or change the policy of a name."""
        name = check_text(name, field="name", max_length=128)
        for rule in rules.keys:
            if rule.pattern is not None:
                _compiled(rule.pattern)
        request = {"name": name, "rules": rules.model_dump()}
        with self._catalog.change(
            actor, "PutTagPolicy", account=account, request=request, source=_SOURCE
        ) as change:
            query = select(TagPolicyRow).where(TagPolicyRow.account == account)
            rows = {row.name: row for row in change.session.scalars(query)}
            if name not in rows and len(rows) >= MAX_POLICIES:
                raise InvalidInputError(
                    f"the account has {MAX_POLICIES} policies", field="name", remedy="delete some"
                )
            row = rows.get(name) or TagPolicyRow(id=new_id(), account=account, name=name)
            row.rules = rules.model_dump_json()
            row.updated = self._catalog.clock.now()
            change.session.add(row)
            return _policy(row)

    def remove(self, actor: Actor, account: str, name: str) -> None:
        """Delete a policy; ``NotFoundError`` where there is none of this name."""
        with self._catalog.change(
            actor, "DeleteTagPolicy", account=account, request={"name": name}, source=_SOURCE
        ) as change:
            chosen = delete(TagPolicyRow).where(
                TagPolicyRow.account == account, TagPolicyRow.name == name
            )
            gone = change.session.scalars(chosen.returning(TagPolicyRow.id)).all()
            if not is_storable(name) or not gone:
                raise NotFoundError(f"there is no policy {name[:80]!r}", field="name")

    def require(self, resource: ResourceId, tags: Mapping[str, str]) -> None:
        """Refuse tags that a policy with the effect ``refuse`` does not allow.

        Raises:
            InvalidInputError: a key is missing or a value is not allowed; names the policy.

        """
        for policy in self.all(resource.account):
            if policy.rules.effect != "refuse":
                continue
            problems = problems_of(policy.rules, resource.kind, tags)
            if problems:
                raise InvalidInputError(
                    f"the tag policy {policy.name!r} refuses this: {'; '.join(problems)}",
                    field="tags",
                    remedy="set the tags that it asks for, in the same request",
                )

    def report(
        self, account: str, *, limit: int = 1000, kind: str = "", policy: str = ""
    ) -> Report:
        """Compare every resource of the account with the policies.

        Args:
            account: whose.
            limit: most offences that are listed; all are counted.
            kind: list and count offences of this kind alone; the other numbers stay whole.
            policy: the same of one policy.

        """
        policies = self.all(account)
        report = Report(by_policy={one.name: (0, 0) for one in policies})
        for resource, (its_kind, tags) in self._resources(account).items():
            found = []
            for one in policies:
                if one.rules.kinds and its_kind not in one.rules.kinds:
                    continue
                problems = problems_of(one.rules, its_kind, tags)
                total, good = report.by_policy[one.name]
                report.by_policy[one.name] = (total + 1, good + (not problems))
                if problems:
                    found.append(Offence(resource, its_kind, one.name, problems, tags))
            report.resources += 1
            report.compliant += not found
            total, good = report.by_kind.get(its_kind, (0, 0))
            report.by_kind[its_kind] = (total + 1, good + (not found))
            wanted = [one for one in found if kind in {"", its_kind} and policy in {"", one.policy}]
            report.offence_count += len(wanted)
            report.offences += wanted[: max(0, limit - len(report.offences))]
        return report

    def _resources(self, account: str) -> dict[str, tuple[str, dict[str, str]]]:
        """Return every resource that is known, with its kind and tags, by identity."""
        tagged = select(TagRow.resource, TagRow.kind, TagRow.key, TagRow.value)
        entities = union_all(
            *(
                select(literal(kind).label("kind"), table.name).where(table.account == account)
                for kind, table in _ENTITIES.items()
            )
        )
        found: dict[str, tuple[str, dict[str, str]]] = {}
        with self._catalog.read() as session:
            for kind, name in session.execute(entities.limit(MAX_RESOURCES)):
                found[str(ResourceId(account, kind, name))] = (kind, {})
            rows = session.execute(
                tagged.where(TagRow.account == account).limit(50 * MAX_RESOURCES)
            )
            for resource, kind, key, value in rows:
                found.setdefault(resource, (kind, {}))[1][key] = value
        return found

    def sample(self) -> None:
        """Note today's compliance of every account that has a policy: the report's trend."""
        with self._catalog.read() as session:
            accounts = session.scalars(select(TagPolicyRow.account).distinct()).all()
        day = self._catalog.clock.now().date().isoformat()
        insert = sqlite.insert if self._catalog.dialect == "sqlite" else postgresql.insert
        for account in accounts:
            report = self.report(account, limit=0)
            measured = {"resources": report.resources, "compliant": report.compliant}
            statement = insert(TagComplianceRow).values(account=account, day=day, **measured)
            with self._catalog.operate() as connection:
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=[TagComplianceRow.account, TagComplianceRow.day],
                        set_=measured,
                    )
                )

    def trend(self, account: str, *, days: int = 90) -> list[tuple[str, int, int]]:
        """Return day, resources and how many complied, oldest first."""
        query = (
            select(TagComplianceRow.day, TagComplianceRow.resources, TagComplianceRow.compliant)
            .where(TagComplianceRow.account == account)
            .order_by(TagComplianceRow.day.desc())
            .limit(days)
        )
        with self._catalog.read() as session:
            rows = session.execute(query).all()
            return [(day, total, good) for day, total, good in reversed(rows)]

    def bulk(
        self,
        actor: Actor,
        account: str,
        resources: Sequence[ResourceId],
        tags: Mapping[str, str],
        remove: Sequence[str],
    ) -> int:
        """Set and remove tags of many resources in one change; return how many there were."""
        checked = {
            check_text(key, field="key", max_length=MAX_KEY): check_text(
                value, field=f"tags[{key[:MAX_KEY]!r}]", max_length=MAX_VALUE, min_length=0
            )
            for key, value in tags.items()
        }
        request = {"tags": checked, "remove": list(remove), "resources": len(resources)}
        refusing = [one for one in self.all(account) if one.rules.effect == "refuse"]
        names = {str(resource): resource for resource in resources}
        with self._catalog.change(
            actor, "TagResources", account=account, request=request,
            resources=resources, source=_SOURCE,
        ) as change:  # fmt: skip
            held: dict[str, dict[str, TagRow]] = {name: {} for name in names}
            query = select(TagRow).where(TagRow.account == account)
            for start in range(0, len(names), 500):
                part = list(names)[start : start + 500]
                for row in change.session.scalars(query.where(TagRow.resource.in_(part))):
                    held[row.resource][row.key] = row
            for name, rows in held.items():
                _set_tags(change.session, names[name], rows, checked, remove)
                after = {key: row.value for key, row in rows.items()}
                for policy in refusing:
                    if problems := problems_of(policy.rules, names[name].kind, after):
                        raise InvalidInputError(
                            f"the tag policy {policy.name!r} refuses {name}: {'; '.join(problems)}",
                            field="tags",
                            remedy="set the tags that it asks for, in the same request",
                        )
        return len(names)


_ENTITIES: dict[str, Any] = {
    "alarm": AlarmRow,
    "monitor": MonitorRow,
    "model": RegisteredModelRow,
}


def _set_tags(
    session: Any,  # noqa: ANN401 - a session
    resource: ResourceId,
    rows: dict[str, TagRow],
    tags: Mapping[str, str],
    remove: Sequence[str],
) -> None:
    for key in remove:
        if key in rows:
            session.delete(rows.pop(key))
    for key, value in tags.items():
        if key in rows:
            rows[key].value = value
            continue
        rows[key] = TagRow(
            resource=str(resource), key=key, value=value, account=resource.account,
            kind=resource.kind,
        )  # fmt: skip
        session.add(rows[key])
    if len(rows) > 50:  # noqa: PLR2004 - as the repository of tags has it
        raise InvalidInputError(f"{resource} would have {len(rows)} tags", field="tags")


def problems_of(rules: PolicyRules, kind: str, tags: Mapping[str, str]) -> list[str]:
    """Return why a resource of a kind with these tags does not comply; empty where it does."""
    if rules.kinds and kind not in rules.kinds:
        return []
    problems = []
    for rule in rules.keys:
        value = tags.get(rule.key)
        if value is None:
            if rule.required:
                problems.append(f"{rule.key} is missing")
        elif rule.values is not None and value not in rule.values:
            problems.append(f"{rule.key} is {value!r}, which is not allowed")
        elif rule.pattern is not None and _compiled(rule.pattern).fullmatch(value) is None:
            problems.append(f"{rule.key} is {value!r}, which does not match {rule.pattern}")
    return problems


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:  # noqa: ANN401 - re2 has no types
    try:
        return re2.compile(pattern)
    except re2.error as error:
        raise InvalidInputError(
            f"the pattern {pattern[:80]!r} cannot be read", field="pattern", remedy="write an RE2"
        ) from error


def _policy(row: TagPolicyRow) -> Policy:
    try:
        rules = PolicyRules.model_validate(orjson.loads(row.rules))
    except ValidationError as error:
        raise InvalidInputError("a stored policy cannot be read", field="rules") from error
    return Policy(row.id, row.name, rules, row.updated.isoformat())
