"""The change journey in Discord: request, thread, progress, card, decision."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import discord

from haven.access import Principal, Role
from haven.changes.proposal import Kind, Proposal
from haven.changes.states import State
from haven.store import changes as table
from haven.store import notes

from .conftest import RED, World, buttons, parts_of, shown_to, text_of, until

HAVEN_OWNER = Principal("unix:0", "Olga", Role.OWNER, "cli")


def fields(message: Any) -> dict[str, str]:
    """Of a card: what stands below or beside each bold word at the beginning of a line."""
    texts = [one["content"] for one in parts_of(message) if "content" in one]
    below = [re.fullmatch(r"\*\*(.+?)\*\*\n(.*)", text, re.DOTALL) for text in texts]
    beside = [re.fullmatch(r"(?:-# )?\*\*(.+?):\*\* (.*)", line) for text in texts for line in text.splitlines()]
    return {found[1]: found[2] for found in (*below, *beside) if found}


async def test_from_request_to_merge(world: World) -> None:
    change = await world.requested("Add a button to export the map as PNG")
    assert (change.requester, change.kind, change.state) == (f"discord:{world.member.id}", "feature", "queued")
    assert "**Queued**" in text_of(world.progress(change))
    assert "export the map" in world.thread(change).name

    await world.advance(change, State.PLANNING)
    await world.advance(change, State.EDITING)
    world.house.bus.live("change.progress", change.id, stage="editing", text="round 1: receiving edits, 812 characters")
    await world.deliver()
    said = text_of(world.progress(change))
    assert "receiving edits, 812 characters" in said and "✓\xa0read  ○\xa0written" in said

    change = await world.reviewed(change)
    card = world.card(change)
    said = text_of(card).splitlines()
    assert said[1:4] == ["✋ **Ready for review**", "", "Adds an export."]
    assert said[5] == "🟢 **Tests: good** · The tests are in order: 5 passed, 1 of them new."
    assert said[6].startswith("🟢 **Risk: good**") and said[7].startswith("**Decide** · Approve merges it into main;")
    shown = fields(card)
    assert shown["Tests"] == "• new: `test_export`"
    assert "viewer.py" in shown["Files (1)"]
    assert "Cost" in shown
    assert "Cartographer: rules: maps" in shown["Assistant"]
    assert b"+# 1" in await card.attachments[0].read()
    assert card.attachments[0].filename.endswith(".diff")
    assert buttons(card) == {"Approve": True, "Tweak": True, "Reject": True}

    pressed = await world.reviewer.click(card, label="Approve")
    assert pressed.acknowledged and not pressed.followups
    change = await world.house.changes.get(change.id)
    assert (change.state, change.decided_by) == ("merging", f"discord:{world.reviewer.id}")
    card = world.card(change)
    assert buttons(card) == {"Approve": False, "Tweak": False, "Reject": False}
    assert f"Decided by <@{world.reviewer.id}>." in text_of(card)

    change = await world.advance(change, State.MERGED, merged="c" * 40)
    assert "**Merged** as `cccccccccccc` into main" in text_of(world.card(change))
    assert buttons(world.card(change)) == {"Undo": True}
    last = world.thread(change).history()[-1]
    assert last.content == f"<@{world.member.id}> Change `{change.id}`: merged."
    sent = [one.json for one in world.env.http_requests if isinstance(one.json, dict)]
    pings = [one["allowed_mentions"] for one in sent if one.get("allowed_mentions", {"parse": []}) != {"parse": []}]
    assert pings == [{"parse": [], "users": [world.member.id]}]


async def test_a_tweak_makes_a_second_round_with_its_own_card(world: World) -> None:
    change = await world.reviewed(await world.requested())
    first = world.card(change)
    shown = await world.reviewer.click(first, label="Tweak")
    await world.reviewer.submit_modal(shown, {"words": "Use SVG instead"})
    change = await world.house.changes.get(change.id)
    assert (change.state, change.round) == ("editing", 2)
    closed = next(one for one in world.thread(change).history() if one.id == first.id)
    assert not buttons(closed) and "Closed: round 2 goes on." in text_of(closed)

    await world.advance(change, State.TESTING)
    change = await world.reviewed(change, summary="Exports SVG.")
    second = world.card(change)
    assert second.id != first.id
    assert "\nExports SVG.\n" in text_of(second)
    await world.reviewer.click(second, label="Approve")
    assert (await world.house.changes.get(change.id)).state == "merging"


async def test_a_rejected_change_tells_who_and_the_card_is_closed(world: World) -> None:
    change = await world.reviewed(await world.requested())
    asked = await world.reviewer.click(world.card(change), label="Reject")
    assert (await world.house.changes.get(change.id)).state == "review"
    await world.reviewer.submit_modal(asked, {"words": "It is too large."})
    card = world.card(change)
    assert f"**Rejected**\nDecided by <@{world.reviewer.id}>." in text_of(card)
    assert fields(card)["Why"] == "It is too large."
    assert not any(buttons(card).values())


async def test_buttons_outlive_a_restart(world: World) -> None:
    change = await world.reviewed(await world.requested())
    await world.env.restart_bot(world.build())
    await world.reviewer.click(world.card(change), label="Approve")
    assert (await world.house.changes.get(change.id)).state == "merging"


async def test_words_typed_while_the_bot_restarts_are_not_lost(world: World) -> None:
    change = await world.reviewed(await world.requested())
    shown = await world.reviewer.click(world.card(change), label="Tweak")
    await world.env.restart_bot(world.build())
    await world.reviewer.submit_modal(shown, {"words": "Use SVG instead"})
    change = await world.house.changes.get(change.id)
    assert (change.state, change.round) == ("editing", 2)


async def test_what_happened_while_the_bot_was_away_is_caught_up_on(world: World) -> None:
    change = await world.reviewed(await world.requested())
    away = await world.requested("Fix the zoom of the map viewer")
    await world.house.changes.approve(
        change.id, HAVEN_OWNER, round=1, commit=(await world.house.changes.review(change.id)).commit
    )
    await world.house.changes.cancel(away.id, HAVEN_OWNER)
    await world.env.restart_bot(world.build())
    assert "**Approved, merging**" in text_of(world.card(change))
    assert "**Cancelled**" in text_of(world.progress(away))


async def test_nothing_is_sent_twice(world: World) -> None:
    change = await world.reviewed(await world.requested())
    before = len(world.env.http_requests)
    await world.env.restart_bot(world.build())
    await world.bot.cards.refresh(change.id)
    sent = [one for one in world.env.http_requests[before:] if one.method in {"POST", "PATCH", "PUT"}]
    assert not sent


async def test_a_card_sent_by_a_process_that_died_is_found_again(world: World) -> None:
    """The nonce is that of the row, so Discord answers a repeated sending with the message it has."""
    change = await world.reviewed(await world.requested())
    saved = await notes.card(world.house.database, "discord", change.id)
    await notes.set_card(world.house.database, "discord", change.id, saved | {"review": 0, "shown": ""})
    await world.bot.cards.refresh(change.id)
    nonces = [
        one.json["nonce"] for one in world.env.http_requests if isinstance(one.json, dict) and "nonce" in one.json
    ]
    assert nonces[-1] == nonces[-2] and len(nonces[-1]) <= 25


async def test_a_stale_card_is_refused(world: World) -> None:
    change = await world.reviewed(await world.requested())
    card = world.card(change)
    await world.house.changes.tweak(change.id, HAVEN_OWNER, "Use SVG", round=1)  # on another face, the bus not yet read
    for label in ("Approve", "Reject", "Tweak"):
        refused = await world.reviewer.click(card, label=label)
        answer = shown_to(refused)
        assert answer.ephemeral and "round 2" in text_of(answer)
    assert (await world.house.changes.get(change.id)).state == "editing"


async def test_a_card_of_another_commit_is_refused(world: World) -> None:
    change = await world.reviewed(await world.requested())
    card = world.card(change)
    await world.house.database.write(lambda tx: table.update_round(tx, change.id, 1, commit_id="f" * 40))
    refused = await world.reviewer.click(card, label="Approve")
    assert refused.followups[0].ephemeral
    assert (await world.house.changes.get(change.id)).state == "review"


async def test_two_reviewers_at_once(world: World) -> None:
    change = await world.reviewed(await world.requested())
    card = world.card(change)
    await world.house.changes.reject(change.id, HAVEN_OWNER, round=1)
    late = await world.reviewer.click(card, label="Approve")
    assert late.followups[0].ephemeral and "rejected" in text_of(late.followups[0])


async def test_only_reviewers_decide(world: World) -> None:
    change = await world.reviewed(await world.requested(who=world.owner))
    for person in (world.member, world.stranger):
        for label in ("Approve", "Tweak", "Reject"):
            refused = await person.click(world.card(change), label=label)
            assert refused.response.ephemeral and refused.modal is None
            assert "needs the role" in text_of(refused.response)
    assert (await world.house.changes.get(change.id)).state == "review"


async def test_whoever_asked_for_a_change_may_say_it_in_other_words_but_not_decide(world: World) -> None:
    change = await world.reviewed(await world.requested())
    for label in ("Approve", "Reject"):
        refused = await world.member.click(world.card(change), label=label)
        assert "needs the role reviewer" in text_of(refused.response)
    shown = await world.member.click(world.card(change), label="Tweak")
    await world.member.submit_modal(shown, {"words": "Use SVG instead"})
    change = await world.house.changes.get(change.id)
    assert (change.state, change.round) == ("editing", 2)


async def test_a_risky_change_takes_a_second_tap(world: World) -> None:
    change = await world.reviewed(await world.requested(), path="conftest.py")
    assert "🟡 **Risk: careful** · Look twice: conftest.py: decides how tests run." in text_of(world.card(change))
    asked = await world.reviewer.click(world.card(change), label="Approve…")
    assert asked.ephemeral and (await world.house.changes.get(change.id)).state == "review"
    await world.reviewer.click(shown_to(asked), label="Yes, merge it")
    assert (await world.house.changes.get(change.id)).state == "merging"


async def test_red_tests_take_the_typed_id(world: World) -> None:
    change = await world.reviewed(await world.requested(), tests=RED)
    said = text_of(world.card(change))
    assert "🔴 **Tests: problem** · Its tests are not in order: 1 regressed (passed before, fails now)." in said
    assert f"only after typing the id {change.id}" in said
    assert fields(world.card(change))["Tests"] == "• regressed (passed before, fails now): `test_zoom`"
    shown = await world.reviewer.click(world.card(change), label="Approve…")
    wrong = await world.reviewer.submit_modal(shown, {"words": "yes"})
    assert "is not the id" in text_of(wrong.followups[0])
    shown = await world.reviewer.click(world.card(change), label="Approve…")
    await world.reviewer.submit_modal(shown, {"words": change.id.upper()})
    assert (await world.house.changes.get(change.id)).state == "merging"


async def test_a_waiting_change_says_why_and_can_be_stopped_by_its_requester(world: World) -> None:
    change = await world.requested()
    await world.advance(change, State.PLANNING)
    await world.advance(change, State.WAITING, reason="Claude is out of reach.", retry_at=2e9, resume="planning")
    shown = world.progress(change)
    assert "Claude is out of reach." in fields(shown)["Why"] and "<t:2000000000:R>" in fields(shown)["Why"]
    refused = await world.stranger.click(shown, label="Stop")
    assert refused.response.ephemeral and not (await world.house.changes.get(change.id)).stop
    told = await world.member.click(shown, label="Stop")
    assert "its best round is shown" in text_of(shown_to(told))
    assert (await world.house.changes.get(change.id)).stop == f"discord:{world.member.id}"


async def test_what_rests_or_waits_to_be_merged_is_withdrawn_by_its_requester(world: World) -> None:
    waits = await world.requested("Mend the zoom")
    await world.advance(waits, State.WAITING, reason="The remote is away.", retry_at=2e9, resume="merging")
    change = await world.reviewed(await world.requested())
    for one, shown in ((waits, ["Try now", "Withdraw"]), (change, ["Withdraw"])):
        assert list(buttons(world.progress(one))) == shown
        refused = await world.stranger.click(world.progress(one), label="Withdraw")
        assert "needs the role" in text_of(refused.response)
        asked = await world.member.click(world.progress(one), label="Withdraw")
        told = await world.member.submit_modal(asked, {"words": "yes"})
        assert "so nothing was done" in text_of(shown_to(told))
        assert (await world.house.changes.get(one.id)).state != "cancelled"
        asked = await world.member.click(world.progress(one), label="Withdraw")
        await world.member.submit_modal(asked, {"words": one.id})
        assert (await world.house.changes.get(one.id)).state == "cancelled"
        assert not buttons(world.progress(one))


async def test_a_failed_change_offers_a_tweak(world: World) -> None:
    change = await world.requested()
    await world.advance(change, State.FAILED, reason="The model made no edits. [deadbeef]")
    card = world.card(change)
    assert fields(card)["Why"] == "The model made no edits. [deadbeef]"
    assert buttons(card) == {"Tweak": True}
    shown = await world.reviewer.click(card, label="Tweak")
    await world.reviewer.submit_modal(shown, {"words": "Try the viewer's toolbar"})
    assert (await world.house.changes.get(change.id)).state == "editing"


async def test_a_plan_is_approved_before_any_money_is_spent(world: World) -> None:
    change = await world.requested()
    await world.advance(change, State.PLANNING)
    plan = {"files": [{"path": "viewer.py"}], "worst_usd": 0.25, "rounds": 3}
    await world.advance(change, State.AWAITING_PLAN, plan=plan)
    card = world.card(change)
    assert "0.25 USD" in fields(card)["The plan"] and "viewer.py" in fields(card)["Claude would see"]
    assert list(buttons(card)) == ["Approve", "Change the plan", "Skip the plan", "Reject"]
    await world.reviewer.click(card, label="Approve")
    change = await world.house.changes.get(change.id)
    assert change.state == "editing"
    change = await world.reviewed(change)
    assert world.card(change).id != card.id and world.card(change).attachments


async def test_a_plan_is_asked_for_in_other_words_or_skipped(world: World) -> None:
    plan = {"written": {"steps": ["Move the grid"], "files": ["viewer.py"], "risk": "Old colours"}, "rounds": 3}
    change = await world.advance(await world.requested(), State.AWAITING_PLAN, plan=plan)
    assert "1. Move the grid" in fields(world.card(change))["The plan"].replace("\\", "")
    shown = await world.reviewer.click(world.card(change), label="Change the plan")
    await world.reviewer.submit_modal(shown, {"words": "Leave the colours"})
    change = await world.house.changes.get(change.id)
    assert (change.state, change.plan["wishes"]) == ("planning", ["Leave the colours"])
    change = await world.advance(change, State.AWAITING_PLAN)
    await world.house.database.write(lambda tx: table.update(tx, change.id, plan=plan | {"rounds": 9}))
    for label in ("Approve", "Skip the plan"):
        answer = await world.reviewer.click(world.card(change), label=label)
        assert "another one by now" in text_of(answer.followups[-1]), "the card shows the one before"
    change = await world.advance(await world.house.changes.get(change.id), State.AWAITING_PLAN)
    await world.reviewer.click(world.card(change), label="Skip the plan")
    change = await world.house.changes.get(change.id)
    assert change.state == "editing" and change.plan["skipped"]


async def test_without_the_right_to_make_threads_the_card_stands_in_the_channel(world: World) -> None:
    guild = world.guild
    channel = guild.create_text_channel(
        "small", overwrites={world.env.bot.user: discord.PermissionOverwrite(create_public_threads=False)}
    )
    world.channel = channel
    change = await world.reviewed(await world.requested())
    assert not channel.threads
    card = channel.last_message
    await world.reviewer.click(card, label="Approve")
    assert (await world.house.changes.get(change.id)).state == "merging"


async def test_a_channel_that_is_closed_to_the_bot_loses_no_change(world: World) -> None:
    world.channel = world.guild.create_text_channel(
        "closed", overwrites={world.env.bot.user: discord.PermissionOverwrite(send_messages=False)}
    )
    result = await world.member.slash(world.channel, "feature", text="Add dark mode to the map viewer")
    change = (await world.house.changes.list())[0]
    assert f"Change {change.id} is queued" in text_of(result.response)


async def test_a_deleted_card_is_sent_again(world: World) -> None:
    change = await world.reviewed(await world.requested())
    await world.card(change).delete()
    change = await world.advance(change, State.MERGING)
    change = await world.advance(change, State.REVIEW, reason="main has moved on")
    assert "main has moved on" in fields(world.card(change))["Why"]


async def test_a_thread_that_fell_asleep_is_woken(world: World) -> None:
    change = await world.reviewed(await world.requested())
    thread = world.thread(change).id
    await world.bot.get_channel(thread).edit(archived=True)
    world.env.inject_error("PATCH", f"/channels/{thread}/messages/*", status=400, code=50083)
    await world.reviewer.click(world.card(change), label="Approve")
    assert "**Approved, merging**" in text_of(world.card(change))
    assert not world.bot.get_channel(thread).archived


async def test_a_change_from_another_face_is_shown_in_the_channel_of_the_settings(world: World) -> None:
    await world.env.restart_bot(world.build(channel_id=world.channel.id))
    proposal = Proposal(Kind.FIX, "Mend the zoom", "The zoom of the map is broken", "cartographer", ())
    change = await world.house.changes.submit(proposal, HAVEN_OWNER)
    await world.deliver()
    assert "**Queued**" in text_of(world.progress(change))


async def test_the_same_interaction_twice_is_one_change(world: World) -> None:
    change = await world.requested()
    assert change.key.startswith("discord:")
    again = await world.bot.cards.open(change, world.channel.id)
    assert again.progress == world.progress(change).id and len(world.channel.threads) == 1


async def test_text_of_others_stays_text_and_fits(world: World) -> None:
    token = "ghp_" + "Q7x9" * 9
    hostile = f"Add @everyone [click](https://evil.example) button `x` {token} \u202e" + "very long " * 700
    change = await world.requested(hostile[:7_900])
    change = await world.reviewed(change, summary="**bold** <@1> " * 300)
    for message in (world.progress(change), world.card(change)):
        shown = text_of(message)
        assert len(shown) <= 4_000 and not message.content
        assert "@everyone" not in shown and "\u202e" not in shown and token[:20] not in shown
        assert not re.search(r"(?<!\\)\[click]\(", shown)
    assert "\\*\\*bold" in text_of(world.card(change))


async def test_the_bot_follows_the_bus(world: World) -> None:
    """The loop that the supervisor runs, with the real bus running."""
    change = await world.requested()
    tasks = [asyncio.create_task(world.house.bus.run()), asyncio.create_task(world.bot.follow())]
    await world.house.changes.cancel(change.id, HAVEN_OWNER)
    await until(world.env, lambda: "**Cancelled**" in text_of(world.progress(change)))
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
