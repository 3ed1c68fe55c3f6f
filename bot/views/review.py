"""What a person decides about a change: the buttons of its cards, and the modals they open.

All their state lies in the custom id and the store: a modal that was open while the bot restarted is not lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord import ui

from assistants.going import TWEAKABLE, Going
from bot import entry
from bot.attached import Attached
from bot.language import say, told
from bot.panel import panel
from bot.render import fitting, plain
from bot.render_changes import AMBER, done_card, progress_card, review_card, state_line
from bot.render_rounds import diff_of
from bot.views import price
from bot.views.buttons import PRESSED, ChangeButton, Press, buttons
from bot.views.rounds import others
from bot.views.words import Form, WordsModal, inputs
from haven.access import Act, Principal, check
from haven.changes.decisions import Changes
from haven.changes.review import Review
from haven.changes.rounds.plan import fingerprint
from haven.changes.states import STOPPABLE, State, sources
from haven.errors import BadInput, Conflict, HavenError
from haven.store import changes as table
from haven.store.changes import Change

log = logging.getLogger("haven.bot")

APPROVE_BY = {"tap": "approve", "two taps": "ask", "type the id": "type"}


def decision_buttons(change: Change, review: Review | None) -> list[ChangeButton]:
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
            pressed = [Press(act, change.id, change.round, commit) for act in ("approve", "tweak", "reject")]
            return buttons(pressed, disabled=True)
    return buttons(Press(act, change.id, change.round, seen) for act in acts)


def progress_panel(change: Change, text: str = "") -> ui.LayoutView:
    """Where it stands, and what may be done: end the work that goes on, put away what rests, wait no longer."""
    merges = change.state == State.WAITING and change.resume == State.MERGING  # that is no work to end
    acts: tuple[str, ...] = ()
    if change.state in STOPPABLE and not merges:
        acts = ("stop",)
    elif change.state in sources(State.CANCELLED):
        acts = ("withdraw",)
    if change.state == State.WAITING:
        acts = ("retry", *acts)
    return panel(progress_card(change, text), buttons(Press(act, change.id, change.round) for act in acts))


async def review_panel(change: Change, review: Review | None) -> tuple[ui.LayoutView, list[Attached]]:
    """The review card, and the diff that goes along: Discord shows a file again only where it is sent again."""
    diffs = [await asyncio.to_thread(diff_of, review)] if review is not None and review.diff else []
    card, names = review_card(change, review), [one.name for one in diffs]
    return panel(card, decision_buttons(change, review), files=names), diffs


async def show(interaction: discord.Interaction, id: str) -> None:
    """The review card as it is now, for the person alone. The interaction is deferred already."""
    changes = entry.bot_of(interaction).changes
    change = await changes.get(id)
    view, diffs = await review_panel(change, await reviewed(changes, change))
    await interaction.followup.send(view=view, files=[one.file() for one in diffs], ephemeral=True)


async def reviewed(changes: Changes, change: Change) -> Review | None:
    """None where there is nothing to look at yet."""
    try:
        return await changes.review(change.id)
    except HavenError as error:
        log.info("change %s has nothing to review yet: %s", change.id, error)
        return None


async def submitted(interaction: discord.Interaction) -> None:
    """Take in a modal by its custom id, also one that was opened before the bot restarted."""
    data: Any = interaction.data
    press = Press.read(data["custom_id"])
    if press is None or press.act not in SUBMITTED:
        return
    act, taken = SUBMITTED[press.act]
    typed = inputs(data["components"])

    async def work(person: Principal) -> None:
        beside = interaction.message is not None  # else it was opened by a command: there is no card to go on with
        await (interaction.response.defer() if beside else interaction.response.defer(ephemeral=True, thinking=True))
        if not await taken(interaction, press, person, typed):
            return
        await redraw(interaction, press.id)
        if not beside:
            change = await entry.bot_of(interaction).changes.get(press.id)
            await interaction.followup.send(view=panel(done_card(state_line(change))), ephemeral=True)

    await entry.enter(interaction, act, work)


async def redraw(interaction: discord.Interaction, id: str) -> None:
    """After a decision, which stands whatever Discord takes of it: the change's own messages, and the card that was
    pressed where only this person sees it."""
    bot = entry.bot_of(interaction)
    await bot.cards.attempt(id)
    message = interaction.message
    if message is not None and message.flags.ephemeral:
        change = await bot.changes.get(id)
        view, diffs = await review_panel(change, await reviewed(bot.changes, change))
        await interaction.edit_original_response(view=view, attachments=[one.file() for one in diffs])


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
        said = plain(told((await bot.changes.review(press.id)).people_said), 1_000)
        await interaction.followup.send(view=panel(done_card(said)), ephemeral=True)


async def _pressed_approve(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    await _approve(interaction, press, person)
    await redraw(interaction, press.id)


async def _pressed_ask(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, (State.REVIEW,))
    await interaction.response.defer(ephemeral=True, thinking=True)
    review = await entry.bot_of(interaction).changes.review(press.id)
    marks = fitting([f"• {plain(told(mark), 300)}" for mark in review.risk_marks], 3_000)
    said = f"{marks}\n\n{say('Merge it all the same?')}"
    card = discord.Embed(title=say("Look twice"), description=said, colour=AMBER)
    sure = buttons([Press("sure", press.id, press.round, press.seen)])
    await interaction.followup.send(view=panel(card, sure), ephemeral=True)


async def _pressed_sure(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    await _approve(interaction, press, person, "two taps")
    await interaction.edit_original_response(view=panel(done_card(say("Approved."))))
    await entry.bot_of(interaction).cards.attempt(press.id)


async def _pressed_type(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, (State.REVIEW,))
    title, label = say("Merge {id} without green tests", id=press.id), say("Type {id} to merge it", id=press.id)
    await interaction.response.send_modal(WordsModal(press.custom_id, title, label, long=False))


async def _pressed_tweak(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    check(person, Act.TWEAK, requester=(await _still(interaction, press, TWEAKABLE)).requester)
    title, label = say("Tweak change {id}", id=press.id), say("What should be different?")
    await interaction.response.send_modal(WordsModal(press.custom_id, title, label, long=True, place=True))


async def _pressed_reject(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, (State.REVIEW, State.AWAITING_PLAN))
    title, label = say("Reject change {id}", id=press.id), say("Why? (may be left empty)")
    form = WordsModal(press.custom_id, title, label, long=True, needed=False, most=1_000)
    await interaction.response.send_modal(form)


async def _pressed_undo(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await _still(interaction, press, (State.MERGED,))
    change = await entry.bot_of(interaction).changes.get(press.id)
    what = say("This takes {id} back out of {branch}.", id=f"`{change.id}`", branch=plain(change.target, 80))
    how = say("It is a change of its own: tested like any other, and merged where its tests are green.")
    card = discord.Embed(title=say("Undo it?"), description=f"{what} {how}", colour=AMBER)
    sure = buttons([Press("takeback", press.id, press.round)])
    await interaction.response.send_message(view=panel(card, sure), ephemeral=True)


async def _pressed_takeback(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    bot = entry.bot_of(interaction)
    undo = await bot.changes.undo(press.id, person, confirm="two taps")
    said = say("Change {id} undoes it.", id=f"`{undo.id}`")
    await interaction.edit_original_response(view=panel(done_card(said)))
    await bot.cards.beside(undo, press.id)


async def _pressed_replan(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    check(person, Act.TWEAK, requester=(await _still(interaction, press, (State.AWAITING_PLAN,))).requester)
    title, label = say("Another plan for {id}", id=press.id), say("What should be different?")
    await interaction.response.send_modal(WordsModal(press.custom_id, title, label, long=True))


async def _pressed_skip(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    bot = entry.bot_of(interaction)
    await bot.changes.skip(press.id, person, round=press.round, plan=press.seen)
    await redraw(interaction, press.id)


async def _pressed_stop(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await entry.bot_of(interaction).changes.stop(press.id, person)
    said = say(
        "The work on {id} ends: its best round is shown, and where there is none, it is cancelled.", id=f"`{press.id}`"
    )
    await interaction.followup.send(view=panel(done_card(said)), ephemeral=True)


async def _pressed_withdraw(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    change = await _still(interaction, press, sources(State.CANCELLED))
    check(person, Act.CANCEL, requester=change.requester)
    form = Form(press.custom_id, say("Withdraw {id} for good", id=press.id))
    about = say("It is put away for good; what was spent on it stays spent.")
    form.ask("words", say("Type {id} to withdraw it", id=press.id), 20, about=about)
    await interaction.response.send_modal(form)


async def _pressed_retry(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer()
    going = Going(press.id, press.round)
    if not await price.shown_first(interaction, going, person):
        await going.go(entry.bot_of(interaction).changes, person)


async def _still(interaction: discord.Interaction, press: Press, states: tuple[State, ...]) -> Change:
    """Before somebody types: the card must be of the round that the change is at."""
    change = await entry.bot_of(interaction).changes.get(press.id)
    if change.state not in states or change.round != press.round:
        raise Conflict(
            f"Change {change.id} is at round {change.round}, {change.state}: this card is out of date.",
            "Look at its newest card.",
        )
    return change


Typed = Mapping[str, str]


async def _submitted_tweak(interaction: discord.Interaction, press: Press, person: Principal, typed: Typed) -> bool:
    going = Going(press.id, press.round, typed.get("words", ""), typed.get("at", "").strip())
    if await price.shown_first(interaction, going, person):
        return False
    await going.go(entry.bot_of(interaction).changes, person)
    return True


async def _submitted_type(interaction: discord.Interaction, press: Press, person: Principal, typed: Typed) -> bool:
    _check_typed(press, typed)
    await _approve(interaction, press, person, press.id)
    return True


async def _submitted_withdraw(interaction: discord.Interaction, press: Press, person: Principal, typed: Typed) -> bool:
    _check_typed(press, typed)
    await _still(interaction, press, sources(State.CANCELLED))
    await entry.bot_of(interaction).changes.cancel(press.id, person)
    return True


def _check_typed(press: Press, typed: Typed) -> None:
    """Raises BadInput: what can't be taken back is asked for by the change's id."""
    words = typed.get("words", "").strip()
    if words.lower() != press.id:
        raise BadInput(f"{words!r} is not the id of this change, so nothing was done.", f"Type {press.id}.")


async def _submitted_reject(interaction: discord.Interaction, press: Press, person: Principal, typed: Typed) -> bool:
    await entry.bot_of(interaction).changes.reject(press.id, person, round=press.round, why=typed.get("words", ""))
    return True


async def _pressed_look(interaction: discord.Interaction, press: Press, person: Principal) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await show(interaction, press.id)


PRESSED |= {
    "look": _pressed_look,
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
Submitted = Callable[[discord.Interaction, Press, Principal, Typed], Awaitable[bool]]
"""False where nothing was done: the price is shown first."""
SUBMITTED: dict[str, tuple[Act, Submitted]] = {
    "tweak": (Act.READ, _submitted_tweak),  # the core looks at whose change it is
    "replan": (Act.READ, _submitted_tweak),
    "reject": (Act.DECIDE, _submitted_reject),
    "type": (Act.DECIDE, _submitted_type),
    "withdraw": (Act.READ, _submitted_withdraw),
}
"""What a modal asks for, and who takes in its words."""
