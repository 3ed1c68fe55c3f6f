"""The models that can be asked, in the order in which each kind of task prefers them, and how each is doing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from haven.ai import kinds
from haven.ai.breaker import Breaker
from haven.ai.models.residence import Residence
from haven.ai.providers.base import Provider
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Step, Tier
from haven.errors import NotFound
from haven.settings import Cloud, KindSettings


class Roster:
    """Providers in order of preference; `[kinds.<kind>]` puts others first, in its own order."""

    def __init__(
        self,
        providers: Sequence[Provider],
        kind_settings: Mapping[str, KindSettings] | None = None,
        cloud: Cloud | None = None,
        residence: Residence | None = None,
    ) -> None:
        self.providers = tuple(providers)
        self._kinds = kind_settings or {}
        self._residence = residence
        self._breakers = {_service(one): _breaker(one, cloud or Cloud()) for one in self.providers}

    def on(self, tier: Tier) -> list[Provider]:
        """The models of one tier, in order of preference."""
        return [one for one in self.providers if one.tier is tier]

    def get(self, step: Step) -> Provider:
        """Raises NotFound for a model that is not there."""
        for one in self.providers:
            if (one.tier, one.name) == (step.tier, step.model):
                return one
        raise NotFound(f"There is no model {step.model} on the {step.tier.value} tier.")

    def breaker(self, provider: Provider) -> Breaker:
        """What keeps a service that fails from being asked again at once; the models of one cloud share it."""
        return self._breakers[_service(provider)]

    def preferred(self, kind: str) -> list[Provider]:
        """Every provider, those that the settings name for this kind first, tier by tier."""
        chosen = self._kinds.get(kind, KindSettings())
        named = {Tier.LOCAL: chosen.local, Tier.LAN: chosen.lan, Tier.CLOUD: chosen.cloud}
        places = {
            one.name: named[one.tier].index(one.name) if one.name in named[one.tier] else len(named[one.tier])
            for one in self.providers
        }
        return sorted(self.providers, key=lambda one: places[one.name])

    def using(self, provider: Provider) -> AbstractAsyncContextManager[None]:
        """A local model is in memory until the block ends, in place of others where need be.

        Raises Unavailable or ModelError.
        """
        if self._residence is not None and isinstance(provider, LlamaProvider):
            return self._residence.using(provider)
        return nullcontext()

    def missing(self, provider: Provider) -> str:
        """Why it can't be used now; "" where it can. Instant."""
        if reason := provider.missing():
            return reason
        refusal = self.breaker(provider).refusal()
        return refusal[0] if refusal else ""

    def pass_mark(self, kind: str, default: int) -> int:
        """From the settings, else the kind's own, else `default`."""
        chosen = self._kinds.get(kind, KindSettings()).pass_mark
        if chosen is not None:
            return chosen
        own = kinds.of(kind).pass_mark
        return default if own is None else own

    def cache_hours(self, kind: str) -> float:
        """How long a reply of this kind may be used again; 0 means never."""
        chosen = self._kinds.get(kind, KindSettings()).cache_hours
        return kinds.of(kind).cache_hours if chosen is None else chosen


def _service(provider: Provider) -> tuple[Tier, str]:
    return provider.tier, provider.recipient if provider.tier is Tier.CLOUD else provider.name


def _breaker(provider: Provider, limits: Cloud) -> Breaker:
    """Only what is paid has a limit per minute."""
    per_minute = limits.requests_per_minute if provider.tier is Tier.CLOUD else 0
    return Breaker(limits.breaker_failures, limits.breaker_s, per_minute, name=_service(provider)[1])
