"""What each card looks like on a phone, beside the pictures of `golden/`. After a wanted change, take them anew with
`GOLDEN=write python -m pytest tests/bot/test_pictures.py`, look at each, and commit them.

Needs a Chromium and `simcord[screenshot]` (`pip install -e ".[pictures]"`); without them it is skipped, and says so.
"""

from __future__ import annotations

import io
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from PIL import Image
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle

from benchmarks.pictures_discord import missing, use_installed_chromium
from tests.kept_pictures import unlike

from .cards import AT, ERROR, every_card
from .more_cards import every_form

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("GOLDEN") == "write"
WIDTH = 400
"""Of a phone."""
HEIGHTS = {
    "changes": 2_640,
    "records": 2_500,
    "house": 2_960,
    "more-changes": 2_800,
    "more-records": 1_800,
    "more-house": 1_800,
}
FORMS = "forms"
"""A picture holds all cards of a kind: each costs a second, however much stands in it."""
MOST_BYTES, TOGETHER = 160_000, 600_000
GAP = 12
"""Between two forms."""
COLOURS = 128
"""Of a kept picture: its letters stay sharp, and it is small."""


@pytest.mark.skipif(bool(missing()), reason=missing() or "all is there")
async def test_cards_look_as_they_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_installed_chromium(monkeypatch.setattr)
    none = discord.AllowedMentions.none()
    client = Opening(intents=discord.Intents(guilds=True), allowed_mentions=none)
    logging.getLogger("haven.bot").info("[%s] as on the card of an error", ERROR)
    different = []
    async with simcord.run(client, settle_timeout=60) as env:
        env.backend.bot_user.name = "Haven"
        guild = env.create_guild("Voyagers")
        ann = guild.add_member(env.create_user("ann"))
        channels = {kind: guild.create_text_channel(kind) for kind in HEIGHTS}
        for kind, cards in (await every_card()).items():
            where = client.get_partial_messageable(channels[kind].id, guild_id=guild.id)
            for one in cards.values():
                await where.send(embed=one.embed, view=one.view, files=[file.file() for file in one.files])
        for kind, height in HEIGHTS.items():
            (tmp_path / f"{kind}.png").write_bytes(await taken(env, channels[kind], ann, height))
        (tmp_path / f"{FORMS}.png").write_bytes(await forms(env, client, guild.create_text_channel(FORMS), ann))
        for kind in (*HEIGHTS, FORMS):
            if WRITE:
                (GOLDEN / f"{kind}.png").write_bytes((tmp_path / f"{kind}.png").read_bytes())
            elif why := unlike(GOLDEN / f"{kind}.png", tmp_path / f"{kind}.png"):
                different.append(f"{kind}: {why}")
    assert not different, f"{different}; the new pictures lie in {tmp_path}"


async def taken(env: simcord.Env, channel: ChannelHandle, viewer: MemberActor, height: int) -> bytes:
    """A channel as it is seen two hours later, without the empty room above and below it."""
    now = datetime.fromtimestamp(AT + 7_200, UTC)
    size: dict[str, Any] = {"width": WIDTH, "height": height, "display": "fixed", "presentation_time": now}
    async with env.preview(channel, viewers=[viewer], layout="channel", **size) as page:
        shot = await page.screenshot(viewer=viewer, mode="viewport")
    assert shot.png is not None
    data = io.BytesIO()
    Image.open(io.BytesIO(shot.png)).convert("RGB").quantize(COLOURS).save(data, "PNG", optimize=True)
    return data.getvalue()


class Opening(discord.Client):
    """Opens the form that a button is named after."""

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        await interaction.response.send_modal(every_form()[data["custom_id"]])


async def forms(env: simcord.Env, client: discord.Client, channel: ChannelHandle, viewer: MemberActor) -> bytes:
    """The forms, one below the other, each opened by a press."""
    view, shots = discord.ui.View(timeout=None), []
    for name in every_form():
        view.add_item(discord.ui.Button(label=name, custom_id=name))
    await client.get_partial_messageable(channel.id, guild_id=viewer.guild.id).send(view=view)
    size: dict[str, Any] = {"width": WIDTH, "height": 1_400, "display": "fixed"}
    async with env.preview(channel, viewers=[viewer], layout="channel", **size) as page:
        for name in every_form():
            opened = await viewer.click(channel.last_message, custom_id=name)
            shot = await page.screenshot(viewer=viewer, target=opened)
            assert shot.png is not None
            shots.append(Image.open(io.BytesIO(shot.png)).convert("RGB"))
    whole = Image.new("RGB", (max(one.width for one in shots), sum(one.height + GAP for one in shots)))
    top = 0
    for one in shots:
        whole.paste(one, (0, top))
        top += one.height + GAP
    data = io.BytesIO()
    whole.quantize(COLOURS).save(data, "PNG", optimize=True)
    return data.getvalue()


def test_the_pictures_stay_small_and_there_is_one_of_each_kind() -> None:
    sizes = {one.stem: one.stat().st_size for one in GOLDEN.glob("*.png")}
    assert sizes.keys() == {*HEIGHTS, FORMS}
    assert all(size <= MOST_BYTES for size in sizes.values()) and sum(sizes.values()) < TOGETHER, sizes
