"""Secrets at rest: encrypted with the installation's key, readable only by this server.

The key is a setting, or a file in the data folder that the first use makes. Fernet (AES-128-CBC with
HMAC-SHA256) of the library ``cryptography``; the key of a setting's text comes from HKDF-SHA256.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vedette.core.errors import StoreError

KEY_FILE = "secret.key"
_PURPOSE = b"vedette secrets at rest 1"


class SecretBox:
    """Encrypts and decrypts short texts."""

    def __init__(self, key: bytes) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=_PURPOSE).derive(key)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))
        self._marks = HKDF(SHA256(), 32, salt=None, info=_PURPOSE + b" marks").derive(key)

    @classmethod
    def open(cls, secret_key: str, data_dir: Path) -> SecretBox:
        """Return the box of an installation.

        Args:
            secret_key: the setting; processes that share a catalog need the same one.
            data_dir: where the key's file is, and is made, where the setting is empty.

        """
        return cls(secret_key.encode() if secret_key else _key_of(data_dir / KEY_FILE))

    def fingerprint(self, text: str) -> str:
        """Return a short mark that equal texts share and that tells nothing else of them."""
        return hmac.new(self._marks, text.encode(), hashlib.sha256).hexdigest()[:12]

    def seal(self, text: str) -> str:
        """Return a text encrypted."""
        return self._fernet.encrypt(text.encode()).decode()

    def open_text(self, sealed: str) -> str:
        """Return what ``seal`` was given.

        Raises:
            StoreError: it was encrypted with another key, or changed since.

        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise StoreError(
                "a secret cannot be decrypted: it was saved with another key",
                remedy="set VEDETTE_SECRET_KEY as it was, or enter the secret again",
            ) from error


def _key_of(path: Path) -> bytes:
    """Return the key in a file, which is made where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        key = os.urandom(32)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
