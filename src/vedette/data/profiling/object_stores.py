"""Object stores as the engine takes them: an address, and keys as the AWS tools find them."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

_DEFAULT_PROFILE = "default"
_PLAIN = "/*?{},[]!$&'()+:;=@~"
"""Characters of a key that stay as they are; those of a glob are among them."""


def s3_arguments(url: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the parameters of the engine's ``s3``: the address, and keys where there are some.

    As with the AWS tools, ``AWS_ENDPOINT_URL_S3`` or ``AWS_ENDPOINT_URL`` names another store than
    Amazon's, ``AWS_REGION`` the region, and keys come from ``AWS_ACCESS_KEY_ID`` and its siblings or
    from the profile of the shared credentials file. Without keys the store is asked without.

    Args:
        url: ``s3://bucket/key``, or the bucket's own address.
        environment: the process's, if not given.

    """
    environment = os.environ if environment is None else environment
    found = {"source": _address(url, environment)}
    keys = _keys(environment)
    if keys:
        found |= keys
    return found


def _address(url: str, environment: Mapping[str, str]) -> str:
    scheme, _, rest = url.partition("://")
    if scheme.lower() != "s3":
        return url
    # Not parsed as a URL: of a key, '?' and '#' are characters, and the first one of a glob too.
    bucket, _, key = rest.partition("/")
    key = quote(key, safe=_PLAIN)
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    if endpoint:
        return f"{endpoint.rstrip('/')}/{bucket}/{key}"
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    host = f"s3.{region}.amazonaws.com" if region else "s3.amazonaws.com"
    return f"https://{bucket}.{host}/{key}"


def _keys(environment: Mapping[str, str]) -> dict[str, str]:
    named = {
        "key": environment.get("AWS_ACCESS_KEY_ID", ""),
        "secret": environment.get("AWS_SECRET_ACCESS_KEY", ""),
        "token": environment.get("AWS_SESSION_TOKEN", ""),
    }
    if not named["key"]:
        named = _shared(environment)
    if not named.get("key") or not named.get("secret"):
        return {}
    return {name: value for name, value in named.items() if value}


def _shared(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of the shared credentials file's profile; empty where there are none."""
    file = Path(environment.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(file)
        profile = parser[environment.get("AWS_PROFILE") or _DEFAULT_PROFILE]
    except (KeyError, OSError, configparser.Error, UnicodeDecodeError):
        return {}
    return {
        "key": profile.get("aws_access_key_id", ""),
        "secret": profile.get("aws_secret_access_key", ""),
        "token": profile.get("aws_session_token", ""),
    }
