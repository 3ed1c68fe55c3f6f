"""From changes to cards: where one stands, what a person decides on, its rounds. The first look comes first."""

from __future__ import annotations

import re
from collections.abc import Sequence

import discord

from assistants.round_table import FOUR
from bot.language import say, told
from bot.render import MOST, WORKING, code, fitting, person, plain
from bot.render_rounds import file_line
from haven.changes.review import NAMED, STAND_IN, Look, Review, by_class, class_said
from haven.changes.review.text import round_line, test_notes
from haven.changes.rounds.plan import in_words
from haven.changes.states import State
from haven.store.changes import Change

AMBER, GREEN, GREY, RED = 0xFAA61A, 0x3BA55D, 0x747F8D, 0xED4245
COLOURS: dict[str, int] = {
    State.REVIEW: AMBER,
    State.AWAITING_PLAN: AMBER,
    State.WAITING: AMBER,
    State.MERGED: GREEN,
    State.REJECTED: GREY,
    State.CANCELLED: GREY,
    State.REVERTED: GREY,
    State.FAILED: RED,
}
STEPS: dict[str, str] = {
    State.QUEUED: "Queued",
    State.PLANNING: "Reading the repository",
    State.AWAITING_PLAN: "The plan waits for a person",
    State.WAITING: "Waiting",
    State.EDITING: "Writing the edits",
    State.TESTING: "Running the tests",
    State.REVIEW: "Ready for review",
    State.MERGING: "Approved, merging",
    State.MERGED: "Merged",
    State.REJECTED: "Rejected",
    State.CANCELLED: "Cancelled",
    State.FAILED: "Failed",
    State.REVERTED: "Merged, and undone since",
}
SIGNS: dict[str, str] = {
    State.QUEUED: "🕒",
    State.PLANNING: "🔎",
    State.AWAITING_PLAN: "✋",
    State.WAITING: "⏸️",
    State.EDITING: "✏️",
    State.TESTING: "🧪",
    State.REVIEW: "✋",
    State.MERGING: "🔀",
    State.MERGED: "✅",
    State.REJECTED: "⛔",
    State.CANCELLED: "⏹️",
    State.FAILED: "❌",
    State.REVERTED: "↩️",
}
"""Each has its words beside it, and a shape of its own where they mean something else: ✋ waits for a person."""
WAY: tuple[tuple[str, str], ...] = (
    (State.QUEUED, "queued"),
    (State.PLANNING, "read"),
    (State.EDITING, "written"),
    (State.TESTING, "tested"),
    (State.REVIEW, "looked at"),
    (State.MERGING, "merged"),
)
"""The stages in order, and what has happened after each."""
LEVELS: dict[str, tuple[str, str]] = {"ok": ("🟢", "good"), "note": ("🟡", "careful"), "alert": ("🔴", "problem")}
STEP = re.compile(r"\d+\. ")
"""How a step of a plan begins, which a model wrote."""
UNREMARKABLE = frozenset({"passing", "idle"})
"""Classes of tests that are only counted."""


def state_line(change: Change) -> str:
    """The state in words, with the round where there was more than one."""
    said = f"{SIGNS[change.state]} **{say(STEPS[change.state])}**"
    return f"{said} · {say('round {number}', number=change.round)}" if change.round > 1 else said


def progress_card(change: Change, text: str = "") -> discord.Embed:
    """Where a change stands, on one message that is edited; `text` says what is being done this moment."""
    lines = [state_line(change)]
    if text:
        lines.append(plain(told(text), 300))
    if way := _way(change):
        lines.append(f"-# {way}")
    embed = _headed(change, "\n".join(lines))
    _add_reason(embed, change)
    if " ".join(change.request.split()) != change.title:
        embed.add_field(name=say("Asked for"), value=plain(change.request, 400), inline=False)
    return embed.set_footer(text=_footer(change, kind=True))


def review_card(change: Change, review: Review | None) -> discord.Embed:
    """All a person needs to decide, and after the decision who took it; `review` is None where there is nothing yet."""
    embed = _headed(change, f"{_outcome(change)}\n\n{_first_look(review) if review else plain(change.request, 800)}")
    _add_reason(embed, change)
    if change.state == State.AWAITING_PLAN:
        _add_plan(embed, change)
    if review is not None and review.commit:
        _add_result(embed, review)
    small = _small(review) if review is not None and review.commit else []
    return _within(embed.set_footer(text="\n".join([*small, _assistant(change), _footer(change, review)])), change)


