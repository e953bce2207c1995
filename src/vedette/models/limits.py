"""Limits of MLflow's API and the checks of its names; the numbers are those that clients know.

Source: https://mlflow.org/docs/latest/api_reference/rest-api.html#request-limits.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sized

from vedette.core.errors import InvalidInputError

MAX_METRICS = 1000
MAX_PARAMS_AND_TAGS = 100
MAX_ENTITIES = 1000
MAX_REQUEST_BYTES = 1_000_000
MAX_KEY = 250
MAX_PARAM_VALUE = 6000
MAX_TAG_VALUE = 8000
MAX_EXPERIMENT_NAME = 500
MAX_EXPERIMENT_TAG_VALUE = 20_000
MAX_MODEL_NAME = 500
MAX_MODEL_TAG_VALUE = 100_000
MAX_ALIAS = 255
MAX_DATASET_NAME = 500
MAX_DATASET_DIGEST = 36
MAX_DATASET_SOURCE = 65_535
MAX_DATASET_SCHEMA = 1_048_575
MAX_DATASET_PROFILE = 16_777_215
MAX_INPUT_TAG_KEY = 255
MAX_INPUT_TAG_VALUE = 500
MAX_RUN_NAME = 500
MAX_URI = 2048
MAX_DESCRIPTION = 5000
MAX_DATASETS = 1000

# Most names have nothing of a path in them, and a batch has a thousand.
_PLAIN_KEY = re.compile(rf"[\w\- :][\w.\- :]{{0,{MAX_KEY - 1}}}")
_KEY = re.compile(r"[\w.\- :/]*")
_ALIAS = re.compile(r"[\w\-]+")
_IDENTITY = re.compile(r"[a-zA-Z0-9][\w\-]{0,63}", re.ASCII)
_VERSION_ALIAS = re.compile(r"[vV]\d+")


def check_length(value: str, most: int, *, field: str) -> str:
    """Return ``value`` if it has at most ``most`` characters."""
    if len(value) > most:
        raise InvalidInputError(
            f"'{field}' exceeds the maximum length of {most} characters: it has {len(value)}",
            field=field,
            remedy=f"give up to {most} characters",
        )
    return value


def check_identity(identity: str, *, field: str) -> str:
    """Return an id that came from elsewhere, if it can be one here."""
    if not _IDENTITY.fullmatch(identity):
        raise InvalidInputError(
            f"Invalid value {identity[:80]!r} for parameter '{field}' supplied.", field=field
        )
    return identity


def cut(value: str, most: int) -> str:
    """Return the first ``most`` characters, as MLflow keeps of a run's parameters and tags.

    Clients count on it: what they log on their own, such as a whole configuration, may be longer,
    and must not end the training that they log.
    """
    return value[:most]


def check_key(key: str, *, field: str = "key") -> str:
    """Return the name of a metric, parameter or tag, if it is one.

    It has letters, digits, ``_ - . : /`` and blanks, and as a path it stays where it is.
    """
    if _PLAIN_KEY.fullmatch(key):
        return key
    if not key or not _KEY.fullmatch(key):
        raise InvalidInputError(
            f"Invalid value {key[:100]!r} for parameter '{field}' supplied: names may only contain "
            "alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colons (:) and "
            "slashes (/)",
            field=field,
            remedy="rename it",
        )
    path = posixpath.normpath(key)
    if path != key or path == "." or path.startswith(("..", "/")):
        raise InvalidInputError(
            f"Invalid value {key[:100]!r} for parameter '{field}' supplied: names may not be "
            f"treated as paths that resolve elsewhere (it would resolve as {path[:100]!r})",
            field=field,
            remedy="leave out leading, doubled and trailing slashes, and '..'",
        )
    return check_length(key, MAX_KEY, field=field)


def check_count(items: Sized, most: int, *, what: str) -> None:
    """Raise ``InvalidInputError`` for more than ``most`` items."""
    if len(items) > most:
        raise InvalidInputError(
            f"A batch logging request can contain at most {most} {what}. Got {len(items)} {what}.",
            field=what,
            remedy="Please split up " + what + " across multiple requests and try again.",
        )


def check_name(name: str, *, field: str, most: int) -> str:
    """Return the name of an experiment, run or model, which must not be empty."""
    if not name.strip():
        raise InvalidInputError(
            f"Missing value for required parameter '{field}'.", field=field, remedy="give a name"
        )
    return check_length(name, most, field=field)


def check_alias(alias: str) -> str:
    """Return an alias of a model version if it is one: not ``latest``, not like ``v12``."""
    check_length(alias, MAX_ALIAS, field="alias")
    if not _ALIAS.fullmatch(alias):
        raise InvalidInputError(
            f"Invalid alias name: {alias[:100]!r}. Names may only contain alphanumerics, "
            "underscores (_), and dashes (-).",
            field="alias",
        )
    if alias.lower() == "latest" or _VERSION_ALIAS.fullmatch(alias):
        raise InvalidInputError(
            f"the alias {alias!r} is reserved: 'latest' and names like 'v1' mean versions",
            field="alias",
            remedy="choose another alias",
        )
    return alias
