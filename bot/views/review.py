"""Buttons under a change and the modals they open; all their state lies in the custom id and the store.

So any later process can answer a press, and a modal that was open while the bot restarted is not lost.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import discord

from bot import entry, render
from bot.views.words import WordsModal, inputs
from haven.access import Act, Principal
from haven.changes.review import PastRound, Review
from haven.changes.rounds.plan import fingerprint
from haven.changes.states import STOPPABLE, State, sources
from haven.errors import BadInput, Conflict
from haven.store import changes as table
from haven.store.changes import Change
from haven.store.database import Database

TEMPLATE = r"haven:(?P<act>[a-z]+):(?P<id>[0-9a-f]{1,12}):(?P<round>\d{1,6}):(?P<seen>[0-9a-f]{0,12})"
Style = discord.ButtonStyle
LOOKS: dict[str, tuple[str, Style]] = {
    "approve": ("Approve", Style.success),
    "ask": ("Approve…", Style.success),
    "type": ("Approve…", Style.danger),
    "sure": ("Yes, merge it", Style.success),
    "tweak": ("Tweak", Style.secondary),
    "reject": ("Reject", Style.danger),
    "replan": ("Change the plan", Style.secondary),
    "skip": ("Skip the plan", Style.secondary),
    "stop": ("Stop", Style.secondary),
    "withdraw": ("Withdraw", Style.secondary),
    "retry": ("Try now", Style.secondary),
    "rounds": ("Rounds", Style.secondary),
    "back": ("Go back", Style.primary),
    "diff": ("Compare", Style.secondary),
    "undo": ("Undo", Style.danger),
    "takeback": ("Yes, undo it", Style.danger),
}
APPROVE_BY = {"tap": "approve", "two taps": "ask", "type the id": "type"}
TWEAKABLE = (State.REVIEW, State.FAILED)
READING = frozenset({"rounds", "diff"})
BY_REQUESTER = frozenset({"stop", "withdraw", "retry"})
"""The core checks these: whoever asked for a change may end or hurry it as well."""
MOST_ROUNDS = 5
"""Rounds, the newest, with buttons of their own: Discord has room for five rows."""


@dataclass(frozen=True)
class Press:
    """What a control says: the act, the change, and what the person had seen: the round and its commit or plan."""

    act: str
    id: str
    round: int
    seen: str = ""

    @property
    def custom_id(self) -> str:
        return f"haven:{self.act}:{self.id}:{self.round}:{self.seen[:12]}"

    @classmethod
    def read(cls, custom_id: str) -> Press | None:
        match = re.fullmatch(TEMPLATE, custom_id)
        return cls(match["act"], match["id"], int(match["round"]), match["seen"]) if match else None


class ChangeButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """One button under a change, whichever process drew it."""

    def __init__(self, press: Press, disabled: bool = False, label: str = "", row: int | None = None) -> None:
        known, style = LOOKS.get(press.act, ("?", Style.secondary))
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label or known, style=style, custom_id=press.custom_id, disabled=disabled, row=row
        )
        super().__init__(button)
        self.press = press

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(Press(match["act"], match["id"], int(match["round"]), match["seen"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        deciding = self.press.act not in BY_REQUESTER | READING

        async def work(person: Principal) -> None:
            await PRESSED[self.press.act](interaction, self.press, person)

        await entry.enter(interaction, Act.DECIDE if deciding else Act.READ, work)


def decision_view(change: Change, review: Review | None) -> discord.ui.View:
    """The buttons of a review card: those that fit the state, or the same ones disabled after the decision."""
    commit = review.commit if review is not None else ""
    approve, seen = APPROVE_BY[review.confirm] if review is not None and commit else "approve", commit
    acts: tuple[str, ...]
    match change.state:
        case State.REVIEW:
            acts = (approve, "tweak", "reject") if commit else ("tweak", "reject")
            acts += ("rounds",) * (len(_with_edits(review)) > 1)
        case State.AWAITING_PLAN:
            acts, seen = ("approve", "replan", "skip", "reject"), fingerprint(change.plan)
        case State.FAILED:
            acts = ("tweak",)
        case State.MERGED:
            acts = ("undo",)
        case _:
            return _view((Press(act, change.id, change.round, commit) for act in ("approve", "tweak", "reject")), True)
    return _view(Press(act, change.id, change.round, seen) for act in acts)


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
    return _view(Press(act, change.id, change.round) for act in acts)


def rounds_view(review: Review) -> discord.ui.View:
    """For every other round with edits: compare it with the one shown, and go back to it while that is possible."""
    view = discord.ui.View(timeout=None)
    others = [one for one in _with_edits(review) if one.number != review.round][-MOST_ROUNDS:]
    for row, one in enumerate(others):
        compare = Press("diff", review.id, one.number, review.commit)
        view.add_item(ChangeButton(compare, label=f"Compare {one.number} with {review.round}", row=row))
        if review.state == State.REVIEW:
            back = Press("back", review.id, review.round, one.commit)
            view.add_item(ChangeButton(back, label=f"Go back to {one.number}", row=row))
    return view


def _with_edits(review: Review | None) -> list[PastRound]:
    return [one for one in review.rounds if one.commit] if review is not None else []


def _view(presses: Iterable[Press], disabled: bool = False) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for press in presses:
        view.add_item(ChangeButton(press, disabled))
    return view


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
    again = _view([Press("sure", press.id, press.round, press.seen)])
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


async def _pressed_rounds(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    review = await entry.bot_of(interaction).changes.review(press.id)
    await interaction.followup.send(embed=render.rounds_card(review), view=rounds_view(review), ephemeral=True)


async def _pressed_diff(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = entry.bot_of(interaction)
    pair = await bot.changes.compare(press.id, press.round, await _round_of(bot.database, press))
    file = await asyncio.to_thread(render.pair_file, pair)
    await interaction.followup.send(embed=render.pair_card(pair), file=file, ephemeral=True)


async def _pressed_back(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = entry.bot_of(interaction)
    number = await _round_of(bot.database, press)
    await bot.changes.go_back(press.id, person, number, round=press.round)
    await interaction.followup.send(embed=discord.Embed(description=f"Round {number} is shown again."), ephemeral=True)
    await bot.cards.refresh(press.id)


async def _pressed_undo(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, (State.MERGED,))
    change = await entry.bot_of(interaction).changes.get(press.id)
    said = (
        f"This takes `{change.id}` back out of {render.plain(change.target, 80)}. It is a change of its own: tested "
        "like any other, and merged where its tests are green."
    )
    embed, sure = discord.Embed(title="Undo it?", description=said), _view([Press("takeback", press.id, press.round)])
    await interaction.response.send_message(embed=embed, view=sure, ephemeral=True)


async def _pressed_takeback(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    bot = entry.bot_of(interaction)
    undo = await bot.changes.undo(press.id, person, confirm="two taps")
    said = discord.Embed(description=f"Change `{undo.id}` undoes it.")
    await interaction.edit_original_response(embed=said, view=None)
    await bot.cards.beside(undo, press.id)


async def _round_of(database: Database, press: Press) -> int:
    """The round whose commit the button names."""
    found = [one.number for one in await table.rounds(database, press.id) if one.commit_id[:12] == press.seen]
    if not found or not press.seen:
        raise Conflict(f"That round of change {press.id} is another by now.", "Look at its newest card.")
    return found[-1]


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


PRESSED = {
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
    "rounds": _pressed_rounds,
    "diff": _pressed_diff,
    "back": _pressed_back,
    "undo": _pressed_undo,
    "takeback": _pressed_takeback,
}
SUBMITTED = {"tweak": _submitted_tweak, "replan": _submitted_tweak, "type": _submitted_type}
