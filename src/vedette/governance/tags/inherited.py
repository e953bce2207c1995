"""Tags that telemetry carries as resource attributes ``tag.*``: services have them, too."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import timedelta

from sqlalchemy import select

from vedette.core.errors import VedetteError
from vedette.core.identity import ResourceId
from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.models import AccountRow
from vedette.telemetry.ranges import bound_range

ATTRIBUTE = "tag."
RECENT = timedelta(hours=2)
_ACTOR = Actor.system("inherited-tags")
_log = logging.getLogger(__name__)
_INHERITED = """
SELECT ServiceName AS service,
       mapFilter((k, v) -> startsWith(k, 'tag.'), any(ResourceAttributes)) AS tags
FROM @resources
WHERE Hour >= toStartOfHour(toDateTime({start:DateTime64(9)})) AND ServiceName != ''
GROUP BY service, ResourceHash
HAVING notEmpty(tags)
"""


class InheritedTags:
    """Gives services the tags of their telemetry. A tag that is there already keeps its value."""

    def __init__(self, catalog: Catalog, runner: QueryRunner) -> None:
        self._catalog = catalog
        self._runner = runner

    def everywhere(self) -> None:
        """Look at what every account sent of late; one that fails does not stop the others."""
        now = self._catalog.clock.now()
        with self._catalog.read() as session:
            accounts = session.scalars(select(AccountRow.name).order_by(AccountRow.name)).all()
        for account in accounts:
            try:
                self.inherit(_ACTOR, account, TimeRange(now - RECENT, now))
            except VedetteError as error:
                _log.warning("services of %s inherited no tags: %s", account, error.message)

    def inherit(self, actor: Actor, account: str, within: TimeRange) -> int:
        """Give an account's services the tags of what they sent; return how many got some."""
        rows = self._runner.run(account, _INHERITED, bound_range(within)).records()
        given: dict[str, dict[str, str]] = defaultdict(dict)
        for row in rows:
            for key, value in row["tags"].items():
                given[row["service"]].setdefault(key.removeprefix(ATTRIBUTE), value)
        changed = 0
        for service, tags in given.items():
            resource = ResourceId(account, "service", service)
            have = self._catalog.tags.get(resource)
            new = {key: value for key, value in tags.items() if key and key not in have}
            if new:
                self._catalog.tags.set(actor, resource, new)
                changed += 1
        return changed
