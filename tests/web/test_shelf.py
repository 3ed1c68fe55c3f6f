"""What pages load: other people's files as they were published, nothing from elsewhere, kept by browsers and small."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from tests.web.dashboard import dashboard

ROOT = Path(__file__).parent.parent.parent
SHELVES = (ROOT / "web" / "static", ROOT / "tests" / "web" / "vendored")
FROM_ELSEWHERE = re.compile(r"(?:src|href|action|url\(|@import|fetch\()\s*=?\s*[\"'(]?(?:https?:)?//(?!www\.w3\.org)")
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son[a-z]+=[\"']|\sstyle=[\"']|<style|\|\s*safe\b"
)


@pytest.mark.parametrize("shelf", SHELVES, ids=lambda one: one.name)
def test_every_vendored_file_is_the_published_one_with_its_licence(shelf: Path) -> None:
    told = tomllib.loads((shelf / "VENDORED.toml").read_text(encoding="utf-8"))
    for name, entry in told.items():
        assert hashlib.sha256((shelf / name).read_bytes()).hexdigest() == entry["sha256"], name
        assert entry["licence"] and entry["version"] and entry["package"], name
        assert (shelf / entry["licence_file"]).stat().st_size > 100, name
    folder = shelf / "vendored" if (shelf / "vendored").is_dir() else shelf
    there = {str(one.relative_to(shelf)) for one in folder.rglob("*") if one.suffix in {".js", ".css", ".woff2"}}
    assert there == {*told}


def test_templates_and_own_files_load_nothing_from_elsewhere_and_hold_no_inline_script() -> None:
    web = ROOT / "web"
    own = [one for one in (web / "static").iterdir() if one.suffix in {".css", ".js"}]
    for file in [*own, *(web / "templates").rglob("*.html")]:
        text = file.read_text(encoding="utf-8")
        assert not FROM_ELSEWHERE.search(text), file.name
        found = INLINE.search(text) if file.suffix == ".html" else None
        assert not found, f"{file.name}: {found and found[0]}"


async def test_files_are_kept_for_good_by_their_content_and_nothing_else_is_served(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        stranger = here.browser()
        page = await stranger.get("/")
        sheet = re.search(r'href="(/static/haven\.css\?v=[0-9a-f]{12})"', page.html)
        assert sheet
        got = await stranger.get(sheet[1])
        assert got.status == 200 and "immutable" in got.headers["Cache-Control"]
        assert got.headers["Content-Type"].startswith("text/css") and got.headers["X-Content-Type-Options"] == "nosniff"
        for path in ("VENDORED.toml", "../dashboard.py", "%2e%2e/dashboard.py", "vendored/", "nothing.js"):
            assert (await stranger.get(f"/static/{path}")).status == 404, path
