"""What a synthetic check is defined by: one form for the API, for files and in the catalog."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import re2
from pydantic import AfterValidator, Discriminator, Field, model_validator

from vedette.alarms.definition import Severity
from vedette.core.bodies import Body
from vedette.core.errors import InvalidInputError
from vedette.core.time import parse_duration
from vedette.experience.synthetic.paths import parse_path
from vedette.manifests.model import checked
from vedette.notifications.guard import check_url

MIN_EVERY, MAX_EVERY = 30, 86_400
MAX_TIMEOUT = 60
MAX_STEPS = 20
VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w{0,63})\s*\}\}")
_NEEDS_NUMBER = {"status", "latency_ms", "tls_days"}
_ORDERS = {"<", "<=", ">", ">="}


def _duration(text: str) -> str:
    parse_duration(text)
    return text


Duration = Annotated[str, Field(max_length=32), AfterValidator(_duration)]
Host = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_\-\[\]]+$")]
Port = Annotated[int, Field(ge=1, le=65_535)]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w{0,63}$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$")]
HeaderValue = Annotated[str, Field(max_length=4096, pattern=r"^[^\r\n\x00]*$")]


class Assertion(Body):
    """What an answer must be like."""

    of: Literal["status", "body", "json", "header", "latency_ms", "tls_days"]
    path: str = Field(default="", max_length=512, description="of json: $.a[0].b; of header: name")
    comparison: Literal[
        "=", "!=", "<", "<=", ">", ">=", "contains", "not contains", "matches", "exists"
    ] = "="
    value: str | float | bool | None = Field(default=None, description="what it is compared with")

    @model_validator(mode="after")
    def _is_possible(self) -> Assertion:
        if self.of == "json":
            parse_path(self.path)
        if self.of == "header" and not self.path:
            raise ValueError("path: name the header")
        number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if (self.of in _NEEDS_NUMBER or self.comparison in _ORDERS) and not number:
            raise ValueError(f"value: {self.of} {self.comparison} needs a number")
        if self.comparison == "matches":
            check_regex(str(self.value))
        return self

    @property
    def text(self) -> str:
        """It in a sentence."""
        name = f"{self.of} {self.path}".strip()
        return f"{name} {self.comparison}" + (
            "" if self.comparison == "exists" else f" {self.value}"
        )


class Extraction(Body):
    """A value of an answer that later steps use as ``{{name}}``."""

    name: VariableName
    of: Literal["json", "header", "body"] = "json"
    path: str = Field(max_length=512, description="$.token, a header, or a regex with one group")

    @model_validator(mode="after")
    def _is_possible(self) -> Extraction:
        if self.of == "json":
            parse_path(self.path)
        if self.of == "body" and check_regex(self.path).groups != 1:
            raise ValueError("path: the expression needs one group, which is taken")
        return self


class Step(Body):
    """One request."""

    name: str = Field(default="", max_length=200)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    url: str = Field(min_length=1, max_length=2048, examples=["https://shop.example/health"])
    headers: dict[HeaderName, HeaderValue] = Field(default={}, max_length=50)
    body: str = Field(default="", max_length=65_536)
    follow_redirects: bool = False
    assertions: list[Assertion] = Field(
        default=[], max_length=50, description="a status below 400 where there are none"
    )
    extract: list[Extraction] = Field(default=[], max_length=20)

    @model_validator(mode="after")
    def _is_possible(self) -> Step:
        # A variable may be a part of the path, never of the host: where it goes to is fixed.
        parts = urlsplit(self.url)
        if VARIABLE.search(parts.netloc) or VARIABLE.search(parts.scheme):
            raise ValueError("url: a variable cannot stand in the host")
        check_url(VARIABLE.sub("x", self.url))
        return self


class HttpCheck(Body):
    """Requests one after the other; a step can use what earlier ones extracted."""

    type: Literal["http"]
    steps: list[Step] = Field(min_length=1, max_length=MAX_STEPS)

    @model_validator(mode="after")
    def _knows_its_variables(self) -> HttpCheck:
        known: set[str] = set()
        for number, step in enumerate(self.steps, 1):
            texts = [step.url, step.body, *step.headers.values()]
            used = {name for text in texts for name in VARIABLE.findall(text)}
            if unknown := sorted(used - known):
                raise ValueError(
                    f"steps: step {number} uses {unknown[0]!r}, which no step before extracts"
                )
            known |= {one.name for one in step.extract}
        return self


class TcpCheck(Body):
    """A connection is taken; what is sent gets an answer."""

    type: Literal["tcp"]
    host: Host
    port: Port
    send: str = Field(default="", max_length=4096)
    expect: str = Field(default="", max_length=4096, description="text that the answer contains")


class TlsCheck(Body):
    """A certificate is trusted, fits the name, and does not expire soon."""

    type: Literal["tls"]
    host: Host
    port: Port = 443
    days: float = Field(default=14, ge=0, le=3650, description="fails with fewer days left")


Check = Annotated[HttpCheck | TcpCheck | TlsCheck, Discriminator("type")]


class CheckAlarm(Body):
    """The alarm that a check makes."""

    failures: int = Field(default=2, ge=1, le=60, description="periods in a row that fail")
    severity: Severity = "critical"
    tls_days: float | None = Field(
        default=14, ge=0, le=3650, description="warns with fewer days left; null: never"
    )


class SyntheticSpec(Body):
    """A check, how often it runs and what it alarms on."""

    description: str = Field(default="", max_length=4096)
    check: Check
    every: Duration = Field(default="1m", description="30s to 1d")
    timeout: Duration = Field(default="10s", description="of all steps together; 60s at most")
    retries: int = Field(default=0, ge=0, le=3, description="before a run counts as failed")
    service: str = Field(default="", max_length=255, description="whose users it stands for")
    alarm: CheckAlarm | None = Field(default_factory=CheckAlarm)
    runbook: str = Field(default="", max_length=2048, pattern=r"^(https?://\S+)?$")
    enabled: bool = True

    @model_validator(mode="after")
    def _is_possible(self) -> SyntheticSpec:
        if not MIN_EVERY <= self.seconds <= MAX_EVERY or self.seconds % MIN_EVERY:
            raise ValueError("every: a multiple of 30s, up to 1d")
        if not 0 < self.timeout_seconds <= min(MAX_TIMEOUT, self.seconds):
            raise ValueError("timeout: above 0, up to 60s and the interval")
        return self

    @property
    def seconds(self) -> int:
        """Seconds between two runs."""
        return int(parse_duration(self.every).total_seconds())

    @property
    def timeout_seconds(self) -> float:
        """Seconds of a run."""
        return parse_duration(self.timeout).total_seconds()


def check_synthetic(spec: dict[str, Any]) -> SyntheticSpec:
    """Return a definition that is right; ``InvalidInputError`` names the member that is not."""
    return checked(lambda: SyntheticSpec.model_validate(spec))


def check_regex(text: str) -> Any:  # noqa: ANN401 - the library has no types
    """Return a compiled expression of RE2, which no text makes slow."""
    try:
        options = re2.Options()
        options.log_errors = False
        return re2.compile(text, options=options)
    except re2.error as error:
        raise InvalidInputError(
            f"{text[:100]!r} is no regular expression: {error}"[:300],
            field="assertions",
            remedy="write it in RE2's syntax",
        ) from error
