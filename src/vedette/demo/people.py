"""The people of the example, what they set up before anything runs, and who approves."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from vedette.core.errors import VedetteError
from vedette.demo.api import Api
from vedette.demo.server import kept_secret, local_key
from vedette.demo.workload.page import App

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "flight-delay"
PIPELINE = "flights-daily"
DATASET = "flights.features"
WEB_APP = "flight-web"
_EXPECTED = {
    "freshness_warn": "5m",
    "freshness_error": "15m",
    "owner": "grace",
    "description": "A day of flights and weather into the feature store, each half a minute.",
}
_MONITOR = {
    "dataset": DATASET,
    "schedule": "arrival",
    "window": "5m",
    "late": "15m",
    "baseline": {"kind": "frozen", "name": f"model:{MODEL}/1"},
    "drift": {"measure": "psi", "threshold": 0.25},
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Person:
    """A user: login, the name people see, and roles in the account."""

    login: str
    name: str
    roles: tuple[str, ...]


ADA = Person("ada", "Ada, data scientist", ("editor",))
GRACE = Person("grace", "Grace, head of data science", ("approver",))
OLGA = Person("olga", "Olga, operations", ("editor", "approver"))
VERA = Person("vera", "Vera, airline management", ("viewer",))
ALAN = Person("alan", "Alan, internal audit", ("auditor",))
PEOPLE = (ADA, GRACE, OLGA, VERA, ALAN)
_RULE = {
    "model": MODEL,
    "stage": "Production",
    "approvals": 1,
    "aliases": ["champion"],
    "checks": [{"check": "metric_at_least", "metric": "roc_auc", "value": 0.7}],
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys of the example's programs, and one password for all of its people."""

    workload: str
    training: str
    admin: str
    password: str

    def __repr__(self) -> str:
        return "Secrets(...)"


def set_up(url: str, data_dir: Path) -> Secrets:
    """Make the keys, the users with their roles, and the rule of approvals; once a store.

    Raises:
        UnavailableError: the server refused something; the message says what.

    """
    admin = kept_secret(data_dir / "setup.key", lambda: local_key(data_dir, "demo-setup", "admin"))
    with Api(url, admin) as api:

        def made(name: str, *scopes: str) -> str:
            return str(api.send("POST", "/keys", {"name": name, "scopes": scopes})["key"])

        found = Secrets(
            kept_secret(data_dir / "workload.key", lambda: made("demo-workload", "ingest")),
            kept_secret(
                data_dir / "training.key", lambda: made("demo-training", "ingest", "write")
            ),
            admin,
            kept_secret(data_dir / "people.password", lambda: secrets.token_urlsafe(9)),
        )
        known = {user["login"] for user in api.get("/users")["users"]}
        for person in PEOPLE:
            if person.login not in known:
                body = {
                    "login": person.login, "display_name": person.name,
                    "password": found.password,
                }  # fmt: skip
                api.send("POST", "/users", body)
                api.send("POST", "/members", {"login": person.login, "roles": person.roles})
        if not api.get("/approval-rules")["rules"]:
            api.send("PUT", "/approval-rules", _RULE)
    return found


class Reviewer(threading.Thread):
    """Grace at her desk: looks at requests of retrainings and decides by their checks."""

    def __init__(self, url: str, password: str, *, every: float) -> None:
        super().__init__(name="reviewer", daemon=True)
        self._url, self._password, self._every = url, password, every
        self._leave = threading.Event()

    def stop(self) -> None:
        """Have her leave."""
        self._leave.set()
        self.join(5)

    def run(self) -> None:
        """Decide until told to leave; a server that is away is asked again later."""
        with Api(self._url) as api:
            signed_in = False
            while not self._leave.is_set():
                try:
                    if not signed_in:
                        api.sign_in(GRACE.login, self._password)
                        signed_in = True
                    for request in api.get("/approvals", status="pending", model=MODEL)[
                        "approvals"
                    ]:
                        self._decide(api, request)
                except (VedetteError, OSError, ValueError) as error:
                    _log.warning("the reviewer could not decide: %s", error)
                    signed_in = False
                self._leave.wait(self._every)

    @staticmethod
    def _decide(api: Api, request: dict[str, Any]) -> None:
        if not request["comment"].startswith("Retraining"):
            return  # a new kind of model is not for routine
        red = [check["message"] for check in request["checks"] if not check["passed"]]
        if red:
            comment = f"Not like this: {'; '.join(red)}. What happened to the newest days' data?"
            api.send("POST", f"/approvals/{request['id']}/reject", {"comment": comment})
        else:
            comment = "Checks are green, nothing but the parameters differs."
            api.send("POST", f"/approvals/{request['id']}/approve", {"comment": comment})


def apply_files(url: str, key: str, folder: Path, values: dict[str, str]) -> dict[str, Any]:
    """Apply the entities of a folder of YAML files, with ``$name`` put in."""
    files = []
    for path in sorted(folder.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        for name, value in values.items():
            text = text.replace(f"${name}", json.dumps(value)[1:-1])
        files.append({"name": path.name, "text": text})
    with Api(url, key) as api:
        found: dict[str, Any] = api.send("POST", "/apply", {"files": files, "owner": "demo"})
    return found


def watch_data(url: str, key: str) -> None:
    """Say what is expected of the pipeline, and have the table of features watched."""
    with Api(url, key) as api:
        api.send("PUT", f"/pipelines/expectations?pipeline={PIPELINE}", _EXPECTED)
        api.send("PUT", f"/monitors/{quote(DATASET)}", _MONITOR)


def read_app(url: str, key: str) -> App:
    """Return where the page's telemetry goes, once the page has its app."""
    with Api(url, key) as api:
        found = api.get(f"/browser-apps/{WEB_APP}")
    return App(url, found["key"], found["spec"]["origins"][0])
