"""What a scorer's text says of it: the client writes JSON that only it can make a scorer of again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

MAX_SHOWN = 20_000
"""Characters of a scorer's instructions or code that are shown."""
_KINDS = {
    "instructions_judge_pydantic_data": "judge",
    "memory_augmented_judge_data": "aligned judge",
    "builtin_scorer_class": "built-in",
    "call_source": "code",
    "third_party_scorer_data": "third party",
    "ensemble_scorer_data": "ensemble",
}


@dataclass(frozen=True, slots=True)
class ScorerText:
    """A scorer as people read it.

    Attributes:
        kind: how it judges, "" where its client does not say it as MLflow's does.
        description: what its author says.
        model: the model that judges, if one does.
        text: its instructions or code, or all that was sent where neither is known.
        truncated: whether the text goes on.

    """

    kind: str
    description: str
    model: str
    text: str
    truncated: bool


def read_scorer(serialized: str) -> ScorerText:
    """Return what a scorer's text says, whatever it is: it is a client's, and checked by none."""
    try:
        document = orjson.loads(serialized)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        return _shown("", {}, {}, serialized)
    member = next((name for name in _KINDS if document.get(name) is not None), "")
    data = document.get(member)
    details = data if isinstance(data, dict) else document.get("builtin_scorer_pydantic_data")
    details = details if isinstance(details, dict) else {}
    text = {
        "call_source": document.get("call_source"),
        "instructions_judge_pydantic_data": details.get("instructions"),
        "builtin_scorer_class": details.get("guidelines") or data,
    }.get(member)
    return _shown(_KINDS.get(member, ""), document, details, _as_text(text) or serialized)


def _shown(kind: str, document: dict[str, Any], details: dict[str, Any], text: str) -> ScorerText:
    description = _as_text(document.get("description"))
    model = _as_text(details.get("model"))
    return ScorerText(
        kind, description[:MAX_SHOWN], model[:200], text[:MAX_SHOWN], len(text) > MAX_SHOWN
    )


def _as_text(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return "\n".join(_as_text(item) for item in value)
    if isinstance(value, dict):
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    return "" if value is None else str(value)
