"""The other cards of `cards`, and the forms, of made-up data that never changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
from discord import ui

from assistants.cartographer import CARTOGRAPHER
from assistants.sentinel import StatusLine
from assistants.table.transcript import Move
from bot import render_drafts, render_health, render_office, render_world
from bot.commands.drafts import SubmitForm
from bot.commands.taking import AskForm, ChangeForm, LoreForm, Origin
from bot.commands.watch import EndWatch, WatchesPage
from bot.panel import panel
from bot.render import WORKING
from bot.render_changes import change_line, closed_card, done_card
from bot.render_rounds import pair_card
from bot.render_talk import pages, talk_card
from bot.views import listing, price
from bot.views.drafts import TheseButton
from bot.views.review import progress_panel, review_panel
from bot.views.rounds import rounds_panel
from bot.views.talk import TalkButton, growing_panel
from bot.views.words import Form, WordsModal
from haven.ai.models.catalogue import Model
from haven.ai.models.registry import Shelf
from haven.ai.money.caps import InForce
from haven.changes.review import RoundPair
from haven.changes.states import State
from haven.errors import Conflict
from haven.store.changes import Change
from haven.store.events import Event
from haven.store.transcripts import Said
from haven.world.asking.answer import Answer, row
from haven.world.differences import Difference
from haven.world.drafts import Decided, Draft
from haven.world.schema import Kind, System
from tests.changes.test_review import REVIEW

AT = 1_767_225_600.0
PLAN = {
    "written": {
        "steps": ["Find where the map is drawn.", "Add a button that saves it as a PNG."],
        "files": ["atlas/viewer.py"],
        "risk": "small",
    },
    "files": [{"path": "atlas/viewer.py"}, {"path": "atlas/toolbar.py"}],
    "tokens": 5_200,
    "rounds": 3,
    "worst_usd": 0.12,
    "most_usd": 0.5,
}


def other_changes(change: Change) -> dict[str, Any]:
    """Views of what a change comes to."""
    waiting = replace(change, state=State.AWAITING_PLAN.value, plan=PLAN)
    pair = RoundPair(
        *("a1b2c3", *REVIEW.rounds, "", REVIEW.files, (("tests/test_b.py::test_zoom", "regressed", "passing"),))
    )
    three = [change, replace(change, id="d4e5f6", state="merged", title="Mend the zoom"), replace(waiting, id="a7b8c9")]
    lines: list[ui.Section[Any]] = [
        ui.Section(change_line(one, "https://discord.com/channels/1/2"), accessory=listing._look(one)) for one in three
    ]
    quote = price.Quote(
        *("discord:1", "Add a button to export the map", "feature", "", "", "", None),
        *(0.012, 0.34, "claude-x", 5_200, AT),
    )
    return {
        "progress-waits": progress_panel(
            replace(
                change,
                state=State.WAITING.value,
                reason="Claude is out of reach.",
                retry_at=AT + 9_000,
                resume="planning",
            )
        ),
        "rounds-buttons": rounds_panel(REVIEW),
        "compared": panel(pair_card(pair)),
        "closed": panel(closed_card(change, 1)),
        "done": panel(done_card("Change `a1b2c3`: merged.")),
        "list": panel(listing._head("open", 0, empty=False), listing._controls("open", 0, True), entries=lines),
        "price": price._panel(quote, "0123456789abcdef"),
    }


async def with_a_plan(change: Change) -> ui.LayoutView:
    return (await review_panel(replace(change, state=State.AWAITING_PLAN.value, plan=PLAN), None))[0]


def other_records(draft: Draft, found: list[Difference]) -> dict[str, Any]:
    oculi, rim = System(id="system-oculi", name="Oculi"), System(id="system-rim", name="Rim")
    way = Answer(
        *("1 jump from Oculi to Rim, over recorded links: Oculi → Rim (+20 units).", (row(oculi), row(rim))),
        "route Oculi and Rim",
    )
    several = [draft, replace(draft, id="draft-3c4d", by="Ben", stranger=True)]
    refused = Decided("draft-5e6f", Conflict("draft-5e6f was rejected by Cleo already.", "See what waits: /approve"))
    done = replace(draft, state="approved", decided_by="Cleo")
    watches: list[ui.Section[Any]] = [
        ui.Section("**new systems within 20 of Oculi**\ntold of Farlight", accessory=EndWatch("watch-1", 0)),
        ui.Section("**the word salt**\nnothing came yet", accessory=EndWatch("watch-2", 0)),
    ]
    head = discord.Embed(title="Your watches", description="Each tells you once of what is new.", colour=WORKING)
    return {
        "route": panel(render_world.answer_card("Route", way, pictured=False)),
        "together": panel(
            render_drafts.drafts_card([(one, found) for one in several]), [TheseButton("0a1b2c3d", ["draft-1a2b"])]
        ),
        "approved": panel(render_drafts.decided_draft_card(done)),
        "decided": panel(render_drafts.decided_card([Decided("draft-1a2b"), refused], "is recorded now")),
        "asked": panel(render_drafts.questions_card(["What is the name of the planet?"])),
        "queue-empty": panel(render_drafts.queue_card(0, 0, 1)),
        "watches": panel(head, [WatchesPage(1, "▶")], entries=watches),
        "told": panel(
            discord.Embed(description="New for your watch “new systems”: Farlight (system).", colour=WORKING)
        ),
    }


def other_house() -> dict[str, Any]:
    lines = [StatusLine("Discord", "ready"), StatusLine("Load", "high", "note"), StatusLine("Disk", "full", "alert")]
    caps = InForce(20.0, 2.0, 0.5, {"discord:1": 0.1})
    nothing: Any = None
    models = [
        Model(
            *(name, name.title(), nothing, "Apache-2.0", 4_096, nothing, "answers", size, size),
            speed=speed,
            speed_source="measured",
        )
        for name, size, speed in (("small-1", 300, "30 tokens a second"), ("large-3", 2_400, ""))
    ]
    shelves = [Shelf(one, number == 0, Path("model.gguf")) for number, one in enumerate(models)]
    others = [("cloud", "claude-x", ""), ("lan", "llama", "It does not answer.")]
    cleared = Event("alert.cleared", "alert-1", {"text": "Disk: 0.1 GB free"}, at=AT)
    cared = Event("alert.acknowledged", "alert-1", {"text": "Disk: 0.1 GB free", "by": "Cleo"}, at=AT)
    steps = _steps()

    def seat(name: str) -> Any:
        return CARTOGRAPHER if name == CARTOGRAPHER.name else None

    page = talk_card(steps, pages(steps, seat)[0], "page 1 of 1 · it is over")
    turn = [
        TalkButton("page", "1a2b3c", 0, "◀", "back", off=True),
        TalkButton("page", "1a2b3c", 1, "▶", "on", off=True),
    ]
    kept = {"questions and answers": 12, "changes": 3}
    return {
        "status": panel(render_health.status_card(lines)),
        "cared": panel(render_health.news_card(cared)),
        "cleared": panel(render_health.news_card(cleared)),
        "caps": panel(render_office.caps_card(caps)),
        "models": panel(render_office.models_card(shelves, others, "")),
        "privacy": panel(render_office.kept_card(kept, ["Changes stay, without your name."])),
        "talk": panel(page, turn),
        "talk-grows": growing_panel(steps, seat, over=False),
    }


def _steps() -> list[Said]:
    asked = Said("1a2b3c", Move.ASKS, "Ada", "round table", "discord:1", CARTOGRAPHER.name, at=AT)
    seat, own = replace(asked, move=Move.SEATS, who="round table"), CARTOGRAPHER.name
    return [
        replace(asked, words="What lies around Oculi?"),
        replace(seat, whom=own, why="rules: a question about places"),
        replace(
            asked, move=Move.ANSWERS, who=own, whom="Ada", words="Rim, 20 units away.", tier="local", model="small-1"
        ),
    ]


def every_form() -> Mapping[str, Form]:
    """One of each shape: others differ by their words alone, and each picture costs seconds. Within an event loop."""
    said: Any = SimpleNamespace(
        author=SimpleNamespace(display_name="Ann", id=7), channel=SimpleNamespace(id=1), id=2, content="It burns."
    )
    withdraw = Form("haven:withdraw:a1b2c3:2:", "Withdraw a1b2c3 for good")
    about = "It is put away for good; what was spent on it stays spent."
    withdraw.ask("words", "Type a1b2c3 to withdraw it", 20, about=about)
    return {
        "tweak": WordsModal("tweak", "Tweak change a1b2c3", "What should be different?", long=True, place=True),
        "withdraw": withdraw,
        "submit": SubmitForm(None),
        "submit-discovery": SubmitForm(Kind.DISCOVERY),
        "ask": AskForm(Origin(1, 2), "The lamp burns."),
        "change": ChangeForm("Make the map blue."),
        "lore": LoreForm(said, "It burns."),
    }
