"""Step `model`: a local model that fits this machine's memory and disk, installed and checked."""

from __future__ import annotations

import asyncio
from typing import Any

from haven.ai.registry import Registry
from haven.errors import BadInput
from haven.health import Health, snapshot
from haven.settings import Settings
from haven.setup.step import Answers, Desk, Person, Step

SHARE = 0.5
"""Of the machine's memory that a model may take: the system, test runs and the kiosk need the rest."""
NONE = "none"


class ModelAnswers(Answers):
    name: str | None = None
    """A name of the catalogue, "none" to do without; left out: the ablest that fits."""


def _room(health: Health) -> tuple[float, float]:
    """MB of memory and of disk that a model may use; a machine that doesn't tell is taken as small."""
    return (health.memory_total_mb or 1000) * SHARE, health.disk_free_mb or 0


def ask(person: Person, desk: Desk) -> dict[str, Any]:
    state = desk.settings.paths.state_dir
    registry, (memory, disk) = Registry(state), _room(snapshot(state))
    desk.say("These fit here:")
    for model in registry.fits(memory, disk):
        note = "" if model.installable else " (needs the package huggingface_hub)"
        desk.say(f"  {model.name:<16} {model.ram_mb:>5} MB  {model.use}{note}")
    best = registry.default_for(memory, disk)
    return {"name": person.text(f'Which one ("{NONE}" to do without)', best.name if best else NONE)}


async def apply(answers: ModelAnswers, desk: Desk) -> tuple[str, ...]:
    """Install it unless it is there, check its hash, and make it the default."""
    if answers.name == NONE:
        desk.keep(models={"local": False})
        return ("No local model: what rules can't answer goes to Claude, or waits.",)
    state = desk.settings.paths.state_dir
    registry = Registry(state)
    memory, disk = _room(await asyncio.to_thread(snapshot, state))
    best = registry.default_for(memory, disk)
    if answers.name is None and best is None:
        raise BadInput(f"No model fits here: {memory:.0f} MB of memory and {disk:.0f} MB of disk are free for one.")
    model = registry.get(answers.name) if answers.name else best
    assert model is not None
    if model.ram_mb > memory:
        raise BadInput(
            f"{model.title} needs {model.ram_mb} MB of memory, and this machine has {memory:.0f} MB for a model.",
            f"Take {best.name} instead." if best else 'Answer "none".',
        )
    bar, move = desk.download(model.title)
    with bar:
        await registry.install(model.name, move)
    desk.keep(models={"default": model.name, "local": True})
    checked = "its sha256 is right" if model.sha256 else "its sha256 is not in the catalogue, so it is unverified"
    return (f"{model.title} is installed; {checked}.",)


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
)
