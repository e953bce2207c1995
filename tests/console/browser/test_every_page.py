"""Every page of the console opens: its heading, no failure, no finding of axe, in light and dark."""

from __future__ import annotations

import json
import os
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.browser_world import TRACE, make_browser_world
from support.server import Server

SHOTS = os.environ.get("VEDETTE_TEST_SHOTS", "")
"""A folder that takes a picture of each page, for people who look at them."""
_RANGE = "from=-30d"
GROUPS = {
    "overview": [
        "/", "/dashboards", "/dashboards/$dashboard", "/dashboards/ready-made/ingest", "/logs",
        "/traces", f"/traces/{TRACE}", "/metrics", "/metric-filters", "/services", "/services/web",
        "/map", "/hosts", "/hosts/host-a", "/infrastructure",
        "/infrastructure?show=efficiency", "/infrastructure?show=sizes",
        "/infrastructure?show=costs&kind=host", "/infrastructure?show=prices",
        "/settings", "/settings/keys", "/settings/users",
        "/settings/retention", "/settings/ingest", "/settings/tags",
        "/settings/tags?tab=policies&edit=owners", "/settings/tags?tab=find&tag=team",
        "/settings/audit", "/settings/audit?trail=calls&outcome=refused",
        "/settings/audit?tab=activity", "/settings/audit?tab=verification",
        "/settings/audit?tab=retention", "/settings/organisation",
        "/settings/organisation?tab=links", "/settings/organisation?tab=usage",
        "/settings/organisation?tab=installation",
    ],
    "alarms": [
        "/alarms", "/alarms/new", "/alarms/$alarm", "/alarms/$alarm/edit", "/mute-windows",
        "/metric-filters?edit=new", "/notifications?tab=routes", "/notifications?tab=log",
        "/notifications", "/on-call", "/on-call?tab=policies", "/incidents", "/incidents/$incident",
        "/slos", "/slos/orders%20succeed", "/slos?edit=new", "/synthetic", "/synthetic/front%20door",
        "/experience", "/experience?tab=errors", "/experience?tab=sessions",
        "/experience?tab=reach", "/experience?tab=apps",
    ],
    "data": [
        f"/datasets?{_RANGE}", f"/datasets/orders?{_RANGE}", f"/datasets/orders?{_RANGE}&tab=drift",
        f"/datasets/orders?{_RANGE}&tab=schema", f"/datasets/orders?{_RANGE}&tab=checks",
        "/monitors", f"/monitors/daily?{_RANGE}", f"/pipelines?{_RANGE}",
        f"/pipelines/detail?pipeline=nightly&{_RANGE}", "/pipelines/runs/$pipeline_run",
        f"/lineage?{_RANGE}", f"/lineage?resource=default/dataset/orders&{_RANGE}",
        f"/lineage?resource=default/dataset/orders&{_RANGE}&as=list",
        f"/business?{_RANGE}", f"/business/kpis?{_RANGE}", f"/business/kpis/revenue?{_RANGE}",
        f"/business/returns?{_RANGE}", f"/business/correlation?{_RANGE}",
        f"/business/correlation?{_RANGE}&first=revenue&second=orders&secondKind=kpi",
        "/business/reports",
    ],
    "models": [
        "/experiments", "/experiments/$experiment", "/experiments/$experiment?tab=models",
        "/runs/$run0", "/runs/$run0?tab=charts", "/runs/$run0?tab=artifacts",
        "/runs/compare?run=$run0&run=$run1&run=$run2",
        "/runs/compare?run=$run0&run=$run1&run=$run2&tab=values",
        "/runs/compare?run=$run0&run=$run1&run=$run2&tab=parallel",
        "/evaluation", "/evaluation?tab=scorers", "/evaluation/datasets/$evaluation_dataset",
        "/evaluation/scorers/$experiment/polite",
        "/logged-models/$logged_model", "/models", "/models/churn", "/models/churn/versions/1",
        "/models/churn/versions/2?tab=difference", "/models/churn/versions/1?tab=card",
        "/approvals", "/approvals/$approval", "/registry-webhooks", "/model-production?from=-6h",
        "/models/churn/monitoring?from=-6h", "/models/churn/monitoring?from=-6h&tab=segments",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def names(server: Server) -> dict[str, str]:
    return make_browser_world(server)


def _settle(page: Any) -> None:
    page.locator("h1").first.wait_for()
    busy = page.locator("[role=status][aria-busy=true]")
    while busy.count():
        busy.first.wait_for(state="detached")


def _shoot(page: Any, name: str, path: str, scheme: str) -> None:
    if SHOTS:
        file = f"{name}-{scheme}-{re.sub(r'[^a-z]+', '-', path)[:50]}.png"
        page.screenshot(path=Path(SHOTS) / file)


@pytest.mark.parametrize("group", GROUPS)
def test_every_page_opens(open_page, server, names, findings, group):
    found: dict[str, list[Any]] = {}
    page = open_page("/")
    page.set_default_timeout(60_000)
    for number, path in enumerate(GROUPS[group]):
        page.goto(server.url + re.sub(r"\$(\w+)", lambda name: names[name[1]], path))
        try:
            _settle(page)
            problems = [["alert", text] for text in page.get_by_role("alert").all_inner_texts()]
            problems += findings(page, look=partial(_shoot, page, f"{group}-{number:02}", path))
            if problems:
                found[path] = problems
        except Exception as error:  # noqa: BLE001 - the others are told of, too
            found[path] = [["failed", str(error)[:500]]]
            page.emulate_media(color_scheme="light")
    assert found == {}, json.dumps(found, indent=1)


def test_the_list_names_every_page_of_the_navigation(open_page):
    page = open_page("/")
    page.get_by_role("navigation").first.wait_for()
    links = page.locator("nav a[href^='/']")
    links.first.wait_for()
    offered = {
        link.split("?")[0]
        for link in links.evaluate_all("all => all.map(a => a.getAttribute('href'))")
    }
    visited = {path.split("?")[0] for paths in GROUPS.values() for path in paths}
    assert offered - visited == set()
