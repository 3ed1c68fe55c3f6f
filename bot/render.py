"""From data to Discord embeds: pure functions that keep its limits and let no text of others act.

Text of people and models stands in embeds only, never in `content`: a link preview there would call out to an address
of the text's choosing. Limits: title 256, description 4,096, field 1,024, footer 2,048, together 6,000 characters.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Sequence

import discord

from assistants.round_table import FOUR
from bot.language import say, told
from haven.changes.review import NAMED, STAND_IN, PastRound, Review, RoundPair, by_class, class_said
from haven.changes.review.diffing import FileDiff
from haven.changes.review.text import round_line, test_notes
from haven.changes.rounds.plan import in_words
from haven.changes.states import State
from haven.errors import HavenError
from haven.redact import redact
from haven.store.changes import Change

COLOURS: dict[str, int] = {
    State.REVIEW: 0xFAA61A,
    State.AWAITING_PLAN: 0xFAA61A,
    State.WAITING: 0xFAA61A,
    State.MERGED: 0x3BA55D,
    State.REJECTED: 0x747F8D,
    State.CANCELLED: 0x747F8D,
    State.REVERTED: 0x747F8D,
    State.FAILED: 0xED4245,
}
WORKING = 0x5865F2
KEPT = "\n\t\u200d"
"""Control and format characters that are harmless: the last one joins emoji."""
UNREMARKABLE = frozenset({"passing", "idle"})
"""Classes of tests that are only counted."""
SIGNS: dict[str, str] = {"ok": "🟢", "note": "🟡", "alert": "🔴"}
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
MOST = 6_000
"""Characters of one embed, all its parts together."""


def words(text: str, limit: int) -> str:
    """Text of a person or a model as plain words: no control or direction marks, cut to `limit` characters."""
    kept = "".join(c for c in text if c in KEPT or unicodedata.category(c) not in {"Cc", "Cf", "Cs"}).strip()
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def plain(text: str, limit: int) -> str:
    """As `words`, shown by Discord letter by letter: no formatting, mention, masked link or secret."""
    # discord.py takes all from the first `[` to the last `)` for one link, and escapes nothing behind its beginning.
    pieces = map(discord.utils.escape_markdown, words(redact(text), limit).split("]("))
    escaped = discord.utils.escape_mentions(r"]\(".join(pieces))
    return escaped if len(escaped) <= limit else escaped[: limit - 1].rstrip("\\") + "…"


def prose(text: str, limit: int) -> str:
    """A model's answer: its formatting stays, but a link always shows where it leads and nobody is mentioned."""
    shown = discord.utils.escape_mentions(re.sub(r"\]\s*\(", "] (", words(text, limit)))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def error_card(error: HavenError) -> discord.Embed:
    embed = discord.Embed(title=say("That did not work"), description=plain(told(str(error)), 2_000), colour=0xED4245)
    if error.mend:
        embed.add_field(name=say("What to do"), value=plain(told(error.mend), 1_000), inline=False)
    return embed.set_footer(text=say("Error {id}", id=error.id))


def progress_card(change: Change, text: str = "") -> discord.Embed:
    """Where a change stands, on one message that is edited; `text` says what is being done this moment."""
    embed = _headed(change, plain(change.request, 800))
    now = f"{STEPS[change.state]}, round {change.round}" if change.round > 1 else STEPS[change.state]
    embed.add_field(name="Now", value=f"{now}\n{plain(text, 300)}" if text else now, inline=False)
    _add_reason(embed, change)
    return embed.set_footer(text=f"Change {change.id} · {change.kind} · asked by {words(change.requester_name, 60)}")


def review_card(change: Change, review: Review | None) -> discord.Embed:
    """All a person needs to decide, and after the decision who took it; `review` is None where there is nothing yet."""
    embed = _headed(change, _first_look(review) if review else plain(change.request, 800))
    if change.state != State.REVIEW:
        embed.add_field(name="State", value=_outcome(change), inline=False)
    _add_reason(embed, change)
    if change.state == State.AWAITING_PLAN:
        _add_plan(embed, change)
    if review is not None and review.commit:
        _add_result(embed, review)
    title = next((one.title for one in FOUR if one.name == change.assistant), change.assistant)
    why = "; ".join(change.reasons) or "no reason recorded"
    embed.add_field(name="Assistant", value=f"{plain(title, 60)}: {plain(why, 240)}", inline=False)
    return _within(embed.set_footer(text=_footer(change, review)), change)


