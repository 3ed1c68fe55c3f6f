"""Cards that the bot draws, of made-up data that never changes, for the pictures; others are in `more_cards`."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import discord
from discord import ui
from PIL import Image, ImageDraw

from assistants.cartographer import Neighbours
from assistants.lorekeeper import LOREKEEPER
from assistants.records import Page
from assistants.sentinel import StatusLine
from bot import render_answers, render_drafts, render_health, render_office, render_world
from bot.attached import Attached
from bot.paging import laid_out
from bot.panel import panel
from bot.render import error_card
from bot.render_rounds import rounds_card
from bot.views.alert import AlertButton, alert_view
from bot.views.answer import answer_view
from bot.views.drafts import DraftButton, DraftList, QueuePage, draft_panel
from bot.views.reading import readable
from bot.views.review import progress_panel, review_panel
from haven.ai.money.caps import InForce
from haven.ai.money.costs import Analysis, Line
from haven.ai.task import Reply, Route, Tier
from haven.errors import Unavailable
from haven.store.alerts import Alert
from haven.store.changes import Change
from haven.world.differences import Difference
from haven.world.drafts import Draft
from haven.world.schema import Kind, Planet, System
from haven.world.search import Hit
from haven.world.space import Near
from haven.world.world import Stored
from tests.changes.test_review import RED, REVIEW

from .more_cards import other_changes, other_house, other_records, with_a_plan

AT = 1_767_225_600.0
ERROR = "1a2b3c4d"
ANSWER = """The Salt War ended in **3021**, when the last of the *Lantern* ships came back to Oculi.

1. It began over the salt of Saltmere.
2. Seven systems took part in it.

Nobody recorded who signed the peace.

"""
SCRIPT = "```python\n" + "\n".join(f"print({number})" for number in range(20)) + "\n```"


@dataclass(frozen=True)
class Shown:
    """A message: a card of components, or an embed with its buttons."""

    view: Any
    embed: discord.Embed | None = None
    files: Sequence[Attached] = field(default_factory=tuple)


async def every_card() -> Mapping[str, Mapping[str, Shown]]:
    """By kind and name. Within an event loop, as Discord's views need one."""
    change = _change()
    more = {"plan": Shown(await with_a_plan(change)), **_shown(other_changes(change))}
    return {
        "changes": await _changes(change),
        "more-changes": more,
        "records": {**_world(), **_drafts()},
        "more-records": _shown(other_records(_draft(), _different())),
        "house": {**_answers(), **_house()},
        "more-house": _shown(other_house()),
    }


def _shown(views: Mapping[str, Any]) -> dict[str, Shown]:
    return {name: Shown(view) for name, view in views.items()}


def _change() -> Change:
    about = {"requester": "discord:1", "requester_name": "Ada", "face": "bot", "target": "main", "round": 2}
    named = "a1b2c3", "", "feature", "Export the map as PNG", "Add a button", "cartographer", []
    return Change(*named, **about, state="review")  # type: ignore[arg-type]


async def _changes(change: Change) -> dict[str, Shown]:
    green, files = await review_panel(change, REVIEW)
    risky = replace(REVIEW, tests=RED, risk_marks=("conftest.py: decides how tests run",))
    red, others = await review_panel(change, risky)
    return {
        "review": Shown(green, files=files),
        "review-red": Shown(red, files=others),
        "progress": Shown(progress_panel(replace(change, state="editing"), "round 2: receiving edits")),
        "rounds": Shown(panel(rounds_card(REVIEW))),
    }


def _answers() -> dict[str, Shown]:
    long = ANSWER * 17 + SCRIPT
    reply = Reply(long, Tier.CLOUD, "claude-x", "0", Route((), ()), usd=0.0123, seconds=3.2, sources=("The Salt War",))
    laid = laid_out(reply.text)
    card = render_answers.answer_card(LOREKEEPER, reply, laid.pages[-1])
    held = render_answers.held_card(LOREKEEPER, "waiting", "Claude is out of reach.", "Around 3020.", "draft", AT)
    files = [*laid.files, Attached(render_answers.WHOLE, b"all of it")]
    return {
        "answer": Shown(answer_view(7, 1, "Claude", len(laid.pages)), card, files),
        "held": Shown(ui.View(timeout=None), held),
    }


