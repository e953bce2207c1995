"""Browser apps as code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.experience.browser.definition import BrowserAppSpec, check_browser_app
from vedette.manifests.definitions import DefinitionManifests

if TYPE_CHECKING:
    from collections.abc import Mapping


class BrowserAppKind(DefinitionManifests[BrowserAppSpec]):
    """``kind: BrowserApp``."""

    name = "BrowserApp"
    order = 34
    spec = BrowserAppSpec

    def check(self, spec: Mapping[str, Any]) -> BrowserAppSpec:
        """See ``DefinitionManifests.check``."""
        return check_browser_app(dict(spec))
