"""Models: the shelf for everybody; one brought here by its owner while the page tells how far, stopped, and deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.access import Role
from haven.app import open_house
from haven.errors import NotFound
from tests.ai.hub_by_hand import FILE, REPO, brought, hub_by_hand, write_catalogue
from tests.e2e.house import settings_in
from tests.web.dashboard import PASSWORD, Browser, Dashboard, dashboard

WEIGHTS = b"GGUF" + bytes(range(256)) * 8000
CUT = 3 << 18


async def through(here: Dashboard, owner: Browser, path: str, **fields: str) -> str:
    """The page when what that form begins, or ends, has come to its end."""
    with here.house.bus.subscribe() as news:
        await owner.post(path, sealed=True, **fields)
        while (await anext(news)).kind != "model.chore":
            pass
    return (await owner.get("/models/parts")).text


async def test_a_model_is_brought_here_stopped_gone_on_with_and_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    shelf = settings.paths.state_dir / "models"
    shelf.mkdir(parents=True)
    write_catalogue(shelf / "catalogue.toml", f'{{ kind = "hub", repo = "{REPO}", file = "{FILE}" }}')
    async with hub_by_hand(WEIGHTS) as far, open_house(settings) as house, dashboard(tmp_path, house=house) as here:
        monkeypatch.setenv("HF_ENDPOINT", far.hub)
        owner, member = await here.owner(), await here.person("Mika", Role.MEMBER)
        seen = await member.get("/models")
        assert "Tiny not here" in seen.text and "Bring it here" not in seen.text and "stand-in" in seen.text
        assert (await member.post("/models/tiny/install", pin=PASSWORD)).status == 403
        await owner.get("/models")
        assert (await owner.post("/models/tiny/install", pin="not the password")).status == 403
        assert (await owner.post("/models/no-such/install", pin=PASSWORD)).status == 404

        far.faults = [("stall", CUT)]
        page = await owner.post("/models/tiny/install", pin=PASSWORD)
        assert "Tiny" in page.text and "Stop" in page.text
        await far.stalled.wait()
        await brought(shelf, CUT)
        assert "<progress max=" in (await member.get("/models/parts")).html
        twice = await owner.post("/models/tiny/install", pin=PASSWORD)
        assert twice.status == 409 and "being done already" in twice.text
        assert "It was stopped" in await through(here, owner, "/models/stop")
        await far.hung_up.wait()
        assert "Tiny is here" in await through(here, owner, "/models/tiny/install", pin=PASSWORD)
        assert [one.range for one in far.fetched] == ["", f"bytes={CUT}-"], "what had come was not fetched again"
        assert house.registry.path("tiny").read_bytes() == WEIGHTS
        page_text = (await owner.get("/models")).text
        assert "Tiny here, pinned" in page_text and "2 MB" in page_text
        gone = await owner.post("/models/tiny/remove", pin=PASSWORD)
        assert "Tiny is deleted" in gone.text and not house.registry.path("tiny").exists()
        with pytest.raises(NotFound):
            await house.registry.remove("tiny")