def _world() -> dict[str, Shown]:
    system = System(id="system-oculi", name="Oculi", notes="The lantern *burns* here.")
    facts = (("region", "Sillow Deep"), ("position", "12, 40, -3"), ("star", "Yellow"), ("economy", "Mining"))
    below = {Kind.PLANET: ("Saltmere", "Dimwater"), Kind.STATION: ("Lantern Dock",)}
    page = Page(Stored(system, 3, AT, "Ada", "/submit"), system.notes, facts, below, ("the survey of 3020",))
    hits = [
        Hit("lore-1", Kind.LORE, "The Salt War", 1.0, "", "… the last of the *Lantern* ships came back to Oculi …"),
        Hit("lore-2", Kind.LORE, "Who lit the lantern", 0.5, "", "Nobody knows. [a link](http://x.example)"),
    ]
    near = Neighbours(system, (Near("system-a", "Venture", 3.2), Near("system-b", "Thornwick", 14.0)), "units", "")
    lines = [readable(render_world.hit_line(one), one.thing_id) for one in hits]
    steps = zip(render_world.near_lines(near), near.systems, strict=True)
    around = [readable(line, one.id) for line, one in steps]
    return {
        "page": Shown(panel(render_world.page_card(page))),
        "hits": Shown(panel(render_world.hits_card("who lit the lantern", hits), entries=lines)),
        "nearest": Shown(panel(render_world.near_card(near, listed=True), entries=around)),
        "map": Shown(panel(render_world.map_card("Around Oculi"), alt="A map"), files=[_picture()]),
        "digest": Shown(panel(render_world.news_card("The world from 1 to 8 January", [("Added", ["2 systems"])]))),
    }


def _draft() -> Draft:
    planet = Planet(id="new-1", name="Saltmere", parent="system-oculi")
    about = "draft-1a2b", AT, "discord:1", "Ada", False, "bot", "/submit", "I was there", (planet,), {}
    return Draft(*about, "open", None, "", "")


def _different() -> list[Difference]:
    return [Difference(record="planet Saltmere", field=name, before=one, after=other) for name, one, other in DIFFERENT]


def _drafts() -> dict[str, Shown]:
    draft, found = _draft(), _different()
    card = render_drafts.draft_card(draft, found, ["A planet of nearly this name is recorded: Saltmire."])
    others = [draft, replace(draft, id="draft-3c4d", by="Ben", stranger=True)]
    lines: list[ui.Section[Any]] = [
        ui.Section(render_drafts.draft_line(one), accessory=DraftButton("look", one.id)) for one in others
    ]
    controls = [DraftList(others), QueuePage(0, "back", off=True), QueuePage(1, "on")]
    done = replace(draft, state="rejected", decided_by="Cleo", why="It is there already.")
    return {
        "draft": Shown(draft_panel(draft, card)),
        "draft-rejected": Shown(draft_panel(done, render_drafts.decided_draft_card(done))),
        "queue": Shown(panel(render_drafts.queue_card(10, 0, 2), controls, entries=lines)),
    }


DIFFERENT = [("biome", "", "Lush"), ("weather", "Mild", "Stormy"), ("notes", "", "A sea of *salt*.")]


def _house() -> dict[str, Shown]:
    alert = Alert("alert-1a2b3c", "status:disk", "urgent", "Disk: 0.1 GB free", "Free some room.", AT)
    lines = [StatusLine("Disk", "0.1 GB free", "alert"), StatusLine("Load", "high", "note"), StatusLine("Models", "1")]
    line = ui.Section(render_health.alert_line(alert), accessory=AlertButton(alert.id, listed=True))
    caps = InForce(20.0, 2.0, 0.5, {})
    people = Analysis(Line(""), (), (Line("discord:1", 4, 0.2),), (Line("answer", 4, 0.2),), (), (), Line(""))
    days = [(20_440 + day, 0.04 * (day % 5)) for day in range(14)]
    accounts = render_office.Accounts(0.12, 0.9, 3.4, 0.05, caps, 0.5, people, days, None, True, "", False)
    error = Unavailable("Claude is out of reach.", "Try again in a minute.")
    error.id = ERROR
    return {
        "health": Shown(panel(render_health.health_card(lines, [alert]), entries=[line])),
        "alert": Shown(alert_view(alert)),
        "costs": Shown(panel(render_office.costs_card(accounts))),
        "error": Shown(panel(error_card(error))),
    }


def _picture() -> Attached:
    """Stands for a map: two stars and a way."""
    image = Image.new("RGB", (360, 120), "#10131a")
    draw = ImageDraw.Draw(image)
    draw.line([(60, 60), (300, 40)], fill="#8899cc", width=2)
    for x, y in ((60, 60), (300, 40)):
        draw.ellipse([x - 5, y - 5, x + 5, y + 5], fill="#ffd75e")
    data = io.BytesIO()
    image.save(data, "PNG")
    return Attached(render_world.MAP, data.getvalue())
