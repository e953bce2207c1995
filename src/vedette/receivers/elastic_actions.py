"""The action lines of a bulk request; documents are not looked at, the engine parses them.

In what shippers send, lines of an action and a document alternate and few action lines differ, so
each different action line is read once. Only a request with an action that has no document, or is
not accepted, is walked line by line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from vedette.core.errors import InvalidInputError
from vedette.receivers.elastic_shape import Action, error_item, success_item
from vedette.receivers.lines import check_count

DEFAULT_INDEX = "logs"
_ACCEPTED = frozenset({"create", "index"})
_NAMES = frozenset({"create", "index", "update", "delete"})


@dataclass(slots=True)
class Bulk:
    """A bulk request, taken apart.

    Attributes:
        data: what is stored: a line with the index that the path names, then lines of an action
            and a document in turn.
        actions: all actions in the order of the request.
        documents: how many documents ``data`` holds.
        refused: places of the actions that are not accepted.

    """

    data: bytes
    actions: list[Action]
    documents: int
    refused: list[int] = field(default_factory=list)

    def items(self) -> list[bytes]:
        """Return the answers, as if every document had been stored."""
        answers = {action: success_item(action) for action in set(self.actions)}
        items = list(map(answers.__getitem__, self.actions))
        for place in self.refused:
            action = self.actions[place]
            reason = f"{action.name} is not supported; send create or index"
            items[place] = error_item(action, "illegal_argument_exception", reason)
        return items

    def places(self) -> Sequence[int]:
        """Return the place in the request of each stored document."""
        if not self.refused:
            return range(len(self.actions))
        refused = set(self.refused)
        return [place for place in range(len(self.actions)) if place not in refused]


def parse_bulk(body: bytes, index: str) -> Bulk:
    """Take a bulk body apart.

    Args:
        body: the unpacked body.
        index: the index in the request's path, or the empty string.

    Raises:
        InvalidInputError: a line that must be an action is none, or an action has no document.
        TooLargeError: there are too many documents.

    """
    if not body or body.isspace():
        raise InvalidInputError(
            "request body is required", field="body", remedy="send actions and documents"
        )
    lines = body.split(b"\n")
    if not lines[-1].strip():
        lines.pop()
    check_count((len(lines) + 1) // 2, what="documents")
    head = orjson.dumps({"_index": index or DEFAULT_INDEX}) + b"\n"
    known = _Known(index or DEFAULT_INDEX)
    if len(lines) % 2 == 0 and known.all_accepted(lines[::2]):
        actions = list(map(known.__getitem__, lines[::2]))
        return Bulk(head + body, actions, len(actions))
    return _walked(head, lines, known)


class _Known(dict[bytes, Action]):
    """The action lines that were read."""

    def __init__(self, index: str) -> None:
        super().__init__()
        self._index = index

    def all_accepted(self, lines: list[bytes]) -> bool:
        """Read each different line; return whether all are actions that are accepted."""
        try:
            return all(self[line].name in _ACCEPTED for line in set(lines))
        except ValueError:
            return False

    def __missing__(self, line: bytes) -> Action:
        action = self[line] = _parse_action(line, self._index)
        return action


def _parse_action(line: bytes, index: str) -> Action:
    """Read an action line; raises ``ValueError`` where it is none."""
    content = orjson.loads(line)
    if not isinstance(content, dict) or len(content) != 1:
        raise ValueError("expected an object with one member")
    name, target = content.popitem()
    if name not in _NAMES:
        raise ValueError("expected create or index")
    if not isinstance(target, dict):
        raise ValueError(f"expected an object after {name}")  # noqa: TRY004 - the caller's one case
    own, identity = target.get("_index") or index, target.get("_id")
    if not isinstance(own, str) or not isinstance(identity, str | int | None):
        raise ValueError("_index and _id must be strings")  # noqa: TRY004 - the caller's one case
    return Action(name, own, None if identity is None else str(identity))


def _walked(head: bytes, lines: list[bytes], known: _Known) -> Bulk:
    actions: list[Action] = []
    refused: list[int] = []
    kept: list[bytes] = []
    numbered = iter(enumerate(lines, 1))
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            action = known[line]
        except ValueError as error:
            raise InvalidInputError(
                f"malformed action/metadata line [{number}]: {error}",
                field="body",
                remedy='write an action, such as {"create":{}}, and its document on the next line',
            ) from error
        document = None if action.name == "delete" else next(numbered, None)
        if document is None and action.name != "delete":
            raise InvalidInputError(
                f"the action of line [{number}] has no document",
                field="body",
                remedy="write the document on the line after its action",
            )
        if document is None or action.name not in _ACCEPTED:
            refused.append(len(actions))
        else:
            kept += (line, document[1])
        actions.append(action)
    return Bulk(head + b"\n".join(kept), actions, len(kept) // 2, refused)
