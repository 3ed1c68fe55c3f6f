"""The models that the settings name: whether they exist, lie here whole, and fit this machine's memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from haven import health
from haven.ai.judging.embed import Embedder
from haven.ai.kinds import KINDS
from haven.ai.models.plan import MEMORY_SHARE, plan
from haven.ai.models.registry import Registry
from haven.ai.models.weights import sha256_of
from haven.ai.policy import rules
from haven.doctor.check import Finding
from haven.errors import ModelError, SettingsError
from haven.settings import Settings

SETUP = {"local": "haven setup model", "lan": "haven setup lan", "cloud": "haven setup claude"}
"""Where a model of each tier comes from."""


def local(settings: Settings) -> Finding | list[Finding]:
    """Those of the default, of `keep` and of kinds; every file is hashed, so this takes a second for each GB."""
    if not settings.models.local:
        return None, "Turned off in the settings (models.local)."
    registry, named = Registry(settings.paths.state_dir), settings.local_models
    too_large = _too_large(registry, settings, [name for name in named if name in registry.models])
    looked_at = (too_large.get(name) or _model(registry, name, where) for name, where in named.items())
    if problems := [found for found in looked_at if found]:
        return problems
    trust = {name: registry.shelf(name).trust for name in named}
    told = ", ".join(f"{name} ({word})" for name, word in trust.items())
    if "unverified" in trust.values():
        return None, f"{told}: of an unverified file nobody has named the sha256."
    return True, f"{told}: there, whole, and small enough."


def _model(registry: Registry, name: str, where: str) -> Finding | None:
    if name not in registry.models:
        return _unknown(where, name, registry.models, "haven models list")
    if "embedding" in registry.get(name).uses:
        said = f"{where} names {name}, which makes vectors, not text."
        return False, said, "Take another of: haven models list"
    try:
        problem, _, mend = registry.provider(name).missing().partition(" Run: ")
        wanted = registry.sha256(name)
    except ModelError as error:  # the pin beside the file is spoilt
        return False, str(error), error.mend
    if problem:
        return False, problem, mend
    if wanted and sha256_of(registry.path(name)) != wanted:
        return False, f"The file of {name} is damaged: its sha256 is another one.", f"haven models install {name}"
    return None


def _too_large(registry: Registry, settings: Settings, names: Collection[str]) -> dict[str, Finding]:
    """Models that can never be loaded beside those that always are; by the estimates that decide it later."""
    models, found = settings.models, dict[str, Finding]()
    total = health.snapshot(settings.paths.state_dir).memory_total_mb
    limit = models.memory_mb or (total or 0) * MEMORY_SHARE
    shelves = [registry.shelf(name) for name in names]
    made = plan(shelves, limit, models.context_tokens, models.seats, models.keep)
    needs = {place.name: place.needs_mb for place in made.places}
    stay = {one.model.name for one in shelves if one.model.persistent or one.model.name in models.keep}
    for name in names if limit else ():
        beside = sum(needs[one] for one in stay if one != name and needs[one] <= limit)
        if needs[name] + beside > limit:
            kept = f" beside the {beside:,} MB of those that stay loaded" if beside else ""
            said = f"{name} needs about {needs[name]:,} MB{kept}, and models may take {limit:,.0f} MB here."
            found[name] = False, said, "Raise models.memory_mb, or choose by: haven models plan"
    return found


def routing(settings: Settings) -> Finding | list[Finding]:
    """Rules that can be read, and names in rules and kinds that mean something."""
    if problems := [*_rules(settings), *_kinds(settings)]:
        return problems
    count = len(settings.routing.rules)
    own = f" after {count} {'rule' if count == 1 else 'rules'} of your own" if count else ""
    return True, f"By the strategy {settings.routing.strategy.value}{own}; pass mark {settings.routing.pass_mark}."


def _rules(settings: Settings) -> Iterator[Finding]:
    try:
        rules(settings.routing)
    except SettingsError as error:
        yield False, str(error), error.mend
    for number, rule in enumerate(settings.routing.rules, 1):
        known = _known(settings, rule.tier)
        if rule.model and rule.model not in known:
            yield _unknown(f"Rule {number} of routing.rules", rule.model, known, SETUP[rule.tier])


def _kinds(settings: Settings) -> Iterator[Finding]:
    for kind, chosen in settings.kinds.items():
        if kind not in KINDS:
            near = get_close_matches(kind, KINDS, 1)
            said = f"kinds.{kind} has no effect: Haven makes no such kind of output."
            yield False, said, f"Call it kinds.{near[0]}." if near else f"There are: {', '.join(KINDS)}."
        for tier, names in (("lan", chosen.lan), ("cloud", chosen.cloud)):
            known = _known(settings, tier)
            wrong = (name for name in names if name not in known)
            yield from (_unknown(f"kinds.{kind}.{tier}", name, known, SETUP[tier]) for name in wrong)


def _known(settings: Settings, tier: str) -> tuple[str, ...]:
    """The models that the settings bring to a tier."""
    if tier == "local":
        return tuple(settings.local_models) if settings.models.local else ()
    if tier == "lan":
        return tuple(dict.fromkeys(name for host in settings.lan.hosts for name in host.models))
    cloud = settings.cloud
    return tuple(filter(None, (cloud.model, cloud.small_model, *(one.name for one in cloud.others))))


def _unknown(where: str, name: str, known: Collection[str], otherwise: str) -> Finding:
    near = get_close_matches(name, known, 1)
    return False, f"{where} names {name!r}, and there is no such model.", f"Set it to {near[0]}." if near else otherwise


def embeddings(settings: Settings) -> Finding:
    if not settings.models.embeddings:
        return None, "Turned off in the settings (models.embeddings): similar questions are not recognised."
    if problem := Embedder().missing():
        return False, f"{problem} Similar questions are not recognised.", "make setup"
    return True, "Similar questions are recognised."
