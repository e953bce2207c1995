"""The OpenAPI document as a contract: what answers must look like."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import httpx
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

_ROOT = "urn:openapi"


class Contract:
    """The document of an application, with its operations found by method and path."""

    def __init__(self, app: FastAPI) -> None:
        self.document: dict[str, Any] = app.openapi()
        self._paths = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path)
            for path in sorted(self.document["paths"], key=lambda path: path.count("{"))
        ]
        resource = Resource.from_contents(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **self.document}
        )
        self._registry: Registry[Any] = Registry().with_resource(_ROOT, resource)

    @staticmethod
    @cache
    def of(app: FastAPI) -> Contract:
        """Return the contract of an application, made once."""
        return Contract(app)

    def operations(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return all operations as method, path template and description."""
        return [
            (method.upper(), path, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
        ]

    def check(self, response: httpx.Response) -> None:
        """Fail unless the answer is one that its operation's description allows."""
        request = response.request
        template = self._template(request.url.path)
        if template is None:
            return
        operation = self.document["paths"][template].get(request.method.lower())
        if operation is None:  # a receiver's route, or none
            return
        place = f"{request.method} {template} answered {response.status_code}"
        described = operation["responses"].get(str(response.status_code))
        assert described is not None, f"{place}, which its description does not know"
        content = described.get("content", {})
        kind = response.headers.get("content-type", "").partition(";")[0]
        if not content:
            assert not response.content, f"{place} with a body"
            return
        assert kind in content, f"{place} as {kind!r}"
        if kind == "application/json":
            self._validate(content[kind]["schema"], response.json(), place)

    def _template(self, path: str) -> str | None:
        return next((text for pattern, text in self._paths if pattern.fullmatch(path)), None)

    def _validate(self, schema: dict[str, Any], body: Any, place: str) -> None:
        rooted = _rooted(schema)
        problems = list(Draft202012Validator(rooted, registry=self._registry).iter_errors(body))
        told = "; ".join(
            f"{problem.json_path}: {problem.message[:300]}" for problem in problems[:3]
        )
        assert not problems, f"{place} with something else than described: {told}"


def _rooted(value: Any) -> Any:
    """Return a schema whose references start at the document."""
    if isinstance(value, dict):
        return {
            key: f"{_ROOT}{inner}" if key == "$ref" else _rooted(inner)
            for key, inner in value.items()
        }
    return [_rooted(inner) for inner in value] if isinstance(value, list) else value
