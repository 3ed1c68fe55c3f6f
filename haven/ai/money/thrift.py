"""Where money could be saved: each suggestion with what it would have saved in the period, scaled to a month.

Only what the house itself has seen is used. What a suggestion does to quality is said where it was measured here,
and said to be unknown where it was not.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from haven.ai.money import prices
from haven.ai.task import Tier, Usage
from haven.errors import SettingsError
from haven.store import ledger, outcomes
from haven.store.database import Database
from haven.store.ledger import DAY_S, Entry
from haven.store.outcomes import Repeat, Seen

Row = TypeVar("Row", Seen, Entry)
MONTH_DAYS = 30.0
LEAST_USD = 0.01
"""A month; less than this is not worth a sentence."""
ENOUGH = 10
"""Fewer outcomes than this are chance."""
NEAR = 10
"""A local draft that missed the mark by fewer points than this nearly passed."""
SAME = 3
"""Medians that differ by at most so many points are the same quality."""
LONG_TOKENS = 4000
"""Shorter prompts are not called long."""


@dataclass(frozen=True)
class Suggestion:
    """What to do about one kind, and the saving in US dollars a month."""

    what: str
    """`local`, `cache`, `prompt` or `model`."""
    kind: str
    usd_a_month: float
    text: str
    measured: bool = True
    """False: nobody knows yet what it does to the quality."""


async def optimize(database: Database, since: float, until: float) -> list[Suggestion]:
    """The best first; empty where there is nothing to save or nothing was seen."""
    seen = [one for one in await outcomes.seen(database, since, until) if not one.stand_in]
    calls = [
        call
        for call in await ledger.calls(database, since, until)
        if not call.stand_in and call.usd and call.tier == Tier.CLOUD
    ]
    scale = MONTH_DAYS * DAY_S / (until - since)
    found = [
        *_nearly_passed(_by_kind(seen), scale),
        *_never_tried(_by_kind(seen), scale),
        *_cache(await outcomes.repeats(database, since, until), scale),
        *_shorten(_by_kind(calls), scale),
        *_cheaper(_by_kind(seen), _by_kind(calls), scale),
    ]
    return sorted((one for one in found if one.usd_a_month >= LEAST_USD), key=lambda one: -one.usd_a_month)


def _nearly_passed(by_kind: dict[str, list[Seen]], scale: float) -> Iterator[Suggestion]:
    """Kinds whose local drafts nearly pass and are replaced all the same."""
    for kind, seen in by_kind.items():
        left = [one for one in seen if one.tier == Tier.CLOUD and one.local_score is not None and not one.cached]
        near = [one for one in left if (one.local_score or 0) >= one.pass_mark - NEAR]
        if len(near) < ENOUGH:
            continue
        lowest = min(one.local_score or 0 for one in near)
        gained = statistics.median(one.score - (one.local_score or 0) for one in near)
        text = (
            f"{len(near)} of {len(left)} '{kind}' tasks left though the local draft was at most {NEAR} points below the"
            f" mark; the cloud's reply scored {gained:+.0f} points in the median. `kinds.{kind}.pass_mark = {lowest}`"
            " would have kept them here."
        )
        yield Suggestion("local", kind, sum(one.usd for one in near) * scale, text)


def _never_tried(by_kind: dict[str, list[Seen]], scale: float) -> Iterator[Suggestion]:
    """Kinds that the local model does well, and that are sent to a cloud without asking it."""
    for kind, seen in by_kind.items():
        home = [one.score for one in seen if one.tier == Tier.LOCAL and not one.cached]
        sent = [one for one in seen if one.tier == Tier.CLOUD and one.local_score is None and not one.cached]
        mark = max((one.pass_mark for one in seen), default=0)
        if len(home) < ENOUGH or not sent or statistics.median(home) < mark + NEAR:
            continue
        text = (
            f"{len(sent)} '{kind}' tasks went straight to a cloud, though {len(home)} others were answered locally with"
            f" a median score of {statistics.median(home):.0f} (the mark is {mark}). A rule in `routing.rules` can ask"
            " the local model first; these may have been the harder ones."
        )
        yield Suggestion("local", kind, sum(one.usd for one in sent) * scale, text, measured=False)


def _cache(repeats: Iterable[Repeat], scale: float) -> Iterator[Suggestion]:
    """Questions that were paid for again, word for word."""
    kinds: dict[str, list[Repeat]] = {}
    for one in repeats:
        kinds.setdefault(one.kind, []).append(one)
    for kind, group in kinds.items():
        again = sum(one.times - 1 for one in group)
        text = (
            f"{again} '{kind}' tasks repeated {len(group)} earlier questions word for word and were paid for again. A"
            f" longer `kinds.{kind}.cache_hours` would answer them from the cache while the facts stay the same."
        )
        yield Suggestion("cache", kind, sum(one.usd for one in group) * scale, text)


def _shorten(by_kind: dict[str, list[Entry]], scale: float) -> Iterator[Suggestion]:
    """Prompts longer than twice their kind's median, cut back to that."""
    for kind, calls in by_kind.items():
        bound = max(LONG_TOKENS, 2 * statistics.median(_prompt(call) for call in calls))
        long = [call for call in calls if _prompt(call) > bound]
        saved = sum((call.usd or 0.0) - _cost(call, call.model, bound / _prompt(call)) for call in long)
        if long:
            text = (
                f"{len(long)} of {len(calls)} '{kind}' calls had a prompt of more than {bound:,.0f} tokens; with that"
                " many they would cost so much less. Send less material along, or let the local model condense it"
                " (`routing.prepare_from_tokens`, `changes.context_tokens`)."
            )
            yield Suggestion("prompt", kind, saved * scale, text, measured=False)


