"""What becomes of a tale that a model has written: a draft that is not canon, held against canon at once."""

from __future__ import annotations

import logging
import re

from assistants.lore.checking import Checked, check_draft
from haven.access import Principal
from haven.errors import HavenError
from haven.quoting import clean
from haven.world.drafts import TALES, Drafts
from haven.world.schema import MAX_NAME, MAX_TEXT, Lore
from haven.world.search import Search
from haven.world.timeline import Clash
from haven.world.world import World

log = logging.getLogger("haven.lorekeeper")

SHOWN = 5
"""Contradictions that are named."""
_HEADING = re.compile(r"^\s*#{1,6}[ \t]+(?P<title>[^\n]+)\n|^\s*\*\*(?P<bold>[^*\n]{3,100})\*\*\s*\n")


class Tales:
    """One for the Round Table."""

    def __init__(self, world: World, search: Search, drafts: Drafts) -> None:
        self._world, self._search, self._drafts = world, search, drafts

    async def kept(self, text: str, asked: str, model: str, by: Principal, *, key: str = "") -> str:
        """Propose the tale as a draft and check it; what a person should know of both.

        A second delivery of one `key` is the same draft.
        """
        tale = tale_of(text, asked, model, by)
        try:
            checked = await check_draft(tale, self._world, self._search)
            reason = f"a tale, asked for as: {' '.join(asked.split())[:200]}"
            draft = await self._drafts.propose([tale], by, TALES, reason, key=key)
        except HavenError as error:
            log.info("a tale is not kept: %s", error)
            return f"It is not kept as a draft: {error}"
        return f"It is kept as {draft.id}, which is not canon: nobody is quoted from it. {said_of(checked)}"


def tale_of(text: str, asked: str, model: str, by: Principal) -> Lore:
    """The tale as a lore entry, with its own heading as the title where it has one."""
    whole = clean(text).strip()
    heading = _HEADING.match(whole)
    title = (heading["title"] or heading["bold"]) if heading else f"A tale: {' '.join(clean(asked).split())}"
    body = whole[heading.end() :].strip() if heading else whole
    return Lore(
        name=title.strip(" *#")[:MAX_NAME].strip() or "A tale",
        text=body[:MAX_TEXT],
        sources=(f"written by {model} for {by.name}",),
    )


def said_of(checked: Checked) -> str:
    """What was found, both sides cited."""
    clashes = checked.check.clashes
    if not clashes:
        return f"Rules found nothing in it against canon; they understood {checked.check.understood} of its statements."
    head = f"Against canon it says {len(clashes)} thing{'s' if len(clashes) > 1 else ''}:"
    return "\n".join((head, *map(_cited, clashes[:SHOWN])))


def _cited(one: Clash) -> str:
    return (
        f"- {one.why} The tale: “{one.said.sentence.text}” {one.known.sentence.thing.name}: “{one.known.sentence.text}”"
    )
