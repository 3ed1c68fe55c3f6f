"""What every face is handed of the world: the records, their queue of drafts, and what finds and measures them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistants.cartographer import Cartographer
from assistants.scribe import Scribe
from haven.access import Act, Principal, check
from haven.errors import BadInput, NotFound
from haven.world.drafts import Drafts
from haven.world.fields import filled
from haven.world.schema import Kind, Lore, Thing, kind_of, parent_of
from haven.world.search import Search
from haven.world.watches import Watches
from haven.world.which import chosen, in_order, ways, which
from haven.world.world import Stored, World

APART = ("name", "text", "notes", "properties", "measures", "source", "sources")
"""Fields that a page shows in places of their own."""


@dataclass(frozen=True)
class Page:
    """A record as a person reads it: ids that it refers to are names."""

    stored: Stored
    text: str
    facts: tuple[tuple[str, str], ...]
    """Label and value, in the order of the fields."""
    below: Mapping[Kind, tuple[str, ...]]
    """The names of what belongs to it directly."""
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Records:
    """One for a house. A face writes through `drafts` alone; what is drafted becomes true when somebody approves it."""

    world: World
    drafts: Drafts
    watches: Watches
    search: Search
    cartographer: Cartographer
    scribe: Scribe

    async def page(self, text: str, by: Principal, *kinds: Kind) -> Page:
        """The page of the one record of that id, name or alias, forgiving a slip of typing.

        Raises AccessDenied, BadInput where several are called so, and NotFound with names like it.
        """
        check(by, Act.READ)
        stored = await self._meant(text, kinds)
        thing = stored.thing
        links = getattr(thing, "links", ())
        there = await self.world.get_many({*links, parent_of(thing)} - {""})
        below: dict[Kind, list[str]] = {}
        for child in await self.world.children(thing.id):
            below.setdefault(child.kind, []).append(child.name)
        sources = getattr(thing, "sources", ()) or ((thing.source,) if thing.source else ())
        body = "\n\n".join(part for part in (getattr(thing, "text", ""), thing.notes) if part)
        names = {kind: tuple(found) for kind, found in below.items()}
        return Page(stored, body, tuple(_facts(thing, there)), names, sources)

    async def _meant(self, text: str, kinds: tuple[Kind, ...]) -> Stored:
        """The record of that name; `planet Meridian` and `Meridian of Hollin` say which of several."""
        try:
            return await self.world.one(text, *kinds)
        except BadInput:
            return await self._which(text, [one.id for one in await self.world.named(text, *kinds)])
        except NotFound as missing:
            named = (await self.search.names.mentions(text, loose=True))[:1]
            ids = [id for one in named for id in one.ids if kind_of(id) in (kinds or tuple(Kind))]
            if len(ids) > 1:
                return await self._which(text, ids)
            near = await self.search.names.resolve(text, *kinds)
            if not near:
                raise
            best = [one for one in near if one.score == near[0].score]
            if len({one.name for one in best}) > 1:
                raise NotFound(str(missing), f"Names like it: {', '.join(one.name for one in near)}.") from None
            return await self._which(text, [one.id for one in best])

    async def _which(self, text: str, ids: list[str]) -> Stored:
        """The one of these records of one name that the text picks. Raises BadInput with the question back."""
        things = in_order((await self.world.get_many(ids)).values())
        parents = await self.world.get_many(filter(None, map(parent_of, things)))
        above = {one.id: parents[up].name for one in things if (up := parent_of(one)) in parents}

        def name_above(one: Thing) -> str:
            return above.get(one.id, "")

        one = things[0] if len(things) == 1 else chosen(text, things, name_above)
        if one is None:
            raise BadInput(which(things[0].name, things, name_above), ways(things, name_above))
        return await self.world.get(one.id)


def _facts(thing: Thing, there: Mapping[str, Thing]) -> list[tuple[str, str]]:
    found = {name: value for name, value in filled(thing).items() if name not in APART}
    if parent := parent_of(thing):
        found["parent"] = there[parent].name if parent in there else parent
    if links := getattr(thing, "links", ()):
        found["links"] = ", ".join(there[one].name if one in there else one for one in links)
    if isinstance(thing, Lore):
        found["canon"] = "canon" if thing.canon else "not canon"
    facts = [(name.replace("_", " "), value) for name, value in found.items()]
    facts += list(thing.properties.items())
    return facts + [(name.replace("_", " "), f"{value:.10g}") for name, value in thing.measures.items()]
