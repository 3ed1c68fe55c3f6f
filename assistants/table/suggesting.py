"""Questions that one might ask: some that this house can answer, with names that are in its world."""

from __future__ import annotations

from haven.quoting import clean
from haven.world.schema import Kind
from haven.world.world import World

MOST = 3
NAME_CHARS = 40
TRIES = {
    "cartographer": ("Which systems lie within 20 units of {system}?", "How many systems are charted?"),
    "lorekeeper": ("What is told of {lore}?", "Which lore is recorded?"),
    "scribe": ("What does {system} lack?", "How many records have no notes?"),
    "sentinel": ("How is this machine?", "What waits in the queue?"),
}


async def tries(world: World, assistant: str = "") -> list[str]:
    """At most three; for one assistant, or one for each of the first."""
    names = {}
    for kind in (Kind.SYSTEM, Kind.LORE):
        found = await world.things(kind, limit=1)
        names[kind.value] = " ".join(clean(found[0].name).split())[:NAME_CHARS] if found else ""
    wanted = [TRIES.get(assistant, ())] if assistant else list(TRIES.values())
    fitting = [
        [one for one in words if all(names[name] or f"{{{name}}}" not in one for name in names)] for words in wanted
    ]
    return [one.format(**names) for words in fitting for one in (words if assistant else words[:1])][:MOST]
