"""Settings: wrong values stand beside their fields, a difference is looked at before it is saved, comments stay."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from haven.access import Role
from haven.ai.money.caps import Caps
from haven.faces import settings_file
from haven.settings import load
from tests.web.dashboard import PASSWORD, Browser, dashboard

OWN_WORDS = '# mine\n[kiosk]\ntheme = "day" # bright\n\n[alerts]\ncelsius = 75.0 # it is hot here\n'
SEEN = re.compile(r'name="seen" value="([0-9a-f]{64})"')


async def looked_at(owner: Browser, **fields: Any) -> str:
    """What the page of the difference carries for the form that saves."""
    page = await owner.post("/settings/look", **fields)
    found = SEEN.search(page.html)
    assert page.status == 200 and found is not None, page.text
    return found[1]


async def test_what_is_saved_was_looked_at_and_everything_else_stays(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        file = settings_file(here.house.settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(OWN_WORDS)
        shown = await owner.get("/settings")
        assert 'value="75"' in shown.html and "degrees Celsius" in shown.text
        typed: dict[str, Any] = {"alerts.celsius": "hot", "world.digest_hour": "99"}
        wrong = await owner.post("/settings/look", **typed)
        assert wrong.status == 400 and "Too hot: it must be a number" in wrong.text and 'value="hot"' in wrong.html
        assert "Digest from" in wrong.text and file.read_text() == OWN_WORDS
        typed = {"alerts.celsius": "75"}
        same = await owner.post("/settings/look", **typed)
        assert same.path == "/settings" and "Nothing would change" in same.text

        wanted: dict[str, Any] = {"kiosk.theme": "night", "alerts.celsius": "70.5", "cloud.daily_usd": "1.5"}
        difference = await owner.post("/settings/look", **wanted)
        assert '-theme = "day" # bright' in difference.text and '+theme = "night" # bright' in difference.text
        assert "Cap of a day 2 1.5" in difference.text and file.read_text() == OWN_WORDS
        seen = await looked_at(owner, **wanted)
        refused = await owner.post("/settings", seen=seen, pin="not the password", **wanted)
        assert refused.status == 403 and file.read_text() == OWN_WORDS
        with here.house.bus.subscribe() as news:
            saved = await owner.post("/settings", seen=seen, pin=PASSWORD, **wanted)
            told = await anext(news)
            while told.kind != "kiosk.wish":
                told = await anext(news)
        assert "It counts from now on." in saved.text and told.data == {"theme": "night"}
        assert here.house.sentinel.alerts.settings.celsius == 70.5
        assert file.read_text() == OWN_WORDS.replace('"day"', '"night"').replace("75.0", "70.5")
        assert (await Caps(here.house.database, here.house.settings.cloud).in_force()).daily == 1.5 and load(
            file
        ).alerts.celsius == 70.5


async def test_how_often_the_digest_is_told_counts_without_a_new_start(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner, daily = await here.owner(), dict[str, Any]({"world.digest": "daily"})
        seen = await looked_at(owner, **daily)
        assert "It counts from now on." in (await owner.post("/settings", seen=seen, pin=PASSWORD, **daily)).text
        assert here.house.digests.settings.digest == "daily"


async def test_nothing_is_saved_over_what_somebody_wrote_meanwhile(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner, file = await here.owner(), settings_file(here.house.settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(OWN_WORDS)
        await owner.get("/settings")
        night: dict[str, Any] = {"kiosk.theme": "night"}
        seen = await looked_at(owner, **night)
        file.write_text(OWN_WORDS + "# later\n")
        late = await owner.post("/settings", seen=seen, pin=PASSWORD, **night)
        assert late.status == 409 and file.read_text() == OWN_WORDS + "# later\n"
        too_much: dict[str, Any] = {"cloud.daily_usd": "900"}
        seen = await looked_at(owner, **too_much)
        refused = await owner.post("/settings", seen=seen, pin=PASSWORD, **too_much)
        assert refused.status == 400 and "more than the month's cap" in refused.text
        by_hand = await owner.post("/restart", pin=PASSWORD)
        assert by_hand.status == 503 and "started by hand" in by_hand.text
        member = await here.person("Mika", Role.MEMBER)
        assert (await member.get("/settings")).status == 403
        assert (await member.post("/settings", pin=PASSWORD, **too_much)).status == 403


async def test_a_broken_file_is_told_with_its_place_and_what_runs_stays(tmp_path: Path) -> None:
    night: dict[str, Any] = {"kiosk.theme": "night"}
    async with dashboard(tmp_path) as here:
        owner, file = await here.owner(), settings_file(here.house.settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        for text, said in (
            ("[kiosk\ntheme = 1", "is not valid TOML: Expected ']' at the end of a table declaration (at line 1"),
            ("[alerts]\ncelsius = 'hot'\n", "alerts.celsius: it must be a number"),
            ("kiosk = 3\n", "kiosk: it must be a section of its own"),
        ):
            file.write_text(text)
            page = await owner.get("/settings")
            assert page.status == 200 and said in page.text and "Haven runs on" in page.text
            assert 'value="80"' in page.html, "as it runs"
            looked = await owner.post("/settings/look", **night)
            assert looked.status == 409 and "<option selected>night" in looked.html, "nothing typed is lost"
            saved = await owner.post("/settings", seen="0" * 64, pin=PASSWORD, **night)
            assert saved.status == 409 and file.read_text() == text
        file.write_text("[kiosk]\ntheme = 5\n")
        assert "kiosk.theme: it must be 'day', 'night'" in (await owner.get("/settings")).text
        seen = await looked_at(owner, **night)
        assert (await owner.post("/settings", seen=seen, pin=PASSWORD, **night)).status == 200
        assert file.read_text() == '[kiosk]\ntheme = "night"\n'
