"""Where a task may go, for every combination of kind, privacy, wish, complexity, strategy and what is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from haven.access import Role
from haven.ai import conditions
from haven.ai.kinds import KINDS, of
from haven.ai.policy import Now, Offer, Policy, facts, may_leave, route, rules
from haven.ai.task import Complexity, Judgement, Privacy, Route, Step, Task, Tier, Where
from haven.errors import SettingsError
from haven.settings import Routing, Rule, Strategy
from tests.ai.desk import MEMBER, task

SMALL = sorted(kind for kind in KINDS if of(kind).tiers == {Tier.LOCAL})
MODELS = {Tier.LOCAL: ("small", "coder"), Tier.LAN: ("qwen3:4b",), Tier.CLOUD: ("claude-sonnet-5-5", "other")}
RULES = ('kind == "answer"', "tokens > 10", 'private or complexity == "complex"', "cloud_ok and not background")


def judged(complexity: Complexity = Complexity.SIMPLE) -> Judgement:
    return Judgement(complexity, 0.5, ("a reason",))


def there(*gone: Tier, usd: float = 0.01) -> list[Offer]:
    """Every model, those of the tiers `gone` out of reach."""
    return [
        Offer(Step(tier, name), "it is out of reach." if tier in gone else "", usd if tier is Tier.CLOUD else 0.0)
        for tier, names in MODELS.items()
        for name in names
    ]


def routed(
    asked: Task, complexity: Complexity = Complexity.SIMPLE, offers: list[Offer] | None = None, **routing: Any
) -> Route:
    chosen = there() if offers is None else offers
    settings = Routing(**routing)
    decides = Policy(settings, rules(settings))
    return route(asked, judged(complexity), chosen, decides, facts(asked, judged(complexity), chosen, Now(tokens=50)))


offers_ = some.builds(
    Offer,
    some.builds(Step, some.sampled_from(Tier), some.sampled_from(("a", "b", "c"))),
    some.sampled_from(("", "it is out of reach.")),
    some.floats(0, 2),
    some.none() | some.floats(0, 100),
)
rules_ = some.builds(
    Rule,
    when=some.sampled_from(RULES),
    tier=some.sampled_from([tier.value for tier in Tier]),
    model=some.sampled_from(("", "a", "b")),
    fallback=some.lists(some.sampled_from([tier.value for tier in Tier]), max_size=2).map(tuple),
)
routings = some.builds(
    Routing,
    strategy=some.sampled_from(Strategy),
    rules=some.lists(rules_, max_size=3).map(tuple),
    hybrid=some.booleans(),
    max_seconds=some.sampled_from((0.0, 1.0, 50.0)),
)
tasks = some.builds(
    lambda kind, privacy, where, background, max_usd: task(
        kind=kind, privacy=privacy, where=where, background=background, max_usd=max_usd
    ),
    some.sampled_from([*KINDS, "a kind of next year"]),
    some.sampled_from(Privacy),
    some.sampled_from(Where),
    some.booleans(),
    some.none() | some.floats(0, 1),
)


@given(tasks, some.sampled_from(Complexity), some.lists(offers_, max_size=8), routings, some.booleans())
def test_no_settings_and_no_model_let_out_what_must_stay(
    asked: Task, complexity: Complexity, offers: list[Offer], routing: Routing, lan_only: bool
) -> None:
    decides = Policy(routing, rules(routing), lan_only, max_usd=0.5)
    chosen = route(asked, judged(complexity), offers, decides, facts(asked, judged(complexity), offers, Now()))
    stays = asked.privacy is Privacy.PRIVATE or asked.where is Where.LOCAL or asked.kind in SMALL
    assert may_leave(asked) is not stays
    assert not stays or set(chosen.tiers) <= {Tier.LOCAL}
    assert set(chosen.tiers) <= of(asked.kind).tiers
    assert chosen.reasons and bool(chosen.refused) is (not chosen.steps)
    limit = 0.5 if asked.max_usd is None else asked.max_usd
    usable = [offer for offer in offers if not offer.missing]
    fitting = [offer.step for offer in usable if offer.worst_usd <= limit]
    too_dear = [step for step in chosen.steps if step not in fitting]
    assert set(too_dear) <= {offer.step for offer in usable} and len(too_dear) <= 1
    if too_dear:  # it is refused at the door: only there to have the person asked, who can take the local one
        assert too_dear[0].tier is Tier.CLOUD and Tier.LOCAL in chosen.tiers and not asked.background
        assert Tier.CLOUD not in {step.tier for step in fitting}
    assert not chosen.hybrid or (chosen.steps[0].tier is Tier.LOCAL and len(chosen.tiers) > 1)


@pytest.mark.parametrize(
    ("complexity", "tiers", "hybrid"),
    [
        (Complexity.SIMPLE, (Tier.LOCAL, Tier.LAN, Tier.CLOUD), False),
        (Complexity.MEDIUM, (Tier.LOCAL, Tier.LAN, Tier.CLOUD), True),
        (Complexity.COMPLEX, (Tier.CLOUD, Tier.LAN, Tier.LOCAL), False),
    ],
)
def test_what_is_hard_goes_to_the_large_model_first(
    complexity: Complexity, tiers: tuple[Tier, ...], hybrid: bool
) -> None:
    chosen = routed(task(), complexity)
    assert (chosen.tiers, chosen.hybrid) == (tiers, hybrid)


@pytest.mark.parametrize(
    ("wish", "tiers"),
    [
        ({"where": Where.CLOUD}, (Tier.CLOUD, Tier.LOCAL)),
        ({"where": Where.LAN}, (Tier.LAN, Tier.LOCAL)),
        ({"where": Where.LOCAL}, (Tier.LOCAL,)),
        ({"kind": "edits"}, (Tier.CLOUD, Tier.LAN)),
        ({"kind": "title"}, (Tier.LOCAL,)),
        ({"privacy": Privacy.PRIVATE, "where": Where.CLOUD}, (Tier.LOCAL,)),
    ],
)
@pytest.mark.parametrize("strategy", Strategy)
def test_what_the_person_chose_and_what_the_kind_needs_come_before_any_strategy(
    wish: dict[str, Any], tiers: tuple[Tier, ...], strategy: Strategy
) -> None:
    assert routed(task(**wish), strategy=strategy).tiers == tiers


@pytest.mark.parametrize(
    ("strategy", "first", "tiers"),
    [
        (Strategy.QUALITY, Tier.CLOUD, {*Tier}),
        (Strategy.PRIVACY, Tier.LOCAL, {Tier.LOCAL, Tier.LAN}),
        (Strategy.COST, Tier.LOCAL, {*Tier}),
    ],
)
def test_a_strategy_decides_who_is_first_and_who_is_asked_at_all(
    strategy: Strategy, first: Tier, tiers: set[Tier]
) -> None:
    chosen = routed(task(), strategy=strategy)
    assert (chosen.steps[0].tier, set(chosen.tiers)) == (first, tiers)


def test_the_strategy_latency_goes_by_what_was_measured() -> None:
    slow_local = [replace(one, seconds=40.0 if one.tier is Tier.LOCAL else 3.0) for one in there()]
    assert routed(task(), offers=slow_local, strategy=Strategy.LATENCY).tiers[-1] is Tier.LOCAL


def test_the_first_rule_that_holds_names_the_model_and_its_fallback() -> None:
    some_rules = (
        Rule(when="tokens > 2048", tier="cloud"),
        Rule(when='kind == "answer" and role == "member"', tier="cloud", model="other", fallback=("local",)),
    )
    chosen = routed(task(), rules=some_rules)
    assert [step.model for step in chosen.steps] == ["other", "claude-sonnet-5-5", "small", "coder"]
    assert chosen.reasons[0].startswith('rule: kind == "answer"')


def test_a_rule_can_not_send_out_what_is_private() -> None:
    chosen = routed(task(privacy=Privacy.PRIVATE), rules=(Rule(when="private", tier="cloud"),))
    assert chosen.tiers == (Tier.LOCAL,)


def test_a_rule_that_can_not_be_read_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="kindd"):
        rules(Routing(rules=(Rule(when='kindd == "answer"', tier="cloud"),)))


def test_every_name_that_a_rule_may_use_has_a_value() -> None:
    given_facts = facts(task(), judged(), there(), Now())
    assert set(given_facts) == set(conditions.NAMES)
    assert given_facts["role"] == Role.MEMBER.name.lower() and given_facts["person"] == MEMBER.id


def test_where_all_inference_was_moved_to_the_lan_local_is_the_last() -> None:
    chosen = route(task(), judged(), there(), Policy(lan_only=True), {})
    assert chosen.tiers == (Tier.LAN, Tier.CLOUD, Tier.LOCAL)


SMALL_FIRST, LARGE_FIRST = ["haiku", "sonnet"], ["sonnet", "haiku"]


@pytest.mark.parametrize(
    ("wish", "complexity", "models"),
    [
        ({}, Complexity.SIMPLE, SMALL_FIRST),
        ({}, Complexity.MEDIUM, SMALL_FIRST),
        ({}, Complexity.COMPLEX, LARGE_FIRST),
        ({"where": Where.CLOUD}, Complexity.SIMPLE, LARGE_FIRST),
        ({"kind": "edits"}, Complexity.SIMPLE, ["sonnet"]),
    ],
)
def test_the_small_model_of_the_cloud_is_asked_first_where_a_task_is_not_complex(
    wish: dict[str, Any], complexity: Complexity, models: list[str]
) -> None:
    offers = [Offer(Step(Tier.CLOUD, name)) for name in LARGE_FIRST]
    assert [
        step.model for step in route(task(**wish), judged(complexity), offers, Policy(small_model="haiku"), {}).steps
    ] == models


def test_the_strategy_cost_asks_the_cheapest_cloud_first_however_hard_it_is() -> None:
    offers = [
        Offer(Step(Tier.CLOUD, name), worst_usd=usd)
        for name, usd in (("sonnet", 0.05), ("gemini", 0.01), ("haiku", 0.003))
    ]
    decides = Policy(Routing(strategy=Strategy.COST), small_model="haiku")
    chosen = route(task(), judged(Complexity.COMPLEX), offers, decides, {})
    assert [step.model for step in chosen.steps] == ["haiku", "gemini", "sonnet"]


@given(
    tasks,
    some.sampled_from(Complexity),
    some.lists(offers_, max_size=8),
    routings,
    some.booleans(),
    some.floats(-1, 1),
)
def test_what_was_learned_changes_the_order_alone_and_never_what_a_person_or_a_rule_chose(
    asked: Task, complexity: Complexity, offers: list[Offer], routing: Routing, lan_only: bool, gain: float
) -> None:
    decides = Policy(routing, rules(routing), lan_only, small_model="b", max_usd=0.5)

    def by(found: Judgement) -> Route:
        return route(asked, found, offers, decides, facts(asked, found, offers, Now()))

    plain, learned = by(judged(complexity)), by(replace(judged(complexity), gain=gain))
    assert set(learned.steps) == set(plain.steps) and learned.refused == plain.refused
    if not may_leave(asked) or asked.where is not Where.AUTO or plain.reasons[0].startswith("rule: "):
        assert (learned.steps, learned.reasons) == (plain.steps, plain.reasons)
    if routing.strategy is not Strategy.LOCAL_FIRST or gain < 0.5:
        assert (learned.steps, learned.reasons) == (plain.steps, plain.reasons)


@pytest.mark.parametrize("complexity", [Complexity.SIMPLE, Complexity.MEDIUM])
def test_tasks_whose_like_failed_here_and_passed_elsewhere_go_up_at_once_and_it_says_why(
    complexity: Complexity,
) -> None:
    def by(gain: float) -> Route:
        return route(task(), replace(judged(complexity), gain=gain), there(), Policy(), {})

    assert by(0.6).tiers[0] is Tier.CLOUD and not by(0.6).hybrid
    assert "tasks like it passed in 60% more of the cases" in by(0.6).reasons[0]
    assert by(0.3).tiers[0] is Tier.LOCAL and by(-0.4).tiers[0] is Tier.LOCAL


def test_what_costs_too_much_is_left_out_and_named() -> None:
    for wish in ({"background": True}, {"kind": "edits"}):  # nobody is there to be asked; nothing else could do it
        chosen = routed(task(max_usd=0.05, **wish), Complexity.COMPLEX, there(usd=0.06))
        assert Tier.CLOUD not in chosen.tiers and any("over this request's 0.05" in reason for reason in chosen.reasons)
    offers = [Offer(Step(Tier.LOCAL, "small")), Offer(Step(Tier.CLOUD, "dear"), worst_usd=0.06)]
    offers.append(Offer(Step(Tier.CLOUD, "cheap"), worst_usd=0.04))
    chosen = routed(task(max_usd=0.05), Complexity.COMPLEX, offers)
    assert [step.model for step in chosen.steps] == ["cheap", "small"]


def test_where_the_cap_of_a_request_alone_keeps_the_cloud_out_its_turn_comes_all_the_same() -> None:
    """The ledger refuses it there, and the person is asked."""
    offers = [*there(usd=0.06), Offer(Step(Tier.CLOUD, "cheaper"), worst_usd=0.055)]
    chosen = routed(task(max_usd=0.05), Complexity.COMPLEX, offers)
    assert [step.model for step in chosen.steps] == ["cheaper", "qwen3:4b", "small", "coder"]
    assert any("over this request's 0.05" in reason for reason in chosen.reasons)
    assert Tier.CLOUD not in routed(task(max_usd=0.05), offers=offers, strategy=Strategy.PRIVACY).tiers


def test_what_takes_too_long_is_left_out_while_others_are_left() -> None:
    slow = [replace(one, seconds=90.0) for one in there() if one.tier is Tier.LOCAL]
    assert routed(task(), offers=slow, max_seconds=10).tiers == (Tier.LOCAL,)
    assert routed(task(), offers=[*slow, *there(Tier.LOCAL)], max_seconds=10).tiers == (Tier.LAN, Tier.CLOUD)


def test_a_tier_that_is_missing_is_skipped_and_named() -> None:
    chosen = routed(task(), offers=there(Tier.LOCAL))
    assert chosen.tiers == (Tier.LAN, Tier.CLOUD) and "local: it is out of reach." in chosen.reasons


def test_a_refusal_says_why_and_what_is_missing() -> None:
    refused = routed(task(privacy=Privacy.PRIVATE), offers=there(Tier.LOCAL)).refused
    assert "never leaves this house" in refused and "Local: it is out of reach." in refused and "Cloud" not in refused


@pytest.mark.parametrize("wish", [{"privacy": Privacy.PRIVATE}, {"where": Where.LOCAL}])
def test_code_that_must_stay_here_is_refused_and_not_given_to_a_small_model(wish: dict[str, Any]) -> None:
    chosen = routed(task(kind="edits", **wish))
    assert not chosen.steps and "Local: edits need a large model." in chosen.refused
