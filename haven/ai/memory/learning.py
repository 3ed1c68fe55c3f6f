"""How far a pass mark is moved by experience: one pure decision over the outcomes of one kind."""

from __future__ import annotations

import math
from collections.abc import Sequence

from haven.ai.task import Tier
from haven.store.outcomes import Seen

BOUND = 15
"""A mark is never moved further than this from what the settings say, in points."""
STEP = 5
"""The most that one decision moves it."""
ENOUGH = 20
"""Fewer outcomes than this say nothing."""
SIGNALS = 5
"""Nor do fewer of those that speak for or against the mark."""
RAISE_FROM = 0.4
"""This share of judged answers disliked: the mark lets too much through ..."""
LOWER_FROM = 0.6
"""... and this share of drafts below the mark that were as good: it keeps too much back."""
NO_BETTER = 5
"""A reply from elsewhere that scored at most so many points more than the draft was not worth asking for."""


def decide(seen: Sequence[Seen], shift: int) -> tuple[int, str] | None:
    """The new shift and the reason for it, or None where the mark stays; `seen` is of one kind since the last step."""
    if len(seen) < ENOUGH:
        return None
    disliked, judged = _passed_and_judged(seen)
    as_good, below = _below_the_mark(seen)
    raises = judged >= SIGNALS and disliked / judged >= RAISE_FROM
    lowers = below >= SIGNALS and as_good / below >= LOWER_FROM
    if raises == lowers:
        return None  # nothing to say, or the two say the opposite
    points = math.ceil(STEP * (disliked / judged if raises else as_good / below))
    moved = max(-BOUND, min(BOUND, shift + points if raises else shift - points))
    if moved == shift:
        return None
    if raises:
        reason = f"people disliked {disliked} of {judged} judged local answers that had passed"
    else:
        reason = f"{as_good} of {below} local drafts below the mark were as good as what replaced them, or were liked"
    return moved, f"{reason} ({len(seen)} outcomes): the mark moves by {moved - shift:+d} to {moved:+d}"


def _passed_and_judged(seen: Sequence[Seen]) -> tuple[int, int]:
    """Of the local answers that passed and that people judged: how many they disliked, and how many there are."""
    judged = [one for one in seen if one.tier == Tier.LOCAL and one.score >= one.pass_mark and one.up != one.down]
    return sum(one.down > one.up for one in judged), len(judged)


def _below_the_mark(seen: Sequence[Seen]) -> tuple[int, int]:
    """Of the local drafts below the mark: how many were as good as what replaced them or were liked, and how many."""
    replaced = [
        one
        for one in seen
        if one.tier != Tier.LOCAL and one.local_score is not None and one.local_score < one.pass_mark
    ]
    kept = [one for one in seen if one.tier == Tier.LOCAL and one.score < one.pass_mark and one.up != one.down]
    as_good = sum((one.local_score or 0) + NO_BETTER >= one.score for one in replaced)
    return as_good + sum(one.up > one.down for one in kept), len(replaced) + len(kept)