def diff_file(review: Review) -> discord.File:
    """The whole diff as an attachment, without the secrets that it may hold: it leaves the house. Takes CPU."""
    name = f"change-{review.id}-round-{review.round}.diff"
    return discord.File(io.BytesIO(redact(review.diff).encode()), filename=name)


def changes_card(changes: Sequence[Change], links: dict[str, str]) -> discord.Embed:
    """The newest changes, one line each; `links` leads to their threads, by id."""
    lines = [
        f"{links.get(one.id, f'`{one.id}`')} **{plain(one.title, 90)}**\n{STEPS[one.state]} · {one.kind}"
        f" · {plain(one.requester_name, 40)}"
        for one in changes
    ]
    return discord.Embed(title="Changes", description=fitting(lines, 4_000) or "None yet.", colour=WORKING)


def person(principal_id: str) -> str:
    """A principal for display: a Discord id becomes a name that pings nobody under AllowedMentions.none()."""
    face, _, id = principal_id.partition(":")
    return f"<@{id}>" if face == "discord" and id.isdigit() else plain(principal_id, 60)


def _headed(change: Change, description: str) -> discord.Embed:
    colour = COLOURS.get(change.state, WORKING)
    return discord.Embed(title=plain(change.title, 250), description=description, colour=colour)


def _add_reason(embed: discord.Embed, change: Change) -> None:
    if change.reason:
        again = f"\nTries again <t:{int(change.retry_at)}:R>." if change.retry_at else ""
        embed.add_field(name="Why", value=plain(change.reason, 900) + again, inline=False)


def _outcome(change: Change) -> str:
    said = STEPS[change.state]
    if change.merged:
        said += f" as `{change.merged[:12]}` into {plain(change.target, 80)}"
    return f"{said}. Decided by {person(change.decided_by)}." if change.decided_by else said


def _first_look(review: Review) -> str:
    """What was changed, in plain words; whether the tests are fine, whether there is a risk, what can be pressed."""
    by = review.summary.get("by", "rules")
    text = plain(review.summary.get("text", "") or review.title, 1_000)
    written = "" if by == "rules" else f"\n*(written by {plain(by, 80)}, a model: check it against the diff)*"
    looks = "\n".join(f"{SIGNS[look.level]} {plain(look.said, 450)}" for look in review.first_look)
    return f"{text}{written}" + (f"\n\n{looks}" if looks else "")


def _within(embed: discord.Embed, change: Change) -> discord.Embed:
    """What Discord takes: where there is too much, what stands last goes, and a word says so."""
    more = f"`haven change show {change.id}` has the rest."
    if len(embed) <= MOST:
        return embed
    while len(embed) + len(more) + 10 > MOST:
        embed.remove_field(-1)
    return embed.add_field(name="More", value=more, inline=False)


def _add_plan(embed: discord.Embed, change: Change) -> None:
    files = [_code(one["path"]) for one in change.plan.get("files", [])]
    embed.add_field(name="The plan", value=plain(in_words(change.plan), 1_000), inline=False)
    embed.add_field(name="Claude would see", value=fitting(files, 800) or "no file", inline=False)


def _add_result(embed: discord.Embed, review: Review) -> None:
    files = [_file(one) for one in review.files]
    embed.add_field(name=f"Files ({len(files)})", value=fitting(files, 450) or "none", inline=False)
    if tests := _tests(review):
        embed.add_field(name="Tests", value=tests, inline=False)
    marks = review.risk_marks if len(review.risk_marks) > NAMED else ()  # fewer stand above
    for name, said in (("Look twice", marks), ("Worth knowing", (*review.risk_notes, *review.notes))):
        if said:
            embed.add_field(name=name, value=fitting([f"• {plain(one, 200)}" for one in said], 500), inline=False)
    if len(review.rounds) > 1:
        rounds = [plain(round_line(one, review.round), 250) for one in review.rounds[-3:]]
        embed.add_field(name=f"Rounds ({len(review.rounds)})", value=fitting(rounds, 700), inline=False)
    embed.add_field(name="Cost", value=_cost(review))
    embed.add_field(name="Written by", value=_writer(review))
    embed.add_field(name="Left the house", value=_sent(review))


def rounds_card(review: Review, chosen: Sequence[PastRound] = ()) -> discord.Embed:
    """The newest rounds of a change, or those chosen, side by side where there is room."""
    embed = discord.Embed(title=f"Rounds of {review.id}", description=plain(review.title, 250), colour=WORKING)
    for one in chosen or review.rounds[-6:]:
        here = " · shown" if one.number == review.round else ""
        embed.add_field(name=f"Round {one.number}, {one.cause}{here}", value=_round(one))
    if not chosen and (older := len(review.rounds) - 6) > 0:
        embed.set_footer(text=f"And {older} older: choose one below, or haven change show {review.id}")
    return embed


