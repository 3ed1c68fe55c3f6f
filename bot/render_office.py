"""Cards of the accounts, the models and what is kept of a person: pure functions, as in `bot.render`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import discord

from assistants.accounting import Accounts
from bot.language import say, told
from bot.render import WORKING, fitting, person, plain
from haven.ai.models.registry import Shelf
from haven.ai.money.caps import InForce
from haven.ai.money.costs import Line, Savings
from haven.store.ledger import DAY_S

GOOD, WARN = 0x3BA55D, 0xFAA61A
BAR = 12
"""Columns of the longest bar: a phone shows about thirty of a code block."""
MOST_NAMED = 6


def costs_card(found: Accounts) -> discord.Embed:
    """Against the caps first, then the days, then who and what."""
    near = found.today >= 0.8 * found.caps.daily or found.month >= 0.8 * found.caps.monthly
    title = say("Costs: near a cap") if near else say("Costs")
    embed = discord.Embed(title=title, colour=WARN if near else GOOD)
    embed.description = "\n".join(_against(found))
    embed.add_field(name=_days_title(found), value=chart(found.daily), inline=False)
    for name, lines, shown in (
        (say("By person, 30 days"), found.lately.people if found.everybody else (), person),
        (say("By kind, 30 days"), found.lately.kinds, _plain),
        (say("By model, 30 days"), found.lately.models, _plain),
    ):
        if lines:
            embed.add_field(name=name, value=_lines(lines, shown), inline=False)
    if found.saved is not None and found.saved.saved_usd > 0:
        embed.add_field(name=say("Saved in 30 days"), value=_saved(found.saved), inline=False)
    embed.set_footer(text=say("US dollars; days are UTC. What is unknown counts at its worst case."))
    return embed


def chart(daily: Sequence[tuple[int, float]]) -> str:
    """A line a day, the newest last: its date, a bar and the amount, so that it needs neither colour nor picture."""
    most = max((usd for _, usd in daily), default=0.0)
    lines = [f"{_date(day)} {_bar(usd, most)} {usd:.2f}" for day, usd in daily]
    return "```\n" + "\n".join(lines) + "\n```"


def caps_card(caps: InForce) -> discord.Embed:
    lines = [
        say("Everybody together: {usd} USD a day", usd=f"{caps.daily:.2f}"),
        say("Each person: {usd} USD a day", usd=f"{caps.per_person:.2f}"),
        say("A month: {usd} USD (haven.toml)", usd=f"{caps.monthly:.2f}"),
        *(say("{who}: {usd} USD a day", who=person(who), usd=f"{usd:.2f}") for who, usd in caps.people.items()),
    ]
    embed = discord.Embed(title=say("Caps"), description=fitting(lines, 3_000), colour=WORKING)
    names = [one.by_name for one in caps.set_]
    if names:
        embed.set_footer(
            text=say("Set while Haven runs, last by {name}. They hold at once.", name=plain(names[-1], 60))
        )
    return embed


def models_card(shelves: Sequence[Shelf], others: Sequence[tuple[str, str, str]], cloud: str) -> discord.Embed:
    """`others`: tier, name and why it can't be used ("": it can); `cloud`: why nothing may leave for it."""
    embed = discord.Embed(title=say("Models"), description=_refused(cloud), colour=WORKING)
    here = [_shelf(one) for one in shelves if one.installed]
    embed.add_field(name=say("On this machine"), value=fitting(here, 1_000) or say("none"), inline=False)
    for tier, name in (("lan", say("At home")), ("cloud", say("In the cloud"))):
        said = [
            f"`{plain(model, 80)}`: {plain(told(why), 200) or say('ready')}" for at, model, why in others if at == tier
        ]
        if said:
            embed.add_field(name=name, value=fitting(said, 900), inline=False)
    lacking = [f"{plain(one.model.name, 60)} ({one.model.ram_mb:,} MB)" for one in shelves if not one.installed]
    if lacking:
        embed.add_field(name=say("Could be installed (memory)"), value=fitting(lacking, 1_000), inline=False)
    return embed


def kept_card(counts: Mapping[str, int], texts: Sequence[str]) -> discord.Embed:
    """How much of each kind is kept, and what would stay."""
    lines = [f"{say(kind)}: {count:,}" for kind, count in counts.items() if count]
    about = "\n".join(lines) or say("Nothing is kept of you.")
    embed = discord.Embed(title=say("What Haven keeps of you"), description=about, colour=WORKING)
    embed.add_field(name=say("If you delete it"), value="\n".join(texts), inline=False)
    return embed


def _against(found: Accounts) -> list[str]:
    lines = [
        say("**Today** {usd} of {cap} USD", usd=f"{found.today:.2f}", cap=f"{found.caps.daily:.2f}"),
        say("**You, today** {usd} of {cap} USD", usd=f"{found.mine_today:.2f}", cap=f"{found.my_cap:.2f}"),
        say("**Seven days** {usd} USD", usd=f"{found.week:.2f}"),
        say("**This month** {usd} of {cap} USD", usd=f"{found.month:.2f}", cap=f"{found.caps.monthly:.2f}"),
    ]
    if found.stand_in:
        lines.append(say("A stand-in answers here, not Claude: it costs nothing."))
    if found.off:
        lines.append(_refused(found.off))
    return lines


def _refused(why: str) -> str:
    return f"🔴 {plain(told(why), 300)}" if why else ""


def _days_title(found: Accounts) -> str:
    return say("The last 14 days, everybody, in USD") if found.everybody else say("Your last 14 days, in USD")


def _saved(saved: Savings) -> str:
    return say(
        "{count} answers needed no cloud. {model} would have cost about {usd} USD for them (prices of {date}).",
        count=f"{saved.local + saved.lan + saved.cached:,}",
        model=plain(saved.baseline, 80),
        usd=f"{saved.saved_usd:.2f}",
        date=saved.prices_as_of,
    )


def _calls(count: int) -> str:
    return say("1 call") if count == 1 else say("{count} calls", count=f"{count:,}")


def _lines(lines: Sequence[Line], name: Callable[[str], str]) -> str:
    said = [f"{name(one.name)}: {one.usd:.3f} ({_calls(one.calls)})" for one in lines]
    return fitting(said[:MOST_NAMED], 900)


def _plain(text: str) -> str:
    return plain(told(text), 60)


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY_S, UTC).strftime("%d.%m.")


def _bar(usd: float, most: float) -> str:
    """Whole blocks: eighths of one are no character of some phones' fonts."""
    full = round(BAR * usd / most) if most else 0
    return "█" * full + "·" * (BAR - full)


def _shelf(one: Shelf) -> str:
    model = one.model
    size = say("installed, {mb} MB of memory", mb=f"{model.ram_mb:,}")
    speed = f", {plain(model.speed, 80)} ({plain(model.speed_source, 80)})" if model.speed else ""
    return f"🟢 **{plain(model.name, 60)}** {size}, {plain(model.licence, 40)}{speed}"
