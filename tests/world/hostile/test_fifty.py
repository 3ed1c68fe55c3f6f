"""Every hostile input by its name: refused with a sentence, repaired and said, or kept as data; never obeyed."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from assistants.round_table import Request
from bot.render import plain
from haven.ai.task import Where
from haven.errors import BadInput, NotFound, Unavailable
from haven.quoting import clean, data_block, visible
from haven.world.exchange import formats, map_json, markdown, table, whole
from haven.world.exchange.pieces import Piece
from haven.world.gazetteer import Gazetteer
from haven.world.leaks import masked
from haven.world.maps.picture import Format, picture
from haven.world.maps.scene import Wish
from haven.world.schema import MAX_NAME, Lore, Point, System
from haven.world.words import fold, words
from tests.e2e.house import MEMBER, REVIEWER, at_home
from tests.world.a_world import world_in
from tests.world.hostile import people, places, records
from tests.world.hostile.acts import Acts, built
from tests.world.hostile.files import FILES, File
from tests.world.hostile.words import WORDS

OTHER = replace(MEMBER, id="discord:77", name="Nia")
ACTS: Acts = {**records.ACTS, **people.ACTS, **places.ACTS}
DRAWN = {"svg", "title", "rect", "polyline", "circle", "polygon", "g", "text", "path"}
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
"""What moves a cursor, turns a line, or can't be written."""


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.name)
def test_a_file(case: File) -> None:
    piece = Piece(case.file, case.make())
    if case.refused:
        with pytest.raises(BadInput, match=case.refused):
            formats.read_file(piece)
    else:
        found = formats.read_file(piece)
        assert case.kept is not None and case.kept(found), [(one.name, one.refused, one.notes) for one in found]


def holding(number: int, text: str) -> tuple[System, Lore]:
    """A system and an entry that hold these words wherever words can stand."""
    name = text if clean(text).strip() else "x"
    place = System(
        id=f"system-{number:010x}",
        name=name[:MAX_NAME],
        aliases=(text,),
        notes=text,
        region=text,
        photo=text,
        discovered_by=text,
        properties={text: text},
        position=Point(x=number, y=number % 7, z=0),
    )
    entry = Lore(id=f"lore-{number:010x}", name=name[:MAX_NAME], text=text, tags=(text,), sources=(text,), canon=True)
    return place, entry


@pytest.mark.parametrize(("number", "text"), list(enumerate(WORDS.values())), ids=list(WORDS))
def test_words_in_a_record_a_file_and_on_a_face(number: int, text: str) -> None:
    place, entry = things = holding(number, text)
    told = str([one.model_dump() for one in things])
    assert not _STEERS.search(told.replace("\\n", "")), "control and hidden characters are not kept"
    told.encode()

    for format, write in {"json": whole.write, "csv": table.write}.items():
        file = "".join(write(things))
        assert [one.thing for one in formats.read_file(Piece(f"a.{format}", file.encode()))] == [place, entry]
    cells = [cell for row in csv.reader(io.StringIO("".join(table.write(things)), newline="")) for cell in row]
    assert not [cell for cell in cells if re.match(r"[=+\-@\t\r＝＋－＠]", cell)], "no cell is a formula"
    pages = list(markdown.write(things))
    assert [one.thing for path, page in pages for one in formats.read_file(Piece(path, page.encode()))] == [
        place,
        entry,
    ]
    assert all(re.fullmatch(r"(?:system|lore)/[a-z0-9-]+\.md", path) for path, _ in pages), "no name is a path"
    features = json.loads("".join(map_json.write(things)))["features"]
    assert [one["properties"]["name"] for one in features] == [place.name]

    svg = ElementTree.fromstring(picture(Gazetteer(things), Wish(), format=Format.SVG))
    assert {one.tag.partition("}")[2] for one in svg.iter()} <= DRAWN
    assert not [key for one in svg.iter() for key in one.attrib if key.startswith("on") or "href" in key]

    assert not _STEERS.search(visible(text).replace("\n", ""))
    shown = plain(text, 500)
    assert "](" not in shown and not re.search(r"@(?:everyone|here)|<@&?\d", shown), "Discord rings nobody"
    block = data_block("material", text)
    assert block.count("<material>") == block.count("</material>") == 1 and "</request>" not in block
    fold(text), words(text), masked(things)


async def test_words_as_a_question_and_in_a_world_that_is_asked(tmp_path: Path) -> None:
    """Whatever the world and a question hold: nothing is written, proposed, approved or watched because of it."""
    async with at_home(tmp_path, working=False) as home:
        house, odd = home.house, {name: holding(number, text) for number, (name, text) in enumerate(WORDS.items())}
        await house.world.put([one for pair in odd.values() for one in pair], REVIEWER, "test", allow_same_name=True)
        proposed = await house.drafts.propose([System(name="Waiting")], OTHER, "test", WORDS["an order to approve"])
        stamp = await house.world.stamp()
        for name, text in WORDS.items():
            await house.search.find(text)
            await house.search.names.resolve(text)
            assert (await house.world.named(text)) or not clean(text).strip(), name
            with suppress(BadInput, NotFound):
                await house.world.one(text)
            with suppress(Unavailable, BadInput):  # no model is here, and a question has words
                async for _ in house.round_table.ask(Request(text, MEMBER, where=Where.LOCAL)):
                    pass
        assert await house.world.stamp() == stamp
        assert await house.drafts.list(None) == [proposed] and await house.watches.list(MEMBER) == []

        attack = WORDS["the end of the material"]
        async for _ in house.round_table.ask(
            Request(f"What does the lore say of {attack}?", MEMBER, where=Where.CLOUD)
        ):
            pass
        [sent, *_] = [str(body["messages"]) for body in home.asked]
        assert sent.count("<request>") == sent.count("</request>") <= 1, "nothing that was typed ends what is data"
        assert sent.count("<material>") == sent.count("</material>") <= 1 and "<instruction>" not in sent


@pytest.mark.parametrize("name", ACTS)
async def test_an_act(tmp_path: Path, name: str) -> None:
    async with world_in(tmp_path) as (world, database):
        folder = tmp_path / "files"
        folder.mkdir()
        await ACTS[name](await built(world, database, folder))


def test_there_are_fifty_and_more_each_with_a_name_of_its_own() -> None:
    names = [*WORDS, *(case.name for case in FILES), *records.ACTS, *people.ACTS, *places.ACTS]
    assert len(names) == len(set(names)) and len(names) > 150
