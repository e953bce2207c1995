"""Names for runs whose client gives none: easier to say than an id."""

from __future__ import annotations

import secrets

_ADJECTIVES = (
    "amber", "brisk", "calm", "clear", "crisp", "deft", "early", "even", "fleet", "fresh", "glad",
    "keen", "light", "lucid", "mellow", "neat", "noble", "prime", "quick", "quiet", "rapid", "ready",
    "silver", "sleek", "solid", "steady", "still", "sunny", "swift", "tidy", "vivid", "warm",
)  # fmt: skip
_NOUNS = (
    "auk", "beacon", "brook", "cedar", "comet", "crane", "delta", "ember", "falcon", "fjord", "gull",
    "harbor", "heron", "island", "kestrel", "lark", "lynx", "maple", "mast", "meadow", "otter",
    "petrel", "pine", "plover", "raven", "reef", "ridge", "signal", "sparrow", "tern", "tide", "wren",
)  # fmt: skip


def random_name() -> str:
    """Return a name such as ``steady-heron-417``."""
    number = secrets.randbelow(900) + 100
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_NOUNS)}-{number}"
