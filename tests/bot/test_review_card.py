"""The review card in Discord: rounds beside each other, a tweak on a line, two people, undo, and what fits."""

from __future__ import annotations

import dataclasses
import secrets

from bot.render_changes import progress_card, review_card
from bot.render_rounds import diff_of, pair_diff
from haven.changes.decisions import Changes
from haven.changes.proposal import Kind, Proposal
from haven.changes.review import PastRound, RoundPair
from haven.changes.states import State
from haven.store import changes as table
from haven.store.changes import Change
from tests.changes.test_review import REVIEW

from .conftest import RED, World, buttons, shown_to, text_of
from .test_change import HAVEN_OWNER, fields

SORTS = ("regressed", "new_failing", "removed", "weakened", "flaky", "skipped", "xfailed", "new", "fixed")


async def two_rounds(world: World) -> Change:
    """A change whose second round, after a tweak, is shown."""
    return await tweaked(world, await world.reviewed(await world.requested()))


async def tweaked(world: World, change: Change) -> Change:
    await world.house.changes.tweak(change.id, HAVEN_OWNER, "Use SVG instead", round=change.round)
    await world.deliver()
    await world.advance(change, State.TESTING)
    return await world.reviewed(await world.house.changes.get(change.id))


async def test_rounds_are_compared_and_gone_back_to(world: World) -> None:
    change = await two_rounds(world)
    first = (await world.house.changes.review(change.id)).rounds[0]
    assert "Rounds (2)" in fields(world.card(change)) and "this round by unix:" in text_of(world.card(change))
    asked = await world.member.click(world.card(change), label="Rounds")
    listed = shown_to(asked)
    assert listed.ephemeral and fields(listed)["Round 2, tweak · shown"].startswith("Use SVG instead")
    compared = await world.member.click(listed, label="Compare 1 with 2")
    pair = shown_to(compared)
    assert b"-# 1\n" in await pair.attachments[0].read() and "viewer.py" in fields(pair)["Files differ"]
    refused = await world.member.click(listed, label="Go back to 1")
    assert "needs the role reviewer" in text_of(refused.response)
    asked = await world.reviewer.click(world.card(change), label="Rounds")
    await world.reviewer.click(shown_to(asked), label="Go back to 1")
    await world.deliver()
    change = await world.house.changes.get(change.id)
    card = world.card(change)
    assert change.round == 1 and first.commit[:12] in text_of(card)
    await world.reviewer.click(card, label="Approve")
    assert (await world.house.changes.get(change.id)).state == "merging"


async def test_a_round_that_has_no_room_for_buttons_is_chosen_from_a_list(world: World) -> None:
    change = await two_rounds(world)
    first = (await world.house.changes.review(change.id)).rounds[0]
    for _ in range(5):
        change = await tweaked(world, change)
    asked = await world.reviewer.click(world.card(change), label="Rounds")
    listed = shown_to(asked)
    assert list(buttons(listed))[1:8:2] == [f"Go back to {number}" for number in (3, 4, 5, 6)]
    await world.env.restart_bot(world.build())
    chosen = await world.reviewer.select(listed, ["1"])
    card = shown_to(chosen)
    assert list(buttons(card)) == ["Compare 1 with 7", "Go back to 1"] and "Round 1, request" in fields(card)
    await world.reviewer.click(card, label="Go back to 1")
    change = await world.house.changes.get(change.id)
    assert (change.round, (await world.house.changes.review(change.id)).commit) == (1, first.commit)


def test_no_secret_goes_to_discord_with_a_diff() -> None:
    token = f"ghp_{secrets.token_hex(18)}"
    diff = f"-token = 1\n+token = '{token}'\n"
    past = PastRound(1, "request", "")
    for attached in (
        diff_of(dataclasses.replace(REVIEW, diff=diff)),
        pair_diff(RoundPair("abc123", past, past, diff, (), ())),
    ):
        shown = attached.data.decode()
        assert token not in shown and shown.startswith("-token = 1\n+token = '<"), shown


def test_the_name_of_whoever_asked_is_no_markdown_in_the_small_print() -> None:
    named = {"requester_name": "[Ann](https://evil.example) **B** <@&145607444398080000>", "requester": "discord:1"}
    asked = {"kind": "fix", "title": "T", "request": "R", "assistant": "scribe", "face": "bot", "target": "main"}
    change = Change(id="abc123", key="k", reasons=[], state=State.QUEUED, **asked, **named)
    for card in (progress_card(change), review_card(change, REVIEW)):
        said = card.footer.text or ""
        assert r"\*\*B\*\*" in said and "[Ann](https" not in said and "<@&145607444398080000>" not in said


