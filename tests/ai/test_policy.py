"""Where a task may go, for every combination of kind, privacy, wish and what is there."""

from __future__ import annotations

from itertools import product

import pytest

from haven.ai.policy import CLOUD_KINDS, LOCAL_KINDS, may_leave, route
from haven.ai.task import Privacy, Tier, Where
from tests.ai.desk import task

KINDS = [*sorted(LOCAL_KINDS), *sorted(CLOUD_KINDS), "answer", "a kind of next year"]
ALL = list(product(KINDS, Privacy, Where, (True, False), (True, False)))


def what_is_there(local: bool, cloud: bool) -> dict[Tier, str]:
    return {Tier.LOCAL: "" if local else "no model.", Tier.CLOUD: "" if cloud else "no key.", Tier.LAN: "no server."}


@pytest.mark.parametrize(("kind", "privacy", "where", "local", "cloud"), ALL)
def test_what_must_stay_home_has_no_way_out(
    kind: str, privacy: Privacy, where: Where, local: bool, cloud: bool
) -> None:
    asked = task(kind=kind, privacy=privacy, where=where)
    chosen = route(asked, what_is_there(local, cloud))
    stays = privacy is Privacy.PRIVATE or where is Where.LOCAL or kind in LOCAL_KINDS
    assert may_leave(asked) is not stays
    assert not stays or set(chosen.tiers) <= {Tier.LOCAL}
    assert chosen.reasons and bool(chosen.refused) is (not chosen.tiers)
    assert all(there for tier, there in ((Tier.LOCAL, local), (Tier.CLOUD, cloud)) if tier in chosen.tiers)


@pytest.mark.parametrize(
    ("kind", "where", "tiers"),
    [
        ("answer", Where.AUTO, (Tier.LOCAL, Tier.CLOUD)),
        ("answer", Where.CLOUD, (Tier.CLOUD, Tier.LOCAL)),
        ("answer", Where.LOCAL, (Tier.LOCAL,)),
        ("edits", Where.AUTO, (Tier.CLOUD,)),
        ("title", Where.AUTO, (Tier.LOCAL,)),
    ],
)
def test_the_order_follows_the_wish_and_the_kind(kind: str, where: Where, tiers: tuple[Tier, ...]) -> None:
    assert route(task(kind=kind, where=where), what_is_there(True, True)).tiers == tiers


def test_a_tier_that_is_missing_is_skipped_and_named() -> None:
    chosen = route(task(), what_is_there(False, True))
    assert chosen.tiers == (Tier.CLOUD,) and "local: no model." in chosen.reasons


def test_a_refusal_says_why_and_what_is_missing() -> None:
    refused = route(task(privacy=Privacy.PRIVATE), what_is_there(False, True)).refused
    assert "never leaves this house" in refused and "Local: no model." in refused and "key" not in refused
