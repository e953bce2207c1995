"""Two accounts of one organisation, and the tags that everything in the example is to carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.demo.api import Api
from vedette.demo.people import OLGA
from vedette.demo.server import kept_secret, local_key

if TYPE_CHECKING:
    from pathlib import Path

AIRPORTS = "airports"
"""The account of the provider of the data; what it shares is seen in the account ``default``."""
_SHARED = ("logs", "metrics", "traces", "alarms", "models", "monitors", "compliance")
_POLICY: dict[str, Any] = {
    "kinds": ["service", "model"],
    "effect": "warn",
    "keys": [
        {"key": "team", "values": ["data", "data-science", "operations", "web"]},
        {"key": "cost-center", "pattern": "[0-9]{4}"},
    ],
}
_PRICES = {"currency": "EUR", "host_hour": 0.9, "gpu_hour": 2.4, "kwh": 0.3}
_TAGS = {
    "service/etl": {"team": "data", "cost-center": "4100"},
    "service/trainer": {"team": "data-science", "cost-center": "4200"},
    "service/predict-api": {"team": "data-science", "cost-center": "4200"},
    "service/traffic-client": {"team": "web", "cost-center": "4300"},
    "service/flight-web": {"team": "web", "cost-center": "4300"},
    "model/flight-delay": {"team": "data-science", "cost-center": "4200"},
    # Somebody wrote down what they had at hand.
    "service/prediction-logger": {"team": "Bob"},
}


def set_up(url: str, data_dir: Path, admin: str) -> str:
    """Make the provider's account and its link, and the policy of tags; once a store.

    Returns:
        The key by which the provider's deliveries are told to its account.

    """
    with Api(url, admin) as api:
        if AIRPORTS not in {one["name"] for one in api.get("/accounts")["accounts"]}:
            body = {"name": AIRPORTS, "display_name": "Airports, who provide the data"}
            api.send("POST", "/accounts", body)
        api.send("PUT", "/organisation/sink", {"kinds": _SHARED, "sources": [AIRPORTS]})
        api.send("PUT", "/tags/policies/who-pays", _POLICY)
        api.send("PUT", "/training-prices", _PRICES)
        for resource, tags in _TAGS.items():
            api.send("PUT", f"/tags?resource=default/{resource}", {"tags": tags})
    provider = kept_secret(
        data_dir / "airports-setup.key",
        lambda: local_key(data_dir, "airports-setup", "admin", AIRPORTS),
    )
    with Api(url, provider) as api:
        # Whoever keeps both running sees both.
        if OLGA.login not in {one["login"] for one in api.get("/members")["members"]}:
            api.send("POST", "/members", {"login": OLGA.login, "roles": ["viewer"]})
        shares = api.get("/organisation/links")["shares"]
        if not any(link["ended"] is None for link in shares):
            api.send("POST", "/organisation/links", {"sink": "default", "kinds": _SHARED})
        api.send("PUT", "/tags/policies/who-pays", _POLICY)
        api.send(
            "PUT", f"/tags?resource={AIRPORTS}/service/departures", {"tags": _TAGS["service/etl"]}
        )

        def made() -> str:
            body = {"name": "deliveries", "scopes": ["ingest"]}
            return str(api.send("POST", "/keys", body)["key"])

        return kept_secret(data_dir / "airports.key", made)
