"""The lan tier: one model over the hosts in this house that have it, the least busy of those that are well."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from haven.ai.money.prices import Prices
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.http_faults import host as host_of
from haven.ai.providers.ollama import Ollama
from haven.ai.providers.openai_compatible import OpenAICompatible
from haven.ai.task import Delta, Queued, Tier
from haven.errors import HavenError, ModelError, Unavailable
from haven.settings import Lan, LanHost

Watch = Callable[[], Coroutine[Any, Any, None]]
log = logging.getLogger("haven.lan")


@dataclass(eq=False)
class Host:
    """One server; `under_way` counts its calls, those for its other models as well."""

    name: str
    places: list[Place] = field(default_factory=list)
    under_way: int = 0

    async def look(self) -> None:
        """Ask it whether it is there and what it has: what is known of all its models afterwards."""
        try:
            models = await self.places[0].provider.models()
        except HavenError as error:
            for place in self.places:
                place.learned(error.full)
        else:
            for place in self.places:
                lacks = place.provider.lacks(models)
                place.learned(lacks, absent=bool(lacks))


@dataclass(eq=False)
class Place:
    """One model on one host. `trouble` is why it can't answer; "" while nothing is known against it.

    `absent`: the host is there and lacks the model.
    """

    host: Host
    provider: Ollama | OpenAICompatible
    trouble: str = ""
    absent: bool = False

    def learned(self, trouble: str, *, absent: bool = False) -> None:
        self.absent = absent
        if bool(trouble) != bool(self.trouble):
            log.info("%s at %s: %s", self.provider.name, self.host.name, trouble or "answers again")
        self.trouble = trouble


class LanModel:
    """One model, wherever in this house it runs; costs nothing.

    `recipient` names every host that a call may go to: which of them it is shows only while it runs.
    """

    tier = Tier.LAN
    price: Prices | None = None
    stand_in = False

    def __init__(self, name: str, places: Sequence[Place]) -> None:
        self.name = self.model = name
        self.recipient = " and/or ".join(place.host.name for place in places)
        self._places = tuple(places)

    def missing(self) -> str:
        """Why no host can answer now, from what is known; "" where one can, or may."""
        troubles = [place.trouble for place in self._places]
        return "" if "" in troubles else f"No host at home can answer with {self.name}: {' '.join(troubles)}"

    async def generate(self, call: Call) -> AsyncGenerator[Delta | Queued | Finish, None]:
        """As the host's own; `Finish.model` says which host it was.

        A host that fails before the first piece of text is left for the next. Raises Unavailable (none is left, or
        one broke off) or ModelError.
        """
        if reason := self.missing():
            raise Unavailable(reason)
        left, failure = set(self._places), HavenError("")
        while well := [place for place in self._places if place in left and not place.trouble]:
            place = min(well, key=lambda place: place.host.under_way)
            left.remove(place)
            said = False
            try:
                async with aclosing(_counted(place, call)) as pieces:
                    async for piece in pieces:
                        said = True
                        yield piece
                return
            except (Unavailable, ModelError) as error:
                if isinstance(error, Unavailable):  # what is wrong with a reply alone says nothing about the host
                    place.learned(error.full)
                failure = error
                if said:
                    raise _broke_off(error) from error
        raise failure

    def lacking(self) -> tuple[str, ...]:
        """Hosts that are there and do not have it, but could pull it."""
        return tuple(place.host.name for place in self._places if place.absent)

    async def pull(self, progress: Callable[[str, int, int], None]) -> None:
        """Have every host that lacks it download it, one after the other, after a person agreed.

        `progress` gets words, bytes done and bytes in all. Raises Unavailable.
        """
        for place in self._places:
            if place.absent and isinstance(place.provider, Ollama):
                await place.provider.pull(progress)
                place.learned("")

    async def close(self) -> None:
        """Close all connections; harmless twice."""
        await asyncio.gather(*(place.provider.close() for place in self._places))


def lan_models(lan: Lan, secret: Callable[[str], str | None]) -> tuple[list[LanModel], Watch]:
    """The models of this house, in the order of the settings, and the coroutine function that watches their hosts.

    It asks every host whether it is there, at once and then every `health_s` seconds, until it is cancelled.
    """
    hosts = [_host(entry, secret, lan.timeout_s) for entry in lan.hosts]
    places = [place for host in hosts for place in host.places]
    names = dict.fromkeys(place.provider.name for place in places)
    models = [LanModel(name, [place for place in places if place.provider.name == name]) for name in names]

    async def watch() -> None:
        while hosts:
            await asyncio.gather(*(host.look() for host in hosts))
            await asyncio.sleep(lan.health_s)

    return models, watch


def _host(entry: LanHost, secret: Callable[[str], str | None], timeout_s: float) -> Host:
    host = Host(host_of(entry.url))
    key = (secret(entry.secret) if entry.secret else None) or ""
    for model in entry.models:
        provider: Ollama | OpenAICompatible
        if entry.engine == "ollama":
            provider = Ollama(entry.url, model, key, timeout_s=timeout_s)
        else:
            provider = OpenAICompatible(entry.url, model, key, tier=Tier.LAN, timeout_s=timeout_s)
        host.places.append(Place(host, provider))
    return host


async def _counted(place: Place, call: Call) -> AsyncGenerator[Delta | Queued | Finish, None]:
    """One call there, counted as under way; a whole reply shows that the place is well."""
    place.host.under_way += 1
    try:
        async with aclosing(place.provider.generate(call)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Finish):
                    place.learned("")
                    piece = replace(piece, model=f"{place.provider.name} at {place.host.name}")
                yield piece
    finally:
        place.host.under_way -= 1


def _broke_off(error: HavenError) -> HavenError:
    """What was said can't be taken back by another host; asking again may help."""
    return Unavailable(str(error), error.mend) if isinstance(error, Unavailable) else error
