"""What is told: notices of changes, and the message that several of them make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import orjson

Status = Literal["firing", "resolved", "test"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that changed: a series of an alarm fires, or does no more.

    Attributes:
        id: unique; a receiver that sees it twice can tell.
        alarm_id: the alarm.
        alarm: its name.
        status: ``firing``, ``resolved`` or ``test``.
        severity: ``critical``, ``error``, ``warning`` or ``info``.
        labels: labels of the alarm and of the series together; routes match them.
        series: labels of the series alone; empty where the alarm has one.
        reason: why, in a sentence.
        summary: what is watched and what it is compared with.
        since: Unix second since which it is so.
        value: the newest data point, or None.
        description: the alarm's own text.
        runbook: link that says what to do, or empty.
        repeated: told before, and still so.

    """

    id: str
    alarm_id: str
    alarm: str
    status: Status
    severity: str
    labels: Mapping[str, str]
    series: Mapping[str, str]
    reason: str
    summary: str
    since: float
    value: float | None = None
    description: str = ""
    runbook: str = ""
    repeated: bool = False

    def to_json(self) -> str:
        """Return it as text."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def from_json(cls, text: str) -> Notice:
        """Return the notice of a text."""
        return cls(**orjson.loads(text))


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel is sent: the notices of one group, oldest first.

    Attributes:
        id: the delivery's id; the same when it is tried again.
        account: whose alarms.
        group_key: what the notices have in common.
        notices: at least one.
        url: of the console, without a slash at its end; empty where it is not known.
        image: a PNG of the metric, or None.
        left_out: notices beyond those that one message holds.

    """

    id: str
    account: str
    group_key: str
    notices: Sequence[Notice]
    url: str = ""
    image: bytes | None = field(default=None, repr=False)
    left_out: int = 0

    @property
    def status(self) -> Status:
        """``firing`` where anything fires."""
        kinds = {notice.status for notice in self.notices}
        if "firing" in kinds:
            return "firing"
        return "resolved" if "resolved" in kinds else "test"

    @property
    def firing(self) -> list[Notice]:
        """The notices that fire."""
        return [notice for notice in self.notices if notice.status == "firing"]

    @property
    def resolved(self) -> list[Notice]:
        """The notices that are resolved."""
        return [notice for notice in self.notices if notice.status == "resolved"]

    @property
    def severity(self) -> str:
        """The worst severity."""
        order = ("critical", "error", "warning")
        there = {notice.severity for notice in self.notices}
        return next((one for one in order if one in there), "info")

    def link(self, notice: Notice) -> str:
        """Return the address of a notice's alarm, or an empty text."""
        return f"{self.url}/alarms/{notice.alarm_id}" if self.url else ""

    def facts(self) -> dict[str, Any]:
        """Return the message as JSON, for webhooks."""
        return {
            "version": "1",
            "delivery_id": self.id,
            "account": self.account,
            "status": self.status,
            "severity": self.severity,
            "group_key": self.group_key,
            "left_out": self.left_out,
            "notices": [{**asdict(n), "link": self.link(n)} for n in self.notices],
        }
