"""Messages as people read them: which series fired, why, since when, and where to look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.notifications.model import Message, Notice

MAX_SERIES_SHOWN = 20
MAX_TITLE = 250


def title_of(message: Message) -> str:
    """Return the title of a message, in a line."""
    names = list(dict.fromkeys(notice.alarm for notice in message.notices))
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    firing, resolved = message.firing, message.resolved
    if message.status == "test":
        return f"[TEST] {names[0]}{more}"[:MAX_TITLE]
    if firing:
        count = f":{len(firing)}" if len(firing) > 1 else ""
        head = f"[FIRING{count}] [{message.severity}] {names[0]}{more}"
        one = label_text(firing[0].series) if len(firing) == 1 else ""
    else:
        head = f"[RESOLVED{f':{len(resolved)}' if len(resolved) > 1 else ''}] {names[0]}{more}"
        one = label_text(resolved[0].series) if len(resolved) == 1 else ""
    return f"{head} ({one})"[:MAX_TITLE] if one else head[:MAX_TITLE]


def body_of(message: Message) -> str:
    """Return the text of a message, in Markdown that is readable as it is."""
    parts = []
    for heading, notices in (
        ("Firing", message.firing),
        ("Resolved", message.resolved),
        ("Test", [one for one in message.notices if one.status == "test"]),
    ):
        if notices:
            parts.append(f"**{heading}**\n\n{_list(message, notices)}")
    if message.left_out:
        parts.append(f"{message.left_out} more are not shown.")
    return "\n\n".join(parts)


def _list(message: Message, notices: Sequence[Notice]) -> str:
    lines = []
    by_alarm: dict[str, list[Notice]] = {}
    for notice in notices:
        by_alarm.setdefault(notice.alarm_id, []).append(notice)
    for same in by_alarm.values():
        first = same[0]
        lines.append(f"{plain(first.alarm)} ({first.severity}): {plain(first.summary)}")
        if first.description:
            lines.append(plain(first.description))
        lines += [f"- {_series(notice)}" for notice in same[:MAX_SERIES_SHOWN]]
        if len(same) > MAX_SERIES_SHOWN:
            lines.append(f"- and {len(same) - MAX_SERIES_SHOWN} more series")
        if first.runbook:
            lines.append(f"Runbook: {first.runbook}")
        if link := message.link(first):
            lines.append(f"Details: {link}")
        lines.append("")
    return "\n".join(lines).rstrip()


def _series(notice: Notice) -> str:
    name = plain(label_text(notice.series)) or "the alarm"
    value = "" if notice.value is None else f", value {notice.value:.6g}"
    since = datetime.fromtimestamp(notice.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    again = " (again)" if notice.repeated else ""
    return f"{name}{again}: {plain(notice.reason)}{value}, since {since}"


def label_text(labels: Mapping[str, str]) -> str:
    """Return labels in a line."""
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))


def plain(text: str) -> str:
    """Return a text without what Markdown, HTML and mentions would make of it.

    Values of labels come from telemetry: nobody who can send it may make links or call people.
    """
    for char, instead in (("<", "‹"), (">", "›"), ("@", "@\u200b"), ("[", "("), ("]", ")")):
        text = text.replace(char, instead)
    return text.replace("`", "'").replace("*", "∗")
