"""What a person decides about a change: the buttons of its cards, and the modals they open.

All their state lies in the custom id and the store: a modal that was open while the bot restarted is not lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

from bot import entry, render
from bot.views.buttons import PRESSED, Press, view_of
from bot.views.rounds import others
from bot.views.words import WordsModal, inputs
from haven.access import Act, Principal
from haven.changes.review import Review
from haven.changes.rounds.plan import fingerprint
from haven.changes.states import STOPPABLE, State, sources
from haven.errors import BadInput, Conflict
from haven.store import changes as table
from haven.store.changes import Change

APPROVE_BY = {"tap": "approve", "two taps": "ask", "type the id": "type"}
TWEAKABLE = (State.REVIEW, State.FAILED)


def decision_view(change: Change, review: Review | None) -> discord.ui.View:
    """The buttons of a review card: those that fit the state, or the same ones disabled after the decision."""
    commit = review.commit if review is not None else ""
    approve, seen = APPROVE_BY[review.confirm] if review is not None and commit else "approve", commit
    acts: tuple[str, ...]
    match change.state:
        case State.REVIEW:
            acts = (approve, "tweak", "reject") if commit else ("tweak", "reject")
            acts += ("rounds",) * bool(review and others(review))
        case State.AWAITING_PLAN:
            acts, seen = ("approve", "replan", "skip", "reject"), fingerprint(change.plan)
        case State.FAILED:
            acts = ("tweak",)
        case State.MERGED:
            acts = ("undo",)
        case _:
            return view_of(
                (Press(act, change.id, change.round, commit) for act in ("approve", "tweak", "reject")), True
            )
    return view_of(Press(act, change.id, change.round, seen) for act in acts)


def progress_view(change: Change) -> discord.ui.View:
    """End the work that goes on, or put away what rests; a shorter wait where it waits; empty after the end."""
    merges = change.state == State.WAITING and change.resume == State.MERGING  # that is no work to end
    acts: tuple[str, ...] = ()
    if change.state in STOPPABLE and not merges:
        acts = ("stop",)
    elif change.state in sources(State.CANCELLED):
        acts = ("withdraw",)
    if change.state == State.WAITING:
        acts = ("retry", *acts)
    return view_of(Press(act, change.id, change.round) for act in acts)


async def submitted(interaction: discord.Interaction) -> None:
    """Take in a modal by its custom id, also one that was opened before the bot restarted."""
    data: Any = interaction.data
    press = Press.read(data["custom_id"])
    if press is None or press.act not in SUBMITTED:
        return
    typed = inputs(data["components"])

    async def work(person: Principal) -> None:
        await interaction.response.defer()
        await SUBMITTED[press.act](interaction, press, person, typed)
        await entry.bot_of(interaction).cards.refresh(press.id)

    await entry.enter(interaction, Act.DECIDE, work)


async def _approve(interaction: discord.Interaction, press: Press, person: Principal, confirm: str = "") -> None:
    bot = entry.bot_of(interaction)
    change = await bot.changes.get(press.id)
    current = await table.round_of(bot.database, change)
    # The button has room for twelve digits: they stand for the whole commit, or for none that is there now.
    commit = current.commit_id if current.commit_id[:12] == press.seen else press.seen
    approved = await bot.changes.approve(
        press.id, person, round=press.round, commit=commit, plan=press.seen, confirm=confirm
    )
    if approved.state == State.REVIEW:  # it takes a second person
        said = discord.Embed(description=render.plain((await bot.changes.review(press.id)).people_said, 1_000))
        await interaction.followup.send(embed=said, ephemeral=True)


async def _pressed_approve(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    await _approve(interaction, press, person)
    await entry.bot_of(interaction).cards.refresh(press.id)


async def _pressed_ask(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, (State.REVIEW,))
    await interaction.response.defer(ephemeral=True, thinking=True)
    review = await entry.bot_of(interaction).changes.review(press.id)
    marks = render.fitting([f"• {render.plain(mark, 300)}" for mark in review.risk_marks], 3_000)
    embed = discord.Embed(title="Look twice", description=f"{marks}\n\nMerge it all the same?")
    again = view_of([Press("sure", press.id, press.round, press.seen)])
    await interaction.followup.send(embed=embed, view=again, ephemeral=True)


async def _pressed_sure(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    await _approve(interaction, press, person, "two taps")
    await interaction.edit_original_response(embed=discord.Embed(description="Approved."), view=None)
    await entry.bot_of(interaction).cards.refresh(press.id)


async def _pressed_type(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, (State.REVIEW,))
    title = f"Merge {press.id} without green tests"
    await interaction.response.send_modal(
        WordsModal(press.custom_id, title, f"Type {press.id} to merge it", long=False)
    )


async def _pressed_tweak(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, TWEAKABLE)
    await interaction.response.send_modal(
        WordsModal(press.custom_id, f"Tweak change {press.id}", "What should be different?", long=True, place=True)
    )


async def _pressed_reject(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    bot = entry.bot_of(interaction)
    await bot.changes.reject(press.id, person, round=press.round)
    await bot.cards.refresh(press.id)


async def _pressed_undo(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, (State.MERGED,))
    change = await entry.bot_of(interaction).changes.get(press.id)
    said = (
        f"This takes `{change.id}` back out of {render.plain(change.target, 80)}. It is a change of its own: tested "
        "like any other, and merged where its tests are green."
    )
    embed, sure = discord.Embed(title="Undo it?", description=said), view_of([Press("takeback", press.id, press.round)])
    await interaction.response.send_message(embed=embed, view=sure, ephemeral=True)


async def _pressed_takeback(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    bot = entry.bot_of(interaction)
    undo = await bot.changes.undo(press.id, person, confirm="two taps")
    said = discord.Embed(description=f"Change `{undo.id}` undoes it.")
    await interaction.edit_original_response(embed=said, view=None)
    await bot.cards.beside(undo, press.id)


async def _pressed_replan(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, (State.AWAITING_PLAN,))
    title = f"Another plan for {press.id}"
    await interaction.response.send_modal(WordsModal(press.custom_id, title, "What should be different?", long=True))


async def _pressed_skip(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    bot = entry.bot_of(interaction)
    await bot.changes.skip(press.id, person, round=press.round, plan=press.seen)
    await bot.cards.refresh(press.id)


async def _pressed_stop(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await entry.bot_of(interaction).changes.stop(press.id, person)
    said = f"The work on `{press.id}` ends: its best round is shown, and where there is none, it is cancelled."
    await interaction.followup.send(embed=discord.Embed(description=said), ephemeral=True)


async def _pressed_withdraw(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    bot = entry.bot_of(interaction)
    await bot.changes.cancel(press.id, person)
    await bot.cards.refresh(press.id)


async def _pressed_retry(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    await entry.bot_of(interaction).changes.resume(press.id, person)


async def _still(interaction: discord.Interaction, press: Press, states: tuple[State, ...]) -> None:
    """Before somebody types: the card must be of the round that the change is at."""
    change = await entry.bot_of(interaction).changes.get(press.id)
    if change.state not in states or change.round != press.round:
        raise Conflict(
            f"Change {change.id} is at round {change.round}, {change.state}: this card is out of date.",
            "Look at its newest card.",
        )


Typed = Mapping[str, str]


async def _submitted_tweak(interaction: discord.Interaction, press: Press, person: Principal, typed: Typed) -> None:
    words, at = typed.get("words", ""), typed.get("at", "").strip()
    await entry.bot_of(interaction).changes.tweak(press.id, person, words, round=press.round, at=at)


async def _submitted_type(interaction: discord.Interaction, press: Press, person: Principal, typed: Typed) -> None:
    words = typed.get("words", "")
    if words.strip().lower() != press.id:
        raise BadInput(f"{words.strip()!r} is not the id of this change, so it was not merged.", f"Type {press.id}.")
    await _approve(interaction, press, person, press.id)


PRESSED |= {
    "approve": _pressed_approve,
    "ask": _pressed_ask,
    "sure": _pressed_sure,
    "type": _pressed_type,
    "tweak": _pressed_tweak,
    "reject": _pressed_reject,
    "replan": _pressed_replan,
    "skip": _pressed_skip,
    "stop": _pressed_stop,
    "withdraw": _pressed_withdraw,
    "retry": _pressed_retry,
    "undo": _pressed_undo,
    "takeback": _pressed_takeback,
}
SUBMITTED = {"tweak": _submitted_tweak, "replan": _submitted_tweak, "type": _submitted_type}
