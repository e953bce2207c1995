"""The page that travellers open, with the browser script in it, and where its telemetry goes.

The app of the page is made once the API has an address; from then on ``APP_FILE`` says where pages
send what they measure, and by which public key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

APP_FILE = Path("flight-web.json")
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Will my flight be late?</title>
<style>
  body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem }}
  select, button {{ font: inherit; padding: .4rem .8rem }}
  output {{ display: block; margin-top: 1.5rem; font-weight: 600 }}
</style>
{script}
<h1>Will my flight be late?</h1>
<form><select aria-label="Flight"></select> <button>Ask</button></form>
<output></output>
<script>
  const [form, list, answer] = ["form", "select", "output"].map((name) => document.querySelector(name));
  let flights = [];
  fetch("v1/flights?limit=200").then((found) => found.json()).then((found) => {{
    flights = found;
    list.append(...found.map((one, place) =>
      new Option(`${{one.carrier}} ${{one.flight}} from ${{one.origin}}, ${{one.flight_date}}`, place)));
  }});
  form.addEventListener("submit", async (event) => {{
    event.preventDefault();
    const {{ hour, ...flight }} = flights[list.value];
    const found = await fetch("v1/predictions", {{
      method: "POST", headers: {{ "content-type": "application/json" }}, body: JSON.stringify(flight),
    }});
    const one = await found.json();
    answer.textContent = `Late with a probability of ${{(100 * one.probability).toFixed(0)}} %.`;
  }});
</script>
</html>
"""


@dataclass(frozen=True, slots=True)
class App:
    """Where the page's telemetry goes."""

    endpoint: str
    key: str
    origin: str

    def write(self, path: Path) -> None:
        """Keep it for the services of the workload."""
        part = path.with_suffix(".part")
        part.write_text(json.dumps([self.endpoint, self.key, self.origin]), encoding="utf-8")
        part.replace(path)

    @classmethod
    def read(cls, path: Path = APP_FILE) -> App | None:
        """Return what was kept; None before there is an app."""
        try:
            endpoint, key, origin = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(endpoint, key, origin)


def render(app: App | None, version: str) -> str:
    """Return the page; without an app it sends nothing."""
    script = ""
    if app is not None:
        script = (
            f'<script src="{escape(app.endpoint)}/rum/vedette.js" data-key="{escape(app.key)}" '
            f'data-version="{escape(version)}" data-environment="demo" defer></script>'
        )
    return _PAGE.format(script=script)