async def test_a_tweak_on_a_line_takes_its_text_along(world: World) -> None:
    change = await world.reviewed(await world.requested())
    shown = await world.reviewer.click(world.card(change), label="Tweak")
    refused = await world.reviewer.submit_modal(shown, {"words": "Larger", "at": "viewer.py:99"})
    assert "99 is none of them" in text_of(refused.followups[0])
    shown = await world.reviewer.click(world.card(change), label="Tweak")
    await world.reviewer.submit_modal(shown, {"words": "Larger", "at": "viewer.py:2"})
    said = (await table.rounds(world.house.database, change.id))[1].instruction
    assert said == "In viewer.py, line 2, which reads `# 1`:\nLarger"


async def test_the_first_of_two_people_is_told_that_another_must(world: World) -> None:
    wanted = world.house.settings.changes.model_copy(update={"two_people_for_risk": True})
    two = world.house.settings.model_copy(update={"changes": wanted})
    repository = world.house.changes._repository
    world.house = dataclasses.replace(
        world.house, changes=Changes(world.house.database, two, repository, lambda id: None)
    )
    await world.env.restart_bot(world.build())
    change = await world.reviewed(await world.requested(), path="conftest.py")
    asked = await world.reviewer.click(world.card(change), label="Approve…")
    told = await world.reviewer.click(shown_to(asked), label="Yes, merge it")
    assert "1 more approval by another person" in text_of(told.followups[-1])
    assert (await world.house.changes.get(change.id)).state == "review"
    assert "reviewer approved this commit" in text_of(world.card(change))
    asked = await world.owner.click(world.card(change), label="Approve…")
    await world.owner.click(shown_to(asked), label="Yes, merge it")
    assert (await world.house.changes.get(change.id)).state == "merging"


async def test_a_merged_change_is_undone_after_a_second_tap(world: World) -> None:
    change = await world.reviewed(await world.requested())
    await world.reviewer.click(world.card(change), label="Approve")
    change = await world.advance(change, State.MERGED, merged="c" * 40)
    refused = await world.member.click(world.card(change), label="Undo")
    assert "needs the role reviewer" in text_of(refused.response)
    asked = await world.reviewer.click(world.card(change), label="Undo")
    assert asked.response.ephemeral and not [one for one in await world.house.changes.list() if one.undoes]
    await world.reviewer.click(asked.response, label="Yes, undo it")
    (undo,) = [one for one in await world.house.changes.list() if one.undoes]
    assert (undo.undoes, undo.requester) == (change.id, f"discord:{world.reviewer.id}")
    assert "**Queued**" in text_of(world.progress(undo))
    change = await world.advance(change, State.REVERTED, reason=f"Undone by change {undo.id}.")
    assert "**Merged, and undone since** as `ccc" in text_of(world.card(change))
    assert not any(buttons(world.card(change)).values())


async def test_a_change_that_was_in_review_before_the_bot_came_has_its_card(world: World) -> None:
    proposal = Proposal(Kind.FEATURE, "Add a zoom", "Add a zoom to the map", "cartographer", ())
    change = await world.reviewed(await world.house.changes.submit(proposal, HAVEN_OWNER))
    await world.env.restart_bot(world.build(channel_id=world.channel.id))
    await world.deliver()
    assert buttons(world.card(change)) == {"Approve": True, "Tweak": True, "Reject": True}


async def test_a_card_with_too_much_to_say_fits_and_says_so(world: World) -> None:
    names = {f"tests/test_{'long' * 9}.py::test_{number}_{'name' * 20}": kind for number, kind in enumerate(SORTS * 9)}
    crowded = RED | {"classes": names, "one_line": "1 regressed, " * 60, "notes": dict.fromkeys(names, "is gone " * 30)}
    change = await world.requested("A very long wish. " * 300)
    change = await world.reviewed(change, tests=crowded, summary="It adds a button. " * 300, path="conftest.py")
    reason = "It is the best of its rounds. " * 100
    await world.house.database.write(lambda tx: table.update(tx, change.id, reason=reason, reasons=["because"] * 400))
    await world.bot.cards.refresh(change.id)
    card = world.card(change)
    assert len(text_of(card)) <= 4_000 and "Approve…" in buttons(card)
    assert text_of(card).count("🔴") == 1
