"""Examples of the registry's events: what a webhook gets when it is tested."""

from __future__ import annotations

from typing import Any

_MODEL = {"name": "example_model"}
_VERSION = {**_MODEL, "version": "1"}
_PROMPT = {"name": "example_prompt"}
_PROMPT_VERSION = {**_PROMPT, "version": "1"}
_KEY = {"key": "example_key"}
_TAG = {**_KEY, "value": "example_value"}
_TAGS = {"tags": {"example_key": "example_value"}}
_ALIAS = {"alias": "example_alias"}
_REQUEST = {"id": "example_request", **_VERSION, "stage": "Production"}
_EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("REGISTERED_MODEL", "CREATED"): {**_MODEL, **_TAGS, "description": "An example model"},
    ("REGISTERED_MODEL", "DELETED"): _MODEL,
    ("MODEL_VERSION", "CREATED"): {
        **_VERSION,
        "source": "models:/123",
        "run_id": "abcd1234abcd5678",
        **_TAGS,
        "description": "An example version",
    },
    ("MODEL_VERSION", "DELETED"): _VERSION,
    ("MODEL_VERSION_TAG", "SET"): {**_VERSION, **_TAG},
    ("MODEL_VERSION_TAG", "DELETED"): {**_VERSION, **_KEY},
    ("MODEL_VERSION_ALIAS", "CREATED"): {**_MODEL, **_ALIAS, "version": "1"},
    ("MODEL_VERSION_ALIAS", "DELETED"): {**_MODEL, **_ALIAS},
    ("PROMPT", "CREATED"): {**_PROMPT, **_TAGS, "description": "An example prompt"},
    ("PROMPT", "DELETED"): _PROMPT,
    ("PROMPT_VERSION", "CREATED"): {
        **_PROMPT_VERSION,
        "template": "Hello {{name}}!",
        **_TAGS,
        "description": "An example version",
    },
    ("PROMPT_VERSION", "DELETED"): _PROMPT_VERSION,
    ("PROMPT_TAG", "SET"): {**_PROMPT, **_TAG},
    ("PROMPT_TAG", "DELETED"): {**_PROMPT, **_KEY},
    ("PROMPT_VERSION_TAG", "SET"): {**_PROMPT_VERSION, **_TAG},
    ("PROMPT_VERSION_TAG", "DELETED"): {**_PROMPT_VERSION, **_KEY},
    ("PROMPT_ALIAS", "CREATED"): {**_PROMPT, **_ALIAS, "version": "1"},
    ("PROMPT_ALIAS", "DELETED"): {**_PROMPT, **_ALIAS},
    ("BUDGET_POLICY", "EXCEEDED"): {
        "budget_policy_id": "bp-example",
        "budget_unit": "USD",
        "budget_amount": 100.0,
        "current_spend": 101.5,
        "duration_unit": "MONTHS",
        "duration_value": 1,
        "target_scope": "ENDPOINT",
        "workspace": "default",
        "target_value": "ep-example",
        "window_start": 1735689600000,
    },
    ("STAGE", "UPDATED"): {
        **_VERSION,
        "from_stage": "PreProduction",
        "to_stage": "Production",
        "status": "Approved",
    },
    ("APPROVAL", "CREATED"): _REQUEST,
    ("APPROVAL", "UPDATED"): {**_REQUEST, "status": "expired"},
    ("APPROVAL", "DECIDED"): {**_REQUEST, "decision": "approved", "by": "ann"},
}


def example(entity: str, action: str) -> dict[str, Any]:
    """Return the data of an example event, with the members that a real one has."""
    return _EXAMPLES[entity, action]