def closed_card(change: Change, round: int) -> discord.Embed:
    """What becomes of the review card of a round once another one goes on."""
    said = say("Closed: round {number} goes on.", number=change.round)
    head = say("Round {number} of change {id}", number=round, id=change.id)
    return discord.Embed(description=f"**{head}**\n{said}", colour=GREY)


def done_card(said: str) -> discord.Embed:
    """A sentence for whoever pressed; it is escaped already."""
    return discord.Embed(description=said, colour=WORKING)


def change_line(change: Change, link: str = "") -> str:
    """A change in a list: its title, where it stands, who asked for it, and the way to its thread by `link`."""
    about = [f"`{change.id}`", say(change.kind), plain(change.requester_name, 40)]
    if link:
        about.append(f"[{say('thread')}]({link})")
    return f"**{plain(change.title, 90)}**\n{state_line(change)}\n-# {' · '.join(about)}"


def _headed(change: Change, description: str) -> discord.Embed:
    colour = COLOURS.get(change.state, WORKING)
    return discord.Embed(title=plain(change.title, 250), description=description, colour=colour)


def _way(change: Change) -> str:
    """The stages: those behind it, the one it is at, those before it; "" after an end that is no merge."""
    names = [name for name, _ in WAY]
    now = change.resume if change.state == State.WAITING else change.state
    if change.state == State.MERGED:
        at = len(WAY)
    elif change.state == State.AWAITING_PLAN:
        at = names.index(State.EDITING)
    elif now in names:
        at = names.index(now)
    else:
        return ""
    said = [f"✓ {say(done)}" if number < at else f"○ {say(done)}" for number, (_, done) in enumerate(WAY)]
    return "  ".join(one.replace(" ", "\N{NO-BREAK SPACE}") for one in said)


def _add_reason(embed: discord.Embed, change: Change) -> None:
    if change.reason:
        again = say("Tries again {when}.", when=f"<t:{int(change.retry_at)}:R>") if change.retry_at else ""
        said = change.reason if change.state == State.REJECTED else told(change.reason)  # that one is a reviewer's own
        why = plain(said, 900)
        embed.add_field(name=say("Why"), value=f"{why}\n{again}" if again else why, inline=False)


def _outcome(change: Change) -> str:
    said = state_line(change)
    if change.merged:
        into = say("as {commit} into {branch}", commit=f"`{change.merged[:12]}`", branch=plain(change.target, 80))
        said += f" {into}"
    if change.decided_by:
        said += "\n" + say("Decided by {person}.", person=person(change.decided_by))
    return said


def _first_look(review: Review) -> str:
    """What was changed, in plain words; whether the tests are fine, whether there is a risk, what can be pressed."""
    by, said = review.summary.get("by", "rules"), review.summary.get("text", "")
    text = plain((told(said) if by == "rules" else said) or review.title, 1_000)
    if by != "rules":
        note = say("written by {model}, a model: check it against the diff", model=plain(by, 80))
        text += f"\n*({note})*"
    return "\n".join([text, *([""] if review.first_look else []), *map(_look, review.first_look)])


def _look(look: Look) -> str:
    """A sign with its words, so that nobody has to tell colours apart; a decision has no colour."""
    said = plain(told(look.said), 450)
    if look.about == "Decide":
        return f"**{say('Decide')}** · {said}"
    sign, word = LEVELS[look.level]
    return f"{sign} **{say(look.about)}: {say(word)}** · {said}"


def _within(embed: discord.Embed, change: Change) -> discord.Embed:
    """What Discord takes: where there is too much, what stands last goes, and a word says so."""
    more = say("{command} has the rest.", command=f"`haven change show {change.id}`")
    if len(embed) <= MOST:
        return embed
    while len(embed) + len(more) + 10 > MOST:
        embed.remove_field(-1)
    return embed.add_field(name=say("More"), value=more, inline=False)


def _add_plan(embed: discord.Embed, change: Change) -> None:
    files = [code(one["path"]) for one in change.plan.get("files", [])]
    steps = "\n".join(one if STEP.match(one) else told(one) for one in in_words(change.plan).split("\n"))
    embed.add_field(name=say("The plan"), value=plain(steps, 1_000), inline=False)
    embed.add_field(name=say("Claude would see"), value=fitting(files, 800) or say("no file"), inline=False)


