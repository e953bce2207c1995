"""Verifying an export: a zip or the folder it was unpacked to. Nothing else is asked."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from vedette.core.errors import InvalidInputError
from vedette.governance.audit.digests import account_mark
from vedette.governance.audit.export import KEYS, MANIFEST, run_name
from vedette.governance.audit.findings import (
    Findings,
    Kind,
    Line,
    check_own,
    check_run,
    line_of,
    read_line,
)
from vedette.governance.audit.verification import Keyring, Report, SignedDigest, verify_digests

_HEAD, _TAIL = b'{"Records":[\n', b"\n]}\n"


class _Files:
    """The files of an export by name."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path) if path.is_file() else None
        self._folder = path

    def names(self) -> list[str]:
        """Return the names of all files."""
        if self._archive is not None:
            return self._archive.namelist()
        found = (path for path in self._folder.rglob("*") if path.is_file())
        return [path.relative_to(self._folder).as_posix() for path in found]

    def read(self, name: str) -> bytes | None:
        """Return a file, or None where there is none or it is damaged."""
        try:
            if self._archive is not None:
                return self._archive.read(name)
            return (self._folder / name).read_bytes()
        except (OSError, KeyError, zipfile.BadZipFile, zlib.error):
            return None


def verify_export(path: Path, *, trusted: str | None = None) -> Report:
    """Verify an export, newest digest to oldest.

    Args:
        path: the zip or the folder.
        trusted: fingerprint of a key that was kept elsewhere; without it the export's own keys are
            taken on trust, and an export that was made anew with a key of its own is not found out.

    Raises:
        InvalidInputError: it is not an export.

    """
    try:
        files = _Files(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise InvalidInputError(
            f"{path} cannot be opened as an export", field="path", remedy="give the zip or folder"
        ) from error
    names = files.names()
    if MANIFEST not in names and not any(name.startswith("digests/") for name in names):
        raise InvalidInputError(
            f"{path} is not an export of the audit trail",
            field="path",
            remedy="make one with 'vedette audit export'",
        )
    keyring = Keyring(_keys(files), trusted)
    digests = [
        digest for name in names if name.startswith("digests/") if (digest := _digest(files, name))
    ]
    early = Findings()
    manifest = _manifest(files, keyring, early)
    account = manifest.get("account") if manifest else None
    expected = (manifest["firstDigest"], manifest["lastDigest"]) if manifest else None

    def check(run: Mapping[str, Any], findings: Findings) -> int:
        return _check_run(files, run, account, findings)

    report = verify_digests(digests, keyring, check, expected=expected)
    found = report.findings
    found.items = (early.items + found.items)[:100]
    found.count += early.count
    _check_strangers(names, report, manifest)
    return report


def _keys(files: _Files) -> list[dict[str, Any]]:
    try:
        keys = orjson.loads(files.read(KEYS) or b"")["keys"]
        return [key for key in keys if isinstance(key, dict)]
    except (ValueError, KeyError, TypeError):
        return []


def _digest(files: _Files, name: str) -> SignedDigest | None:
    try:
        stored = orjson.loads(files.read(name) or b"")
        return SignedDigest(str(stored["digest"]), str(stored["signature"]), name)
    except (ValueError, KeyError, TypeError):
        return SignedDigest("", "", name)


def _manifest(files: _Files, keyring: Keyring, findings: Findings) -> dict[str, Any] | None:
    try:
        stored = orjson.loads(files.read(MANIFEST) or b"")
        text, signature = str(stored["export"]), str(stored["signature"])
        document: dict[str, Any] = orjson.loads(text)
        mark = str(document["publicKeyFingerprint"])
        document["firstDigest"], document["lastDigest"], document["files"]
    except (ValueError, KeyError, TypeError):
        findings.add(Kind.MANIFEST_CHANGED, MANIFEST, "it is gone or cannot be read")
        return None
    before = findings.count
    if not keyring.check(text, signature, mark, MANIFEST, findings, vouched=False):
        if findings.items and findings.items[-1].kind is Kind.DIGEST_CHANGED:
            last = findings.items.pop()
            findings.count = before
            findings.add(Kind.MANIFEST_CHANGED, MANIFEST, last.detail)
        return None
    return document


def _check_run(
    files: _Files, run: Mapping[str, Any], account: str | None, findings: Findings
) -> int:
    if not run["records"]:
        return 0
    name = run_name(run)
    lines = _lines(files.read(f"records/{name}"))
    if lines is None:
        findings.add(
            Kind.REMOVED, f"records/{name}", "the file is gone or damaged",
            sequence=run["first"], count=run["records"],
        )  # fmt: skip
        return 0
    if account is None:
        check_run(run, lines, findings)
        return len(lines)
    try:
        packed = files.read(f"hashes/{name}") or b""
        hashes = [str(item) for item in orjson.loads(gzip.decompress(packed))["hashes"]]
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error):
        hashes = []
    check_own(run, hashes, lines, account, account_mark(account), findings)
    return len(lines)


def _lines(packed: bytes | None) -> list[Line] | None:
    """Return the records of a file, or None where it cannot be read at all."""
    if packed is None:
        return None
    try:
        body = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None
    if body.startswith(_HEAD) and body.endswith(_TAIL):
        inner = body[len(_HEAD) : -len(_TAIL)]
        return [read_line(text) for text in inner.split(b",\n")] if inner else []
    try:
        return [line_of(record) for record in orjson.loads(body)["Records"]]
    except (ValueError, KeyError, TypeError):
        return None


def _check_strangers(names: list[str], report: Report, manifest: Mapping[str, Any] | None) -> None:
    """Name files of records that no digest covers."""
    if manifest is None:
        return
    for name in sorted(set(names) - set(manifest["files"]) - {MANIFEST}):
        if name.startswith(("records/", "digests/", "hashes/")):
            report.findings.add(Kind.INSERTED, name, "the file was not part of the export")
