"""Every control and form as the bot draws it: it works in a bot that was built anew, and out of date it is refused.

What a control needs lies in its custom id and in the store, so a press means the same whichever process drew it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from . import scenes
from .conftest import World, parts_of, text_of
from .doors import MODALS, PRESSES, press, submit
from .scenes import Prepare, Stage
from .watcher import Watcher

CANCELLED = r"is at round 1, cancelled"
DECIDED = r"was rejected by owner already"


@dataclass(frozen=True)
class Row:
    """A control by the beginning of its id: how it comes to be drawn, what a press says after a restart, and, where it
    can get out of date, how that happens and what it says then."""

    begin: str
    drawn: Prepare
    says: str
    outdated: Prepare | None = None
    late: str = ""
    typed: tuple[tuple[str, str], ...] = ()
    """What goes into a modal."""


ROWS = [
    Row("haven:look", scenes.listed, "Adds an export"),
    Row("haven:approve", scenes.review, "change: merging", scenes.ended, CANCELLED),
    Row("haven:ask", scenes.risky, "Merge it all the same", scenes.ended, CANCELLED),
    Row("haven:sure", scenes.sure, "change: merging", scenes.ended, CANCELLED),
    Row("haven:type", scenes.red, "modal: Merge", scenes.ended, CANCELLED),
    Row("haven:tweak", scenes.review, "modal: Tweak", scenes.next_round, "is at round 2"),
    Row("haven:reject", scenes.review, "modal: Reject", scenes.ended, CANCELLED),
    Row("haven:replan", scenes.planned, "modal: Another plan", scenes.ended, CANCELLED),
    Row("haven:skip", scenes.planned, "change: editing", scenes.ended, CANCELLED),
    Row("haven:stop", scenes.works, "its best round is shown", scenes.ended, CANCELLED),
    Row("haven:retry", scenes.waits, "change: waiting", scenes.ended, CANCELLED),
    Row("haven:withdraw", scenes.review, "modal: Withdraw", scenes.ended, CANCELLED),
    Row("haven:undo", scenes.merged, "Undo it", scenes.taken_back, "is at round 1, reverted"),
    Row("haven:takeback", scenes.takeback, "undoes it", scenes.taken_back, "is at round 1, reverted"),
    Row("haven:rounds", scenes.rounds, "Go back to 1"),
    Row("haven:diff", scenes.rounds, "Round 1"),
    Row("haven:back", scenes.rounds, "Round 1 is shown again", scenes.ended, "is at round 2, cancelled"),
    Row("haven-rounds", scenes.many_rounds, "Compare 1 with 7"),
    Row("haven-changes:mine", scenes.listed, "Mine · page 1"),
    Row("haven-changes:open", scenes.listed, "Open · page 1"),
    Row("haven-changes:all", scenes.listed, "All · page 1"),
    Row("haven-talk:page", scenes.talk, "gives the seat"),
    Row("haven-talk:read", scenes.followed, "gives the seat"),
    Row("haven-talk:follow", scenes.talk, "It grows in", scenes.ended, "That request is over"),
    Row("answer:wait", scenes.question_waits, "It waits for the cloud", scenes.cancelled, "is cancelled|decided"),
    Row("answer:local", scenes.question_waits, "all systems", scenes.cancelled, "is cancelled|decided"),
    Row("answer:cancel", scenes.question_waits, "Cancelled", scenes.cancelled, "is cancelled|decided"),
    Row("answer:up", scenes.answered, "this answer helped"),
    Row("answer:down", scenes.answered, "this answer did not help"),
    Row("answer:cloud", scenes.answered, "all systems", scenes.asked_the_cloud, "The cloud was asked already"),
    Row("answer-page:1:on", scenes.long_answer, "System 1", scenes.without_file, "is not there any more"),
    Row("answer-page:0:back", scenes.long_answer, "System 1", scenes.without_file, "is not there any more"),
    Row("alert:care", scenes.trouble, "owner looks after it", scenes.cared_for, "owner looks after .* already"),
    Row("draft:look", scenes.proposed, "Draft: system Far", scenes.all_decided, "Rejected"),
    Row("draft:approve", scenes.proposed, "is recorded now", scenes.all_decided, DECIDED),
    Row("draft:reject", scenes.proposed, "modal: Reject a draft", scenes.all_decided, DECIDED),
    Row("drafts:approve", scenes.several, "Draft: system Far", scenes.all_decided, "Rejected"),
    Row("drafts:page", scenes.several, "page 2 of 2", scenes.all_decided, "Nothing waits"),
    Row("drafts:these", scenes.together, "is recorded now", scenes.all_decided, DECIDED),
    Row("world:read", scenes.recorded, "It burns", scenes.removed, "no record|removed"),
    Row("watch:end", scenes.watching, "Each tells you once", scenes.no_watch, "There is no watch"),
    Row("watch:page", scenes.watching, "Your watches", scenes.no_watch, "You watch for nothing yet"),
    Row("price:yes", scenes.priced, "is queued", scenes.forgotten, "does not wait for an answer any more"),
    Row("price:no", scenes.priced, "nothing was spent", scenes.forgotten, "does not wait for an answer any more"),
    Row("privacy:export", scenes.own, "What Haven keeps of you"),
    Row("privacy:delete", scenes.own, "modal: Delete what Haven keeps"),
    Row("owner:restart", scenes.restarting, "Haven was started again since then"),
]

THE_ID = (("words", "{change}"),)
WORDS, FAR = (("words", "In blue"),), (("name", "Far"), ("fields", "position: 12, 40, -3"))
TAKEN = (("question", "Why?"), ("text", "The map is blue."), ("name", "The map"))
tweaking, replanning = scenes.form(scenes.review, "haven:tweak"), scenes.form(scenes.planned, "haven:replan")
rejecting, typing = scenes.form(scenes.review, "haven:reject"), scenes.form(scenes.red, "haven:type")
withdrawing = scenes.form(scenes.review, "haven:withdraw")
refusing = scenes.form(scenes.proposed, "draft:reject")
FORMS = [
    Row("modal haven:tweak", tweaking, "change: editing", scenes.ended, CANCELLED, typed=WORDS),
    Row("modal haven:replan", replanning, "change: planning", scenes.ended, CANCELLED, typed=WORDS),
    Row("modal haven:reject", rejecting, "change: rejected", scenes.ended, CANCELLED, typed=WORDS),
    Row("modal haven:type", typing, "change: merging", scenes.ended, CANCELLED, typed=THE_ID),
    Row("modal haven:withdraw", withdrawing, "change: cancelled", scenes.ended, CANCELLED, typed=THE_ID),
    Row("modal draft:reject", refusing, "is rejected", scenes.all_decided, DECIDED, typed=WORDS),
    Row("modal submit:text", scenes.submitting(), "Draft", typed=(("text", "System Farlight at 12, 40, -3"),)),
    Row("modal submit:system", scenes.submitting(kind="system"), "Draft: system Far", typed=FAR),
    Row(
        "modal submit:lore",
        scenes.submitting(kind="lore"),
        "Draft: lore",
        typed=(("name", "A"), ("fields", "It burns.")),
    ),
    Row("modal submit:region", scenes.submitting(kind="region"), "Draft: region Far", typed=FAR[:1]),
    Row("modal taken:ask", scenes.taking("Ask about this"), "asks about", typed=TAKEN),
    Row("modal taken:change", scenes.taking("Make this a change"), "is queued", typed=TAKEN),
    Row("modal taken:lore", scenes.taking("Add to lore"), "Draft: lore", typed=TAKEN),
    Row("modal privacy:sure", scenes.form(scenes.own, "privacy:delete"), "It is deleted", typed=(("word", "delete"),)),
]


async def read(stage: Stage, row: Row, id: str) -> str:
    """All that a press, or a form that is handed in, makes somebody see; and where the change is by then."""
    world, who = stage.world, stage.world.owner
    typed = {name: said.replace("{change}", stage.change.id if stage.change else "") for name, said in row.typed}
    if id.startswith("modal "):
        result = await submit(who, world.channel, id.removeprefix("modal "), typed)
    else:
        result = await press(world, who, world.channel, id, stage.chosen, stage.message)
    seen = [one for one in (result.response, *result.followups) if one is not None]
    said = [*map(text_of, seen), *(str(part.get("label", "")) for one in seen for part in parts_of(one))]
    if result.modal:
        said.append(f"modal: {result.modal['title']}")
    if stage.message:
        said.append(text_of(next(one for one in world.channel.history() if one.id == stage.message)))
    if stage.change is not None:
        said.append(f"change: {(await world.house.changes.get(stage.change.id)).state}")
    return "\n".join(said)


@pytest.mark.parametrize("group", sorted({row.begin.split(":")[0] for row in (*ROWS, *FORMS)}))
async def test_a_control_works_after_a_restart_and_is_refused_out_of_date(
    world: World, watcher: Watcher, group: str
) -> None:
    wrong = []
    for row in (*ROWS, *FORMS):
        if row.begin.split(":")[0] != group:
            continue
        stage = Stage(world, watcher)
        await row.drawn(stage)
        id = stage.newest(row.begin)
        await world.env.restart_bot(world.build())
        said = await read(stage, row, id)
        if not re.search(row.says, said) or ("That did not work" in said and row.begin != "owner:restart"):
            wrong.append(f"{row.begin}: says {said!r:.600}")
        if row.outdated is None:
            continue
        stage = Stage(world, watcher)
        await row.drawn(stage)
        id = stage.newest(row.begin)
        await row.outdated(stage)
        await world.env.restart_bot(world.build())
        said = await read(stage, row, id)
        if not re.search(row.late, said):
            wrong.append(f"{row.begin}, out of date: says {said!r:.600}")
    assert not wrong, "\n".join(wrong)


def test_every_control_and_every_sort_of_form_has_its_row() -> None:
    """But for the number of a page, which nobody can press."""
    begins = [re.sub(r":\d+", "", row.begin) for row in ROWS]
    wanted = {re.sub(r":(\d+|\{\w+\})", "", one) for one in PRESSES} - {"answer-page:here"}
    assert not [one for one in wanted if not any(one.startswith(each) for each in begins)]
    forms = {one for one in MODALS if not one.startswith("submit:")}
    assert not [one for one in forms if not any(f"modal {one}".startswith(each.begin) for each in FORMS)]
