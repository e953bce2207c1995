"""How the console is served: pages, assets, caching, prefixes and what it leaves to others."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from vedette.console import Console
from vedette.console.assets import Assets

HTML = {"Accept": "text/html,*/*"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<head><base href="/" /></head>')
    (tmp_path / "assets" / "index.js").write_text("let a = 1;\n" * 500)
    (tmp_path / "assets" / "index.js.map").write_text("{}")
    return tmp_path


def client(
    folder: Path, base_path: str = "", root_path: str = "", frame_ancestors: str = ""
) -> TestClient:
    app = Starlette()
    otherwise = PlainTextResponse("nothing here", 404)
    app.router.default = Console(
        base_path, otherwise, assets=Assets(folder), frame_ancestors=frame_ancestors
    )
    return TestClient(app, root_path=root_path)


@pytest.mark.parametrize("path", ["/", "/logs", "/traces/0af7", "/settings/keys"])
def test_every_page_is_the_one_page(folder, path):
    answer = client(folder).get(path, headers=HTML)
    assert answer.status_code == 200
    assert '<base href="/" />' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_that_are_named_may_frame_the_console(folder):
    answer = client(folder, frame_ancestors="https://wiki.example").get("/", headers=HTML)
    policy = answer.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors https://wiki.example")
    assert "x-frame-options" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/api/v1/none", "/v1/logs", "/assets/none.js", "/healthz", "/_bulk", "/api"]
)
def test_what_belongs_to_others_is_no_page(folder, path):
    assert client(folder).get(path, headers=HTML).status_code == 404


def test_who_wants_no_page_gets_none(folder):
    assert client(folder).get("/logs", headers={"Accept": "application/json"}).status_code == 404
    assert client(folder).post("/logs", headers=HTML).status_code == 404


@pytest.mark.parametrize(
    "path", ["/assets/../../secret", "/..%2f..%2fsecret", "/assets/index.js.map"]
)
def test_no_other_file_can_be_named(folder, path):
    (folder.parent / "secret").write_text("secret")
    answer = client(folder).get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_a_copy_is_kept_and_asked_about(folder):
    http = client(folder)
    first = http.get("/assets/index.js")
    assert first.headers["cache-control"] == "no-cache"
    again = http.get("/assets/index.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = http.get("/assets/index.js", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


def test_the_page_names_its_scripts_by_their_version_and_they_are_kept(folder):
    (folder / "index.html").write_text(
        '<head><base href="/" /><script src="./assets/index.js"></script></head>'
    )
    page = client(folder, "/ops").get("/logs", headers=HTML)
    assert page.headers["cache-control"] == "no-cache"
    path = page.text.partition('src="./')[2].partition('"')[0]
    assert path != "assets/index.js"
    kept = client(folder).get(f"/{path}")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.content == client(folder).get("/assets/index.js").content
    # Another build has another version; what the old one names is gone.
    (folder / "assets" / "index.js").write_text("let b = 2;")
    assert path not in client(folder).get("/logs", headers=HTML).text
    assert client(folder).get(f"/{path}").status_code == 404


def test_assets_are_compressed_for_who_takes_it(folder):
    http = client(folder)
    plain = http.get("/assets/index.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with http.stream("GET", "/assets/index.js", headers={"Accept-Encoding": "br, gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        raw = b"".join(packed.iter_raw())
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content)
    assert packed.headers["content-type"] == "text/javascript; charset=utf-8"


def test_the_page_knows_its_prefix(folder):
    http = client(folder)
    page = http.get("/logs", headers={**HTML, "X-Forwarded-Prefix": "/tools/vedette/"})
    assert '<base href="/tools/vedette/" />' in page.text
    plain = http.get("/logs", headers=HTML)
    assert page.headers["etag"] != plain.headers["etag"]
    assert '<base href="/ops/" />' in client(folder, "/ops").get("/logs", headers=HTML).text


def test_a_path_is_served_with_and_without_its_prefix(folder):
    http = client(folder, "/ops", root_path="/ops")
    assert http.get("/ops/assets/index.js").status_code == 200
    assert http.get("/assets/index.js").status_code == 200


@pytest.mark.parametrize(
    "prefix", ['/x"><script>alert(1)</script>', "//evil.example", "x", "/a/../b "]
)
def test_a_forged_prefix_is_ignored_or_harmless(folder, prefix):
    page = client(folder).get("/logs", headers={**HTML, "X-Forwarded-Prefix": prefix})
    assert "<script>" not in page.text
    assert "evil" not in page.text
    assert '<base href="//' not in page.text


def test_without_assets_nothing_is_taken(tmp_path):
    assert client(tmp_path / "none").get("/", headers=HTML).status_code == 404