def pair_card(pair: RoundPair) -> discord.Embed:
    """Two rounds beside each other; the diff goes along as a file."""
    embed = discord.Embed(title=f"Rounds {pair.first.number} and {pair.second.number} of {pair.id}", colour=WORKING)
    for one in (pair.first, pair.second):
        embed.add_field(name=f"Round {one.number}, {one.cause}", value=_round(one))
    files = fitting([_file(one) for one in pair.files], 900) or "in nothing"
    embed.add_field(name="Files differ", value=files, inline=False)
    moved = [f"{_code(test)} {_class(first)} → {_class(second)}" for test, first, second in pair.tests]
    embed.add_field(name="Tests differ", value=fitting(moved, 900) or "in nothing", inline=False)
    return embed


def pair_file(pair: RoundPair) -> discord.File:
    """What leads from the first round to the second, as `diff_file`."""
    name = f"change-{pair.id}-rounds-{pair.first.number}-{pair.second.number}.diff"
    return discord.File(io.BytesIO(redact(pair.diff).encode() or b"(no difference)\n"), filename=name)


def _round(one: PastRound) -> str:
    asked = plain(" ".join(one.instruction.split()), 120) if one.instruction else "the request"
    made = f"{len(one.files)} file{'s' * (len(one.files) != 1)}, {one.usd:.4f} USD, {one.seconds:.0f} s"
    parts = [asked, plain(one.tests or "no tests yet", 200), made if one.commit else "no edits that could be used"]
    return "\n".join([*parts, *([plain(one.ended, 100)] if one.ended else [])])


def _class(name: str) -> str:
    return plain(name.replace("_", " "), 40) or "not there"


def _file(file: FileDiff) -> str:
    lines = "binary" if file.added is None else f"+{file.added} −{file.removed or 0}"
    return f"{_code(file.name)} {lines}"


def _cost(review: Review) -> str:
    """Dollars, and the tokens that were read afresh and from the cache."""
    fresh, cached = review.tokens.get("fresh", 0), review.tokens.get("cached", 0)
    return f"{review.cost_usd:.4f} USD" + (f"\n{fresh:,} tokens fresh, {cached:,} cached" if fresh or cached else "")


def _sent(review: Review) -> str:
    """To whom how many calls went, and how many values were taken out before."""
    if not review.sent:
        return "nothing"
    hidden = sum(sum(one.redacted.values()) for one in review.sent)
    to = ", ".join(sorted({one.to for one in review.sent}))
    return plain(f"{len(review.sent)} call{'s' * (len(review.sent) > 1)} to {to}; {hidden} values taken out", 200)


def _names(tests: Sequence[str]) -> str:
    named = ", ".join(_code(test.rpartition("::")[2]) for test in tests[:3])
    return f"{named} and {len(tests) - 3} more" if len(tests) > 3 else named


def _code(text: str) -> str:
    return f"`{words(text, 120).replace('`', chr(39))}`"


def _tests(review: Review) -> str:
    """By name the tests that are not simply as before, and why; "" where all are."""
    told = [
        f"• {class_said(name)}: {_names(tests)}"
        for name, tests in by_class(review.tests).items()
        if tests and name not in UNREMARKABLE
    ]
    return fitting([*told, *(plain(one, 250) for one in test_notes(review.tests))], 800)


def _writer(review: Review) -> str:
    """The model, where it runs, and why it was asked."""
    route = review.route
    model = plain(str(route.get("model", "nobody")), 80)
    who = f"{STAND_IN} ({model})" if review.stand_in else f"{model}, {route.get('tier', 'by hand')}"
    why = plain("; ".join(map(str, route.get("reasons", ()))), 160)
    return f"{who}\n{why}" if why else who


def _footer(change: Change, review: Review | None) -> str:
    commit = f" · commit {review.commit[:12]}" if review is not None and review.commit else ""
    return f"Change {change.id} · round {change.round}{commit} · asked by {words(change.requester_name, 60)}"


def fitting(lines: Sequence[str], limit: int) -> str:
    """As many whole lines as fit, and how many more there are."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if sum(map(len, kept)) + len(kept) + len(line) + 20 > limit:
            return "\n".join([*kept, f"… and {len(lines) - number} more"])
        kept.append(line)
    return "\n".join(kept)
