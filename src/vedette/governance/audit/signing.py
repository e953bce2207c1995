"""The keys that sign digests: Ed25519, one at a time, each endorsed by the one before.

The private half is encrypted with the installation's secret key; the public half, its fingerprint and
its time of validity are in every export. Whoever keeps one fingerprint elsewhere trusts the keys that
this one endorsed, and those theirs.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select

from vedette.core.encryption import SecretBox
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.audit_record import canonical, format_time
from vedette.store.catalog.governance_models import AuditKeyRow

ALGORITHM = "Ed25519"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key as everyone may know it; ``public_key`` is its 32 bytes in base64."""

    fingerprint: str
    public_key: str
    valid_from: datetime
    valid_until: datetime | None
    endorsed_by: str | None
    endorsement: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the members that an export has."""
        return {
            "fingerprint": self.fingerprint,
            "publicKey": self.public_key,
            "algorithm": ALGORITHM,
            "validFrom": format_time(self.valid_from),
            "validUntil": format_time(self.valid_until) if self.valid_until else None,
            "endorsedBy": self.endorsed_by,
            "endorsement": self.endorsement,
        }


class SigningKeys:
    """Repository of the keys."""

    def __init__(self, catalog: Catalog, secrets: SecretBox) -> None:
        self._catalog = catalog
        self._secrets = secrets

    def list(self) -> list[PublicKey]:
        """Return all keys, newest first."""
        query = select(AuditKeyRow).order_by(AuditKeyRow.valid_from.desc())
        with self._catalog.read() as session:
            return [_public(row) for row in session.scalars(query)]

    def ensure(self) -> PublicKey:
        """Return the key that signs now; make the first one where there is none."""
        found = [key for key in self.list() if key.valid_until is None]
        return found[0] if found else self.rotate(Actor.system("audit"), only_first=True)

    def rotate(self, actor: Actor, *, only_first: bool = False) -> PublicKey:
        """Make a new key, endorsed by the present one, which is valid until now."""
        private = Ed25519PrivateKey.generate()
        public = encode(private.public_key().public_bytes_raw())
        mark = fingerprint(public)
        sealed = self._secrets.seal(encode(private.private_bytes_raw()))
        now = self._catalog.clock.now()
        with self._catalog.change(
            actor, "CreateAuditKey", request={"fingerprint": mark}, source="vedette.audit"
        ) as change:
            query = select(AuditKeyRow).where(AuditKeyRow.valid_until.is_(None))
            present = change.session.scalar(query)
            if present is not None and only_first:
                change.cancel()
            row = AuditKeyRow(
                fingerprint=mark,
                public_key=public,
                sealed=sealed,
                valid_from=now,
                valid_until=None,
                endorsed_by=None,
                endorsement=None,
            )
            if present is not None:
                present.valid_until = now
                row.endorsed_by = present.fingerprint
                row.endorsement = self._sign_with(present, endorsed_text(mark, public, now))
            change.session.add(row)
            change.respond(endorsedBy=row.endorsed_by)
            return _public(row)
        return self.ensure()

    def sign(self, mark: str, text: str) -> str:
        """Return the signature of a text by the key of a fingerprint, in base64."""
        with self._catalog.read() as session:
            row = session.get_one(AuditKeyRow, mark)
        return self._sign_with(row, text)

    def _sign_with(self, row: AuditKeyRow, text: str) -> str:
        raw = base64.b64decode(self._secrets.open_text(row.sealed))
        return encode(Ed25519PrivateKey.from_private_bytes(raw).sign(text.encode()))


def endorsed_text(mark: str, public_key: str, valid_from: datetime) -> str:
    """Return what one key signs of the next."""
    return canonical(
        {"fingerprint": mark, "publicKey": public_key, "validFrom": format_time(valid_from)}
    )


def fingerprint(public_key: str) -> str:
    """Return the SHA-256 of a public key's bytes, hexadecimal."""
    return hashlib.sha256(base64.b64decode(public_key)).hexdigest()


def encode(raw: bytes) -> str:
    """Return bytes in base64."""
    return base64.b64encode(raw).decode()


def is_signed(public_key: str, text: str, signature: str) -> bool:
    """Tell whether a signature in base64 is this key's over this text."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _public(row: AuditKeyRow) -> PublicKey:
    return PublicKey(
        fingerprint=row.fingerprint,
        public_key=row.public_key,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        endorsed_by=row.endorsed_by,
        endorsement=row.endorsement,
    )
