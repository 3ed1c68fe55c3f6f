"""Where a task may go: pure functions from a task, its judgement and what is there now to a route."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from haven.ai import kinds
from haven.ai.conditions import Condition, Facts, compile
from haven.ai.task import Complexity, Judgement, Privacy, Route, Step, Task, Tier, Where
from haven.quoting import ended
from haven.settings import Routing, Strategy


@dataclass(frozen=True)
class Offer:
    """One model that could be asked: what it would cost at worst (US dollars), how long it usually takes (seconds)."""

    step: Step
    missing: str = ""
    """Why it can't be used now; "" where it can."""
    worst_usd: float = 0.0
    seconds: float | None = None
    resting: str = ""
    """Why it is left alone for the moment: it stays on the way, so that a person may choose to wait for it."""
    stand_in: bool = False
    """Nothing real is charged."""

    @property
    def tier(self) -> Tier:
        return self.step.tier


@dataclass(frozen=True)
class Rule:
    """A readable condition from the settings, and who is asked first and after that where it holds."""

    text: str
    condition: Condition
    tier: Tier
    model: str = ""
    fallback: tuple[Tier, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The settings that decide, and the rules made of them."""

    routing: Routing = field(default_factory=Routing)
    rules: tuple[Rule, ...] = ()
    lan_only: bool = False
    small_model: str = ""
    """The cloud's cheaper model: first where a task is not complex, never for code changes."""
    max_usd: float | None = None
    """The most that one request may cost."""


def rules(routing: Routing) -> tuple[Rule, ...]:
    """The rules of the settings, read. Raises SettingsError for one that can't be."""
    return tuple(
        Rule(one.when, compile(one.when), Tier(one.tier), one.model, tuple(map(Tier, one.fallback)))
        for one in routing.rules
    )


HOME = (Tier.LOCAL, Tier.LAN, Tier.CLOUD)
LARGE_FIRST = (Tier.CLOUD, Tier.LAN, Tier.LOCAL)
GAINS = 0.5
"""From here on the local draft is thrown away more often than it is used: the larger model is asked at once."""
SPEED = {Tier.LOCAL: 20.0, Tier.LAN: 10.0, Tier.CLOUD: 5.0}
"""Seconds that an answer of a tier is taken to need until some have been measured."""


def route(
    task: Task,
    judgement: Judgement,
    offers: Sequence[Offer],
    policy: Policy,
    facts: Facts,
) -> Route:
    """The models to try, in order, and why. `offers` are in order of preference within each tier.

    Private tasks stay local whatever else is asked. Where no model is left, `refused` is the sentence for the person.
    """
    allowed, bound = _allowed(task)
    order, reason, hybrid, first = _order(task, judgement, policy, facts, allowed, bound)
    wanted = [offer for tier in order for offer in offers if offer.tier is tier]
    if not bound:
        wanted = _by_strategy(wanted, task, policy.routing.strategy)
    wanted = _by_size(wanted, task, judgement, policy)
    if first is not None:
        wanted.sort(key=lambda offer: (offer.tier, offer.step.model) != first)  # stable: the rest stays in order
    wanted = [_after_a_yes(offer, task) for offer in wanted]
    missing = [(offer.tier, offer.missing) for offer in wanted if offer.missing]
    resting = [(offer.tier, offer.resting) for offer in wanted if offer.resting and not offer.missing]
    expected = [tier for tier in order if tier is not Tier.LAN or task.where is Where.LAN or policy.lan_only]
    missing += [] if order else [(Tier.LOCAL, f"{task.kind} need a large model")]
    missing += [(tier, ABSENT) for tier in expected if not any(offer.tier is tier for offer in wanted)]
    there = [offer for offer in wanted if not offer.missing]
    left, dropped = _within_limits(there, task, policy)
    if dear := _to_ask_about(there, left, task, policy):
        dropped.append(f"{dear.step.model}: where its turn comes, the person (or the setting routing.away) decides")
        left = [offer for offer in there if offer in left or offer is dear]
    told = dict.fromkeys(f"{tier.value}: {why}" for tier, why in (*missing, *resting))  # one key is all clouds' lack
    reasons = (reason, *told, *dropped)
    if not left:
        return Route((), reasons, _refusal(reason if len(order) < 2 else "", missing, dropped), judgement=judgement)
    steps = tuple(offer.step for offer in left)
    alone = all(step.tier is Tier.LOCAL for step in steps)
    if alone and hybrid:
        reasons += ("so the local model does it alone",)
    return Route(steps, reasons, hybrid=hybrid and steps[0].tier is Tier.LOCAL and not alone, judgement=judgement)


ABSENT = "it is not configured"


@dataclass(frozen=True)
class Now:
    """What a rule may ask about besides the task: tokens of all that would be sent, the hour here, US dollars spent."""

    tokens: int = 0
    material_tokens: int = 0
    hour: int = 0
    spent_today: float = 0.0
    spent_month: float = 0.0


def facts(task: Task, judgement: Judgement, offers: Sequence[Offer], now: Now) -> Facts:
    """A value for every name in `conditions.NAMES`."""
    there = {offer.tier for offer in offers if not offer.missing and not offer.resting}
    return {
        "kind": task.kind,
        "tokens": now.tokens,
        "material_tokens": now.material_tokens,
        "max_tokens": task.max_tokens,
        "complexity": judgement.complexity.value,
        "hardness": judgement.score,
        "private": task.privacy is Privacy.PRIVATE,
        "where": task.where.value,
        "has_schema": task.schema is not None or task.tool is not None,
        "has_tools": bool(task.tools),
        "change": task.change is not None,
        "background": task.background,
        "person": task.principal.id,
        "role": task.principal.role.name.lower(),
        "face": task.principal.face,
        "hour": now.hour,
        "spent_today": now.spent_today,
        "spent_month": now.spent_month,
        **{f"{tier.value}_ok": tier in there for tier in Tier},
    }


def may_leave(task: Task) -> bool:
    """Whether this task may leave the house at all; the engine asks again at its door."""
    stays = task.privacy is Privacy.PRIVATE or task.where is Where.LOCAL
    return not stays and bool(kinds.of(task.kind).tiers - {Tier.LOCAL})


def _allowed(task: Task) -> tuple[frozenset[Tier], str]:
    """The tiers that are not forbidden; and, where that leaves at most the local one, why."""
    tiers = kinds.of(task.kind).tiers
    here = tiers & {Tier.LOCAL}
    if task.privacy is Privacy.PRIVATE:
        return here, "private: it never leaves this house"
    if task.where is Where.LOCAL:
        return here, "local was asked for"
    return tiers, f"{task.kind} is small work: local" if tiers == {Tier.LOCAL} else ""


def _order(
    task: Task,
    judgement: Judgement,
    policy: Policy,
    facts: Facts,
    allowed: frozenset[Tier],
    bound: str,
) -> tuple[tuple[Tier, ...], str, bool, tuple[Tier, str] | None]:
    """Tiers in order, why, whether hybrid, and the very model that a rule puts first."""
    if bound:
        return _only((Tier.LOCAL,), allowed), bound, False, None
    if task.where is not Where.AUTO:
        chosen = (Tier.CLOUD, Tier.LOCAL) if task.where is Where.CLOUD else (Tier.LAN, Tier.LOCAL)
        return _only(chosen, allowed), f"the {task.where.value} was asked for", False, None
    for rule in policy.rules:
        if rule.tier in allowed and rule.condition.holds(facts):
            order = _only((rule.tier, *rule.fallback), allowed)
            return order, f"rule: {rule.text}", False, (rule.tier, rule.model) if rule.model else None
    if Tier.LOCAL in allowed:
        order, reason, hybrid = _by_complexity(judgement, policy.routing)
    else:
        order, reason, hybrid = LARGE_FIRST, f"{task.kind} need a large model", False
    if policy.lan_only:
        order, reason, hybrid = _lan_first(order), "inference was moved to the lan; local is the fallback", False
    return _only(order, allowed), reason, hybrid, None


def _by_complexity(judgement: Judgement, routing: Routing) -> tuple[tuple[Tier, ...], str, bool]:
    match routing.strategy:
        case Strategy.QUALITY:
            return LARGE_FIRST, "strategy quality: the ablest model first", False
        case Strategy.PRIVACY:
            return (Tier.LOCAL, Tier.LAN), "strategy privacy: the cloud only where it is asked for", False
        case Strategy.COST:
            return HOME, "strategy cost: the cheapest model first", routing.hybrid
        case Strategy.LATENCY:
            return HOME, "strategy latency: the quickest model first", False
    if judgement.complexity is Complexity.COMPLEX:
        return LARGE_FIRST, f"complex ({_why(judgement)}): a large model first", False
    if judgement.gain is not None and judgement.gain >= GAINS:
        more = f"a larger model's answer to tasks like it passed in {judgement.gain:.0%} more of the cases"
        return LARGE_FIRST, f"{judgement.complexity.value}, but {more}: a large model first", False
    if judgement.complexity is Complexity.MEDIUM and routing.hybrid:
        return HOME, f"medium ({_why(judgement)}): the local model prepares, the next one finishes", True
    return HOME, "local first; the next one if the answer scores below the pass mark", False


def _why(judgement: Judgement) -> str:
    return ", ".join(judgement.reasons[:2]) or f"{judgement.score:.2f}"


def _lan_first(order: Sequence[Tier]) -> tuple[Tier, ...]:
    return (Tier.LAN, *(tier for tier in order if tier is Tier.CLOUD), Tier.LOCAL)


def _only(order: Sequence[Tier], allowed: frozenset[Tier]) -> tuple[Tier, ...]:
    return tuple(tier for tier in dict.fromkeys(order) if tier in allowed)


def _by_strategy(wanted: list[Offer], task: Task, strategy: Strategy) -> list[Offer]:
    """Within what the strategy allows, the order that it means; a person's own choice is never reordered."""
    if task.where is not Where.AUTO or Tier.LOCAL not in kinds.of(task.kind).tiers:
        return wanted
    if strategy is Strategy.COST:
        return sorted(wanted, key=lambda offer: offer.worst_usd)
    if strategy is Strategy.LATENCY:
        return sorted(wanted, key=lambda offer: SPEED[offer.tier] if offer.seconds is None else offer.seconds)
    return wanted


def _by_size(wanted: list[Offer], task: Task, judgement: Judgement, policy: Policy) -> list[Offer]:
    """The cloud's small model before or behind the others of its tier; who asks for the cloud means the best."""

    def is_small(offer: Offer) -> bool:
        return offer.tier is Tier.CLOUD and offer.step.model == policy.small_model

    if Tier.LOCAL not in kinds.of(task.kind).tiers:
        return [offer for offer in wanted if not is_small(offer)]
    if task.where is Where.AUTO and policy.routing.strategy in (Strategy.COST, Strategy.LATENCY):
        return wanted  # in order by what they cost or take
    easy = judgement.complexity is not Complexity.COMPLEX and task.where is not Where.CLOUD
    clouds = sorted((offer for offer in wanted if offer.tier is Tier.CLOUD), key=lambda offer: is_small(offer) != easy)
    following = iter(clouds)
    return [next(following) if offer.tier is Tier.CLOUD else offer for offer in wanted]


def _after_a_yes(offer: Offer, task: Task) -> Offer:
    """Not there, where it may cost more than the person would be shown the price of before."""
    most = task.unasked_usd
    if most is None or offer.missing or offer.stand_in or offer.tier is not Tier.CLOUD or offer.worst_usd <= most:
        return offer
    why = f"it could cost up to {offer.worst_usd:.4f} USD, and that takes a yes: choose the cloud for this question"
    return replace(offer, missing=why)


def _limit(task: Task, policy: Policy) -> float | None:
    """The most that this request may cost, in US dollars; changes have a cap of their own."""
    if task.max_usd is not None:
        return task.max_usd
    return policy.max_usd if task.change is None else None


def _within_limits(offers: Sequence[Offer], task: Task, policy: Policy) -> tuple[list[Offer], list[str]]:
    """Without those that cost too much; and, while others are left, without those that take too long."""
    limit = _limit(task, policy)
    dropped: list[str] = []
    left: list[Offer] = []
    for offer in offers:
        if limit is not None and offer.worst_usd > limit:
            dropped.append(f"{offer.step.model}: {offer.worst_usd:.4f} USD at worst is over this request's {limit:.2f}")
        else:
            left.append(offer)
    slow = policy.routing.max_seconds
    quick = [offer for offer in left if not slow or offer.seconds is None or offer.seconds <= slow]
    if quick and len(quick) < len(left):
        dropped += [f"{o.step.model}: it takes about {o.seconds:.0f} s" for o in left if o not in quick]
        left = quick
    return left, dropped


def _to_ask_about(there: Sequence[Offer], left: Sequence[Offer], task: Task, policy: Policy) -> Offer | None:
    """The cheapest cloud model, where the cap for one request alone keeps the cloud out: it stays in its place.

    The ledger refuses it when its turn comes (unless the local model's preparation has made the call small enough),
    so that a person is asked and not given less in silence. Nobody is asked for background work.
    """
    clouds = [offer for offer in there if offer.tier is Tier.CLOUD]
    limit = _limit(task, policy)
    if task.background or limit is None or not clouds or not any(offer.tier is Tier.LOCAL for offer in left):
        return None
    cheapest = min(clouds, key=lambda offer: offer.worst_usd)
    return cheapest if cheapest.worst_usd > limit else None


def _refusal(only: str, missing: Sequence[tuple[Tier, str]], dropped: Sequence[str]) -> str:
    whys = [f"{tier.value}: {why}" for tier, why in missing] + list(dropped)
    why = " ".join(f"{one[0].upper()}{ended(one[1:])}" for one in dict.fromkeys(whys))
    return f"No model can take this now{f' ({only})' if only else ''}. {why}"
