"""World: the star map's numbers, its list, cards, routes and pictures; and the map itself in a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from haven.world.schema import Planet, Thing
from tests.web.browser import Page, chromium
from tests.web.dashboard import Browser, Dashboard, dashboard
from tests.world.a_world import OLGA, at, system

NAMES = ("Halden", "Brook", "Cairn", "Dorn")


async def a_sky(here: Dashboard) -> dict[str, str]:
    """Four systems in a row, linked one to the next, each with a star of its own but the last; ids by name."""
    things: list[Thing] = []
    for number, name in enumerate(NAMES):
        links = (f"new-{number + 1}",) if number < 3 else ()
        star = ("Red", "Blue", "Red", "")[number]
        more = {"id": f"new-{number}", "links": links, "star": star, "region": "Oculi"}
        things.append(system(name, position=at(10 * number, number % 2), **more))
    things.append(Planet(id="new-9", name="Mirror", parent="new-2", biome="Ocean"))
    kept = await here.house.world.put(things, OLGA, "test")
    return {one.thing.name: one.thing.id for one in kept}


async def test_the_map_is_sent_as_numbers_that_stay_good_until_the_world_changes(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        ids = await a_sky(here)
        owner = await here.owner()
        assert (await owner.get("/world/map?frame=nowhere&colour=nothing&page=x")).status == 200
        first = await owner.get("/world/map/places")
        xy = np.frombuffer(first.body, dtype="<f4").reshape(2, -1)
        order = await _names(owner, first.headers["ETag"], len(NAMES))
        assert [one[1] for one in order][-1] == "Cairn", "what most is recorded of is drawn last"
        at_x = {name: float(xy[0][row]) for row, (_, name) in enumerate(order)}
        assert [at_x[name] - at_x["Halden"] for name in NAMES] == [0, 10, 20, 30]
        looks = dict(
            zip([one[1] for one in order], (await owner.get("/world/map/looks?colour=star")).body, strict=True)
        )
        assert looks["Halden"] == looks["Cairn"] == 2 and looks["Brook"] == 3 and looks["Dorn"] == 1
        pale = dict(zip([one[1] for one in order], (await owner.get("/world/map/looks?biome=Ocean")).body, strict=True))
        assert [name for name in NAMES if pale[name]] == ["Cairn"]
        pairs = np.frombuffer((await owner.get("/world/map/links")).body, dtype="<u4")
        assert len(pairs) == 6 and {order[int(one)][1] for one in pairs} == set(NAMES)
        same = await owner.get("/world/map/places", headers={"If-None-Match": first.headers["ETag"]})
        assert same.status == 304 and not same.body
        card = await owner.get(f"/world/map/card?id={ids['Halden']}&other={ids['Brook']}")
        assert "Oculi" in card.text and "10.05 units from Brook" in card.text
        await here.house.world.put([system("Eyre", position=at(99))], OLGA, "test")
        anew = await owner.get("/world/map/places", headers={"If-None-Match": first.headers["ETag"]})
        assert anew.status == 200 and len(anew.body) == 8 * 5
        old = await owner.get(f"/world/map/names?rows=0&tag={first.headers['ETag'].strip(chr(34))}")
        assert old.status == 409


async def test_the_page_has_the_list_routes_and_pictures_without_a_script(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        owner = await here.owner()
        assert "position" in (await owner.get("/world/map")).text, "an empty world says why there is no map"
        ids = await a_sky(here)
        page = await owner.get("/world/map?by=&biome=Ocean")
        assert "1 of 4 systems" in page.text and "Cairn" in page.text and "Halden" not in page.text
        route = await owner.get("/world/map?from=Halden&to=Mirror")
        stops = re.findall(r'data-id="([^"]+)"', route.html.partition('class="stops"')[2])
        assert stops == [ids["Halden"], ids["Brook"], ids["Cairn"]] and "2 steps, 20.1 units in all" in route.text
        assert re.search(r'data-route="\d,\d,\d"', route.html)
        back = await owner.get("/world/map?from=Dorn&to=Halden")
        assert "3 steps" in back.text and "no range shorter than 10.05 units" in back.text
        short = await owner.get("/world/map?from=Dorn&to=Halden&jump=5")
        assert 'class="stops"' not in short.html and "5 units" in short.text
        assert "3 steps" in (await owner.get("/world/map?from=Dorn&to=Halden&jump=11")).text
        assert "no length" in (await owner.get("/world/map?from=Dorn&to=Halden&jump=far")).text
        lost = await owner.get("/world/map?at=Nirgends")
        assert lost.status == 200 and "Nirgends" in lost.text
        chosen = await owner.get("/world/map?at=Mirror")
        assert f'data-id="{ids["Cairn"]}"' in chosen.html
        drawn = await owner.get(f"/world/map/picture?format=svg&stop={ids['Halden']}&stop={ids['Brook']}")
        assert drawn.body.startswith(b"<svg") or b"<svg" in drawn.body[:200]
        assert (await owner.get("/world/map/picture?inline=1")).body.startswith(b"\x89PNG")
        assert (await owner.get("/world/map/picture?width=9999999")).status == 400


async def test_the_map_is_moved_and_asked_by_mouse_keys_and_fingers(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here, chromium() as browser:
        ids = await a_sky(here)
        owner = await here.owner()
        async with browser.page(owner) as page:
            await page.open("/world/map?colour=star")
            before = await _seen(page)
            assert before["count"] == 4
            await page.until("havenMap.seen().labels.length === 4")
            await page.tap(*await _place(page, "Brook"))
            await page.see("Brook", "#star")
            assert f"/world/records/{ids['Brook']}" in await page.run("document.querySelector('#star a').href")
            await page.run("document.getElementById('stars').focus()")
            await page.press("ArrowRight", "+")
            near = await _seen(page)
            assert near["x"] > before["x"] and near["scale"] > before["scale"]
            await page.press("f", "Escape")
            assert (await _seen(page))["scale"] == before["scale"]
            await page.until("document.getElementById('star').hidden")
            await page.type("#at", "Mirr")
            await page.click("#hits a", "Mirror")
            await page.see("Cairn", "#star h2")
            there = await _seen(page)
            assert abs(there["x"] - before["x"]) < 8 and there["chosen"] >= 0
            await page.click("#star a", "Route to here")
            assert await page.run("document.getElementById('to').value") == ids["Cairn"]
            await page.see("live", "#live.ok")
            before = await _seen(page)
            await here.house.world.put([system("Aster", position=at(16), star="Green")], OLGA, "test")
            await page.until("havenMap.seen().count === 5 && havenMap.row('Aster') !== undefined")
            after = await _seen(page)
            assert [after[name] for name in ("x", "y", "scale")] == [before[name] for name in ("x", "y", "scale")]
            await page.see("Green", ".legend")
            await page.see("Aster", "#list")
            await page.until("havenMap.seen().chosen === havenMap.row('Cairn')")
            await page.see("Cairn", "#star h2")
            assert page.wrong == []
            await _by_mouse(page)
        async with browser.page(owner, phone=True, dark=True) as page:
            await page.open("/world/map")
            wide = await _seen(page)
            box = await page.run("JSON.stringify(document.querySelector('#stars').getBoundingClientRect())")
            left, top, width, height = (json.loads(box)[name] for name in ("x", "y", "width", "height"))
            await _pinch(page, left + width / 2, top + height / 2)
            await page.until(f"havenMap.seen().scale > {2 * wide['scale']}")
            await page.until("document.getElementById('star').hidden")
            near = await _seen(page)
            middle = left + width / 2, top + height / 2
            await page.drag(middle, (middle[0] - 60, middle[1] - 30))
            moved = await _seen(page)
            assert moved["x"] - near["x"] == pytest.approx(60 / near["scale"], rel=0.2)
            assert near["y"] - moved["y"] == pytest.approx(30 / near["scale"], rel=0.2)
            assert await page.run("document.documentElement.scrollWidth <= innerWidth") and page.wrong == []


async def _names(owner: Browser, etag: str, count: int) -> list[list[str]]:
    rows = ",".join(map(str, range(count)))
    answer = await owner.get(f"/world/map/names?tag={etag.strip(chr(34))}&rows={rows},99,x")
    found = json.loads(answer.body)
    return [found[str(row)] for row in range(count)]


async def _seen(page: Page) -> dict[str, float]:
    return dict(await page.run("havenMap.ready.then(() => havenMap.seen())"))


async def _by_mouse(page: Page) -> None:
    """Dragged, and zoomed by the wheel around where it points."""
    before, scrolled = await _seen(page), await page.run("scrollY")
    x, y = await _place(page, "Cairn")
    await page.drag((x, y), (x - 50, y + 20))
    dragged = await _seen(page)
    assert dragged["x"] - before["x"] == pytest.approx(50 / before["scale"], rel=0.05)
    assert dragged["y"] - before["y"] == pytest.approx(20 / before["scale"], rel=0.05)
    there = await _place(page, "Cairn")
    assert there == pytest.approx((x - 50, y + 20), abs=1.5) and dragged["chosen"] == before["chosen"]
    for turns, is_nearer in ((-240, True), (480, False)):
        scale = (await _seen(page))["scale"]
        await page.call("Input.dispatchMouseEvent", type="mouseWheel", x=there[0], y=there[1], deltaX=0, deltaY=turns)
        await page.until(
            f"(havenMap.seen().scale > {scale}) === {json.dumps(is_nearer)} && havenMap.seen().scale !== {scale}"
        )
        assert await _place(page, "Cairn") == pytest.approx(there, abs=1.5), "what is pointed at stays"
    assert await page.run("scrollY") == scrolled, "the map takes the wheel, and the page stays"


async def _place(page: Page, name: str) -> tuple[float, float]:
    """Where in the window a system is drawn."""
    at = "havenMap.at(havenMap.row(name))"
    edge = "document.getElementById('stars').getBoundingClientRect()"
    found = await page.run(
        f"((name, edge) => {{ const [x, y] = {at}; return [edge.x + x, edge.y + y]; }})({name!r}, {edge})"
    )
    return found[0], found[1]


async def _pinch(page: Page, x: float, y: float) -> None:
    """Two fingers move apart."""
    for kind, apart in (("touchStart", 20), ("touchMove", 40), ("touchMove", 80), ("touchEnd", 0)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}] if apart else []
        await page.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)