def _cheaper(seen: dict[str, list[Seen]], calls: dict[str, list[Entry]], scale: float) -> Iterator[Suggestion]:
    """The dearest model of a kind against each cheaper one: measured where both have answered here."""
    for kind, group in calls.items():
        model = max({call.model for call in group}, key=lambda name: _spent(group, name))
        own = [call for call in group if call.model == model]
        scores = _scores(seen.get(kind, []))
        found = [_option(kind, own, model, other, scores) for other in prices.models()]
        options = [option for option in found if option is not None]
        if options:
            best = max(options, key=lambda option: (option.measured, option.usd_a_month))
            yield Suggestion("model", kind, best.usd_a_month * scale, best.text, best.measured)


def _option(kind: str, own: Sequence[Entry], model: str, other: str, scores: dict[str, list[int]]) -> Suggestion | None:
    """`other` instead of `model` for those calls; None where it is not cheaper or was measured to be worse."""
    saved = sum((call.usd or 0.0) - _cost(call, other) for call in own)
    if other == model or saved <= 0:
        return None
    mine, its = scores.get(model, []), scores.get(other, [])
    measured = len(mine) >= ENOUGH and len(its) >= ENOUGH
    if measured and statistics.median(its) < statistics.median(mine) - SAME:
        return None
    quality = (
        f"its median score here is {statistics.median(its):.0f} ({len(its)} replies) against"
        f" {statistics.median(mine):.0f} ({len(mine)})"
        if measured
        else "how well it does on them is not measured here: try it on a few first"
    )
    text = (
        f"The same {len(own)} '{kind}' calls to {model} would cost less with {other}; {quality}."
        f' `kinds.{kind}.cloud = ["{other}"]` does that.'
    )
    return Suggestion("model", kind, saved, text, measured)


def _cost(call: Entry, model: str, share: float = 1.0) -> float:
    """What the call costs with that model, and with only a share of its prompt; its own cost without a price."""
    try:
        price = prices.of(model)
    except SettingsError:
        return call.usd or 0.0
    prompt = (round(part * share) for part in (call.cache_read, call.cache_write))
    return price.cost(Usage(round(call.input_tokens * share), call.output_tokens, *prompt))


def _prompt(call: Entry) -> int:
    return call.input_tokens + call.cache_read + call.cache_write


def _spent(calls: Iterable[Entry], model: str) -> float:
    return sum(call.usd or 0.0 for call in calls if call.model == model)


def _scores(seen: Iterable[Seen]) -> dict[str, list[int]]:
    """Scores of the cloud's own replies, by model."""
    scores: dict[str, list[int]] = {}
    for one in seen:
        if one.tier == Tier.CLOUD and not one.cached:
            scores.setdefault(one.model, []).append(one.score)
    return scores


def _by_kind(rows: Iterable[Row]) -> dict[str, list[Row]]:
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    return kinds
