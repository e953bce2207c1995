"""Regular expressions in RE2 syntax: what can be said about one before the engine compiles it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_REGEX_BYTES = 1024
"""Longest regular expression, in bytes of UTF-8."""

_GROUP_NAME = re.compile(r"\?P?<([A-Za-z_][A-Za-z0-9_]*)>")
_FLAGS = re.compile(r"\?[imsU]*(?:-[imsU]+)?[:)]")
_LOOKAROUND = ("?=", "?!", "?<=", "?<!")

Fail = Callable[[str, int, str | None], Exception]
"""Builds an error from a message, an offset in the expression and a remedy."""


@dataclass(frozen=True, slots=True)
class CheckedRegex:
    """An expression that is well formed as far as brackets and groups go.

    ``names`` maps each named group to its one-based number among the capturing groups.
    """

    pattern: str
    names: dict[str, int]


def check_regex(pattern: str, fail: Fail) -> CheckedRegex:
    """Check length, brackets and groups, and write named groups the way every RE2 reads them.

    The engine's own RE2 has the last word on everything else when the statement runs.

    Raises:
        Exception: what ``fail`` builds.

    """
    if len(pattern.encode()) > MAX_REGEX_BYTES:
        raise fail(
            f"the regular expression is longer than {MAX_REGEX_BYTES} bytes", 0, "shorten it"
        )
    scan = _Scan(pattern, fail)
    scan.run()
    return CheckedRegex("".join(scan.out), scan.names)


class _Scan:
    """One pass over an expression, keeping count of groups."""

    def __init__(self, pattern: str, fail: Fail) -> None:
        self.pattern = pattern
        self.fail = fail
        self.out: list[str] = []
        self.names: dict[str, int] = {}
        self.groups = 0
        self.open: list[int] = []
        self.at = 0

    def run(self) -> None:
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            if character == "\\":
                self._escape()
            elif character == "[":
                self._char_class()
            elif character == "(":
                self._open_group()
            elif character == ")":
                if not self.open:
                    raise self.fail("')' closes no group", self.at, "escape it as \\)")
                self.open.pop()
                self._copy(1)
            else:
                self._copy(1)
        if self.open:
            raise self.fail("the group is not closed", self.open[-1], "add ')' or escape it as \\(")

    def _copy(self, count: int) -> None:
        self.out.append(self.pattern[self.at : self.at + count])
        self.at += count

    def _escape(self) -> None:
        if self.at + 1 == len(self.pattern):
            raise self.fail("a lone backslash ends the expression", self.at, "write \\\\")
        if self.pattern[self.at + 1].isdigit():
            raise self.fail(
                "back-references are not in RE2", self.at, "repeat the group's expression"
            )
        if self.pattern[self.at + 1] == "Q":
            end = self.pattern.find("\\E", self.at)
            self._copy((end + 2 if end >= 0 else len(self.pattern)) - self.at)
        else:
            self._copy(2)

    def _char_class(self) -> None:
        start = self.at
        at = start + 1
        if self.pattern[at : at + 1] == "^":
            at += 1
        # A bracket right after the opening one stands for itself.
        if self.pattern[at : at + 1] == "]":
            at += 1
        while at < len(self.pattern) and self.pattern[at] != "]":
            if self.pattern[at] == "\\":
                at += 2
            elif self.pattern.startswith("[:", at) and ":]" in self.pattern[at + 2 :]:
                at = self.pattern.index(":]", at + 2) + 2
            else:
                at += 1
        if at >= len(self.pattern):
            raise self.fail(
                "the character class is not closed", start, "add ']' or escape it as \\["
            )
        self._copy(at + 1 - start)

    def _open_group(self) -> None:
        rest = self.pattern[self.at + 1 :]
        if rest.startswith(_LOOKAROUND):
            raise self.fail(
                "lookahead and lookbehind are not in RE2",
                self.at,
                "match the surroundings too, and capture only the wanted part in a named group",
            )
        named = _GROUP_NAME.match(rest)
        if named:
            self.groups += 1
            if named[1] in self.names:
                raise self.fail(f"the group {named[1]!r} is there twice", self.at, "rename one")
            self.names[named[1]] = self.groups
            self.open.append(self.at)
            self.out.append(f"(?P<{named[1]}>")
            self.at += 1 + named.end()
            return
        if rest.startswith("?"):
            flags = _FLAGS.match(rest)
            if not flags:
                raise self.fail(
                    "this group is not in RE2",
                    self.at,
                    "write (?:...) for a plain group or (?<name>...) for a named one",
                )
            if flags[0].endswith(":"):
                self.open.append(self.at)
            self._copy(1 + flags.end())
            return
        self.groups += 1
        self.open.append(self.at)
        self._copy(1)


def glob_to_regex(glob: str) -> CheckedRegex:
    """Turn a CloudWatch ``parse`` glob into an expression with a group for each ``*``.

    ``*`` takes as little as it can; one at the end takes the rest.
    """
    parts = glob.split("*")
    body = "(.*?)".join(escape(part) for part in parts)
    if not parts[-1]:
        body = body[: -len("(.*?)")] + "(.*)$"
    return CheckedRegex(f"(?s){body}", {})


def escape(text: str) -> str:
    """Escape the characters that mean something in RE2."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)
