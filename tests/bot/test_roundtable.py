"""`/roundtable`: a request step by step, in pages for one, and as a message that grows for everybody in its thread."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from assistants.table.transcript import Move
from haven.changes.states import State
from haven.store import ledger, notes
from haven.store.database import Transaction, now
from haven.store.transcripts import Said

from .conftest import World, buttons, shown_to, text_of, until
from .test_change import HAVEN_OWNER

QUESTION = "What does the map show?"


def slowly(world: World) -> None:
    """The second piece of an answer comes ten minutes after the first."""

    async def wait(number: int) -> None:
        if number == 1:
            await asyncio.sleep(600)

    world.local.before_piece = wait


async def table_of(world: World, who: Any, **options: Any) -> Any:
    return shown_to(await who.slash(world.channel, "roundtable", **options))


def grown(world: World, place: Any) -> Any:
    """The message that everybody sees of it."""
    return next(one for one in place.history() if "Read from the beginning" in buttons(one))


async def test_a_question_is_followed_while_it_is_answered_and_after_a_restart(world: World) -> None:
    slowly(world)
    asked = await world.member.slash(world.channel, "ask", text=QUESTION)
    live = await table_of(world, world.member)
    said = text_of(live)
    assert live.ephemeral and QUESTION in said and "gives the seat to" in said and "it goes on" in said
    followed = shown_to(await world.member.click(live, label="Let everybody follow"))
    message = grown(world, world.channel)
    assert f"/{message.id}" in text_of(followed) and QUESTION in text_of(message)
    again = shown_to(await world.member.click(live, label="Let everybody follow"))
    assert text_of(again) == text_of(followed)  # one message, however often it is asked for
    assert not message.mentions and "this message grows" in text_of(message)
    await world.env.advance_time(601)
    await until(world.env, lambda: "scripted" in text_of(asked.response))
    await world.deliver()
    await until(world.env, lambda: "it is over" in text_of(grown(world, world.channel)))
    await world.env.settle()
    await world.bot.talks.catch_up()  # whoever drew the end is done with it
    done = text_of(grown(world, world.channel))
    assert "all systems of the region" in done and "in this house: scripted" in done and "it is over" in done
    assert await notes.cards(world.house.database, "discord.talk") == {}
    await world.env.restart_bot(world.build())
    whole = shown_to(await world.reviewer.click(grown(world, world.channel), label="Read from the beginning"))
    assert whole.ephemeral and QUESTION in text_of(whole) and "Let everybody follow" not in buttons(whole)


async def test_what_was_followed_when_haven_stopped_is_brought_to_its_end(world: World) -> None:
    change = await world.requested("Export the map as PNG")
    live = await table_of(world, world.owner, request=change.id)
    await world.owner.click(live, label="Let everybody follow")
    message = grown(world, world.thread(change))  # in the thread of the change, wherever the button stood
    assert "proposes a change to" in text_of(message)
    await world.env.restart_bot(world.build())
    await called(world, change.id)
    await world.advance(change, State.PLANNING)
    await until(world.env, lambda: "left the house" in text_of(grown(world, world.thread(change))))
    said = text_of(grown(world, world.thread(change)))
    assert "left the house: 4,200 characters to Anthropic, masked: 2 EMAIL" in said.replace("\\", "")
    assert "0.0123 USD" in said and "1,000 tokens read, 50 written" in said and "the edits" in said
    await world.house.changes.cancel(change.id, HAVEN_OWNER)
    await world.deliver()
    await until(world.env, lambda: "it is over" in text_of(grown(world, world.thread(change))))
    here = shown_to(await world.member.slash(world.thread(change), "roundtable"))
    assert change.id in text_of(here)  # in its thread it needs no name


async def called(world: World, change: str) -> None:
    """A call of the cloud for a change, as the ledger has it."""
    call = ledger.Entry(
        process="p",
        principal=f"discord:{world.member.id}",
        purpose="the edits",
        tier="cloud",
        model="claude",
        recipient="Anthropic",
        sent_sha256="",
        sent_chars=4_200,
        worst_usd=0.5,
        change_id=change,
        redacted={"EMAIL": 2},
    )
    figures = {"state": "settled", "usd": 0.0123, "input_tokens": 1_000, "output_tokens": 50}

    async def work(tx: Transaction) -> None:
        await ledger.settle(tx, await ledger.insert(tx, call, "x", now()), now(), **figures)

    await world.house.database.write(work)


async def test_pages_hold_all_steps_and_a_private_request_stays_its_own(world: World) -> None:
    await world.member.slash(world.channel, "ask", text=QUESTION)
    await world.member.slash(world.channel, "ask", text="My secret question", private=True)
    transcript = world.house.round_table.transcript
    secret, openly = [one.request for one in await transcript.talks(HAVEN_OWNER)]
    step = Said(openly, Move.TELLS, "scribe", "round table", f"discord:{world.member.id}", assistant="scribe")
    for number in range(12):
        transcript.say(replace(step, words=f"Step {number}: @everyone [x](https://evil.example) " + "word " * 100))
    first = await table_of(world, world.member, request=openly)
    count = int(text_of(first).split("page 1 of ")[1].split()[0])
    assert count > 2 and not buttons(first)["◀"] and "](http" not in text_of(first)
    await world.env.restart_bot(world.build())
    seen = text_of(first)
    for _ in range(count - 1):
        await world.member.click(first, label="▶")
        seen += text_of(first)
    assert all(f"Step {number}:" in seen for number in range(12)) and not buttons(first)["▶"]

    mine = await table_of(world, world.member, request=secret)
    assert "My secret question" in text_of(mine) and "written down nowhere" in text_of(mine)
    owners = text_of(await table_of(world, world.owner, request=secret))
    assert "My secret question" not in owners and "private" in owners  # what was said in private is not sent on
    for others in (secret, openly, openly[:2]):  # what others asked may stand in a channel that one doesn't see
        assert "no such request" in text_of(await table_of(world, world.reviewer, request=others))
    assert "no such request" in text_of(await table_of(world, world.member, request=openly[:2]))
    assert "no such request" in text_of(await table_of(world, world.reviewer))  # has asked nothing

    offered = await world.member.autocomplete(world.channel, "roundtable", "request", "map")
    assert [one["value"] for one in offered] == [openly] and QUESTION in offered[0]["name"]
    assert len(await world.owner.autocomplete(world.channel, "roundtable", "request", "")) == 2
    assert not await world.reviewer.autocomplete(world.channel, "roundtable", "request", "")
    assert not await world.stranger.autocomplete(world.channel, "roundtable", "request", "")
    assert "needs the role member" in text_of((await world.stranger.slash(world.channel, "roundtable")).response)


async def test_nobody_but_the_one_who_asked_lets_everybody_follow(world: World) -> None:
    change = await world.requested()
    theirs = await table_of(world, world.reviewer, request=change.id)
    assert change.id in text_of(theirs) and "Let everybody follow" not in buttons(theirs)
    slowly(world)
    asked = await world.member.slash(world.channel, "ask", text=QUESTION)
    live = await table_of(world, world.member)
    await world.env.advance_time(601)
    await until(world.env, lambda: "scripted" in text_of(asked.response))
    late = shown_to(await world.member.click(live, label="Let everybody follow"))
    assert "That request is over" in text_of(late)
    assert not [one for one in world.channel.history() if "Read from the beginning" in buttons(one)]