def _add_result(embed: discord.Embed, review: Review) -> None:
    files = [file_line(one) for one in review.files]
    name = say("Files ({count})", count=len(files))
    embed.add_field(name=name, value=fitting(files, 450) or say("none"), inline=False)
    if tests := _tests(review):
        embed.add_field(name=say("Tests"), value=tests, inline=False)
    marks = review.risk_marks if len(review.risk_marks) > NAMED else ()  # fewer stand above
    notes = (*review.risk_notes, *review.notes)
    for name, said in ((say("Look twice"), marks), (say("Worth knowing"), notes)):
        if said:
            embed.add_field(name=name, value=fitting([f"• {plain(told(one), 200)}" for one in said], 500), inline=False)
    if len(review.rounds) > 1:
        rounds = [plain(told(round_line(one, review.round)), 250) for one in review.rounds[-3:]]
        name = say("Rounds ({count})", count=len(review.rounds))
        embed.add_field(name=name, value=fitting(rounds, 700), inline=False)


def _small(review: Review) -> list[str]:
    """The small print: what it cost, who wrote it, what was sent away for it."""
    cost, by, sent = say("Cost"), say("Written by"), say("Left the house")
    return [f"**{cost}:** {_cost(review)}", f"**{by}:** {_writer(review)}", f"**{sent}:** {_sent(review)}"]


def _assistant(change: Change) -> str:
    title = next((one.title for one in FOUR if one.name == change.assistant), change.assistant)
    why = "; ".join(map(told, change.reasons)) or say("no reason recorded")
    return f"**{say('Assistant')}:** {plain(title, 60)}: {plain(' '.join(why.split()), 240)}"


def _cost(review: Review) -> str:
    """Dollars, and the tokens that were read afresh and from the cache."""
    fresh, cached = review.tokens.get("fresh", 0), review.tokens.get("cached", 0)
    said = f"{review.cost_usd:.4f} USD"
    if not fresh and not cached:
        return said
    tokens = say("{fresh} tokens fresh, {cached} cached", fresh=f"{fresh:,}", cached=f"{cached:,}")
    return f"{said} ({tokens})"


def _sent(review: Review) -> str:
    """To whom how many calls went, and how many values were taken out before."""
    if not review.sent:
        return say("nothing")
    hidden = sum(sum(one.redacted.values()) for one in review.sent)
    to = plain(", ".join(sorted({one.to for one in review.sent})), 120)
    calls = say("{count} calls to {whom}", count=len(review.sent), whom=to)
    if len(review.sent) == 1:
        calls = say("1 call to {whom}", whom=to)
    taken = say("1 value taken out") if hidden == 1 else say("{count} values taken out", count=hidden)
    return f"{calls}; {taken}"


def _names(tests: Sequence[str]) -> str:
    named = ", ".join(code(test.rpartition("::")[2]) for test in tests[:3])
    return say("{names} and {count} more", names=named, count=len(tests) - 3) if len(tests) > 3 else named


def _tests(review: Review) -> str:
    """By name the tests that are not simply as before, and why; "" where all are."""
    said = [
        f"• {told(class_said(name))}: {_names(tests)}"
        for name, tests in by_class(review.tests).items()
        if tests and name not in UNREMARKABLE
    ]
    return fitting([*said, *(plain(told(one), 250) for one in test_notes(review.tests))], 800)


def _writer(review: Review) -> str:
    """The model, where it runs, and why it was asked."""
    route = review.route
    model = plain(str(route.get("model") or say("nobody")), 80)
    by_hand = route.get("tier", "by hand")
    who = f"{say(STAND_IN)} ({model})" if review.stand_in else f"{model}, {say(by_hand)}"
    why = plain(" ".join("; ".join(told(str(one)) for one in route.get("reasons", ())).split()), 160)
    return f"{who} · {why}" if why else who


def _footer(change: Change, review: Review | None = None, *, kind: bool = False) -> str:
    """What it is known by; the commit is the one that an approval is bound to. Small print is read as markdown, too."""
    parts = [say("Change {id}", id=change.id)]
    if kind:
        parts.append(say(change.kind))
    else:
        parts.append(say("round {number}", number=change.round))
    if review is not None and review.commit:
        parts.append(say("commit {digits}", digits=review.commit[:12]))
    parts.append(say("asked by {name}", name=plain(change.requester_name, 60)))
    if review is not None and review.worded_by:
        parts.append(say("this round by {name}", name=person(review.worded_by)))
    return " · ".join(parts)
