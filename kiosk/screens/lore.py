"""Lore: searched letter by letter, and read with its sources, its history and what else speaks of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static, TextArea

from assistants.records import Page
from haven.access import Act, check
from haven.store.events import Event
from haven.world.differences import differences
from haven.world.references import Reference, references
from haven.world.schema import Kind, Thing
from haven.world.search import Hit
from haven.world.world import Version
from kiosk.plain import line, plain
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.entry import Entry
from kiosk.widgets.keyboard import Keyboard, Keys
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile

FOUND, LISTED, MENTIONS = 20, 200, 60
"""Entries that a search shows, that stand there before one was made, and that speak of one."""
LEARN_AFTER_S = 0.6
"""A person who stopped typing so long ago has asked: the model makes one vector, not one a letter."""
TRAIL = 30
MOST_CHARS = 2_000
"""Of a value before and after, in a record's history."""
FACT, BEFORE, AFTER = "$title", "$removed-ink", "$added-ink"
Part = str | tuple[str, str]


class LorePane(Pane):
    """Titles on the left, what is read on the right; a keyboard below while somebody searches with a finger."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "search", "Search", tooltip="look for words in the lore; what fits is listed as you type"),
        Binding("h", "history", "History", tooltip="every version of what is read: who changed what, and when"),
        Binding("w", "mentions", "Who speaks of it", tooltip="the records that mention what is read"),
        Binding("b", "before", "The one before", tooltip="what was read before this"),
        Binding("d", "drafts", "Drafts", tooltip="what people propose for the world"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._read: Thing | None = None
        self._trail: list[str] = []
        """What was read before, the last one last."""
        self._view = "page"
        self._listed: tuple[list[tuple[str, str]], str] = [], ""

    def compose(self) -> ComposeResult:
        with Horizontal(id="lore-top"):
            yield Entry("Search the lore …", id="lore-words")
            yield Tile("Search", "search", id="lore-search", classes="good")
        with Horizontal(classes="sides"):
            yield VerticalScroll(id="lore-list", can_focus=False)
            yield Sheet(id="lore-entry")
            yield VerticalScroll(id="lore-mentions", can_focus=False)
        with Horizontal(classes="actions wraps", id="lore-actions"):
            yield Tile("Back", "back")
            yield Tile("All", "all")
            yield Tile("History", "history", id="lore-history")
            yield Tile("Mentioned", "mentions", id="lore-speaking")
            yield Tile("Drafts", "drafts", id="lore-drafts")
        yield Keyboard(suggests=False)

    def on_mount(self) -> None:
        self._keyboard(False)
        self._mark()

    def opened(self, about: str = "") -> None:
        """Show the titles, unless a search is shown already; `about`: the id of a record to read."""
        if about:
            self._go(about)
        if not self.query_one("#lore-list").children:
            self.attempt(partial(self._all, read=not about), "lore list", newest=True)
        self.attempt(self._drafts, "lore drafts")

    def standing(self) -> dict[str, str]:
        return {"about": self._read.id} if self._read else {}

    def ended(self) -> None:
        self.query_one(Entry).forget()
        self._keyboard(False)
        self._trail.clear()
        self._read, self._view = None, "page"
        self.query_one("#lore-list").remove_children()
        self.query_one("#lore-entry", Sheet).say("")
        self._mark()

    def news(self, event: Event) -> None:
        if event.kind.startswith("draft.") and self.display:
            self.attempt(self._drafts, "lore drafts", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        key = event.tile.key
        if event.tile.has_class("row"):
            self._leave()
            self._go(key)
        else:
            getattr(self, f"action_{'before' if key == 'back' else key}")()

    def action_search(self) -> None:
        """The field is typed into; a second tap on the tile puts the keyboard away."""
        if self.query_one(Keyboard).display:
            self._leave()
        else:
            self._keyboard(True)
            self.query_one(Entry).focus()

    def action_all(self) -> None:
        self.query_one(Entry).clear()
        self.attempt(self._all, "lore list", newest=True)

    def action_before(self) -> None:
        """From history and mentions to what was read, then to the one read before, then to where one was before."""
        if self._view != "page":
            self._show("page")
        elif self._trail:
            self.attempt(partial(self._open, self._trail.pop()), "lore entry", newest=True)
        else:
            self.go_back()

    def action_drafts(self) -> None:
        self.post_message(self.Go("drafts"))

    def action_history(self) -> None:
        if self._read is not None:
            self._show("page" if self._view == "history" else "history")

    def action_mentions(self) -> None:
        if self._read is not None:
            self._show("page" if self._view == "mentions" else "mentions")

    def on_entry_touched(self) -> None:
        self._keyboard(True)

    def on_entry_typed(self) -> None:
        self._keyboard(False)

    def on_entry_sent(self) -> None:
        self._leave()

    def on_keys_typed(self, event: Keys.Typed) -> None:
        if event.key == "hide":
            self._leave()
        else:
            self.query_one(Entry).take(event.key)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        words = event.text_area.text.strip()
        self.attempt(partial(self._find, words) if words else self._all, "lore list", newest=True)

    async def _all(self, read: bool = True) -> None:
        check(self.handed.principal, Act.READ)
        world = self.handed.records.world
        there = await world.things(Kind.LORE, limit=LISTED)
        count = (await world.counts()).get(Kind.LORE, 0)
        more = f"{count - LISTED:,} more are recorded. Search finds them." if count > LISTED else ""
        self._list([(one.id, line(one.name, 60)) for one in there], "No lore is recorded yet.", more, read=read)

    async def _find(self, words: str) -> None:
        """By names and words at once; by what is meant too, when the typing has stopped for a moment."""
        check(self.handed.principal, Act.READ)
        search = self.handed.records.search
        hits = await search.find(words, Kind.LORE, limit=FOUND)
        self._hits(words, hits)
        await asyncio.sleep(LEARN_AFTER_S)
        if await search.learn(words) and (better := await search.find(words, Kind.LORE, limit=FOUND)) != hits:
            self._hits(words, better)

    def _hits(self, words: str, hits: list[Hit]) -> None:
        rows = [(hit.thing_id, f"{line(hit.name, 60)}\n{line(hit.excerpt, 80)}") for hit in hits]
        more = f"These {FOUND} fit best. More words find what else there is." if len(rows) == FOUND else ""
        self._list(rows, f"Nothing in the lore speaks of {line(words, 60)!r}. It may not be recorded.", more)

    def _list(self, rows: list[tuple[str, str]], nothing: str, more: str, *, read: bool = True) -> None:
        """`more` says below the rows what is not among them."""
        shown = self.query_one("#lore-list", VerticalScroll)
        if (rows, more) == self._listed and shown.children:
            return  # nothing moves away below a finger
        self._listed = rows, more
        below = Static(more if rows else nothing, markup=False)
        with self.app.batch_update():
            shown.remove_children()
            shown.mount_all([*(Tile(words, id, classes="row") for id, words in rows), below])
        shown.scroll_home(animate=False)
        if rows and read:
            self.attempt(partial(self._open, rows[0][0]), "lore entry", newest=True)

    def _go(self, id: str) -> None:
        """Read another record; Back leads to the one that stands there."""
        if self._read is not None and self._read.id != id:
            self._trail = [*self._trail[1 - TRAIL :], self._read.id]
        self.attempt(partial(self._open, id), "lore entry", newest=True)

    async def _open(self, id: str) -> None:
        page = await self.handed.records.page(id, self.handed.principal)
        self._read = page.stored.thing
        self.query_one("#lore-entry", Sheet).say(words_of(page))
        self._view = "page"
        self._mark()
        self.query_one("#lore-entry", Sheet).scroll_home(animate=False)
        found = await self._speaking(self._read)
        count = f"{MENTIONS}+" if len(found) > MENTIONS else str(len(found))
        self.query_one("#lore-speaking", Tile).say(f"Mentioned ({count})")

    def _show(self, view: str) -> None:
        self._view = view
        work = {"page": self._page, "history": self._history, "mentions": self._mentions}[view]
        self.attempt(work, "lore entry", newest=True)
        self._mark()

    async def _page(self) -> None:
        if self._read is not None:
            await self._open(self._read.id)

    async def _history(self) -> None:
        """Every version, the newest first, and what each changed."""
        if self._read is None:
            return
        check(self.handed.principal, Act.READ)
        world = self.handed.records.world
        past = await world.history(self._read.id)
        links = {id for one in past if one.thing for id in getattr(one.thing, "links", ())}
        names = {id: one.name for id, one in (await world.get_many(links)).items()}
        sheet = self.query_one("#lore-entry", Sheet)
        sheet.say(history_of(past, names))
        sheet.scroll_home(animate=False)

    async def _mentions(self) -> None:
        if self._read is None:
            return
        found = await self._speaking(self._read)
        rows = [Tile(_mention(one), one.thing.id, classes="row") for one in found[:MENTIONS]]
        name = line(self._read.name, 60)
        more = f"{len(found) - MENTIONS:,} more speak of it." if len(found) > MENTIONS else ""
        said = more if rows else f"Nothing else that is recorded speaks of {name}."
        shown = self.query_one("#lore-mentions", VerticalScroll)
        shown.remove_children()
        shown.mount_all([*rows, Static(said, markup=False)])
        shown.scroll_home(animate=False)

    async def _speaking(self, thing: Thing) -> Sequence[Reference]:
        check(self.handed.principal, Act.READ)
        return await references(thing, self.handed.records.world, self.handed.records.search)

    async def _drafts(self) -> None:
        count = await self.handed.records.drafts.count()
        self.query_one("#lore-drafts", Tile).say(f"Drafts ({count:,})" if count else "Drafts")

    def _mark(self) -> None:
        """Which row is read, and in which way."""
        id = self._read.id if self._read else ""
        for row in self.query("#lore-list > Tile").results(Tile):
            row.set_class(row.key == id, "on")
        for view, tile in (("history", "#lore-history"), ("mentions", "#lore-speaking")):
            self.query_one(tile).set_class(self._view == view, "on")
        self.query_one("#lore-entry").display = self._view != "mentions"
        self.query_one("#lore-mentions").display = self._view == "mentions"

    def _leave(self) -> None:
        """The field is done with: keys mean what they mean elsewhere."""
        self._keyboard(False)
        self.screen.set_focus(None)

    def _keyboard(self, up: bool) -> None:
        """While it is up, the list alone is left: what is found stands above the keys."""
        self.query_one(Keyboard).display = up
        self.query_one("#lore-actions").display = not up
        self.query_one("#lore-search", Tile).say("Done" if up else "Search")


def words_of(page: Page) -> Content:
    """A record to read: its name, its text, its facts, what belongs to it, and where it comes from."""
    facts = dict(page.facts)
    canon = f", {facts.pop('canon')}" if "canon" in facts else ""
    title = (f"{line(page.stored.thing.name)}\n", "bold")
    parts: list[Part] = [title, (f"{page.stored.thing.kind.value}{canon}\n\n", "$note")]
    if page.text:
        parts.append(f"{plain(page.text)}\n\n")
    for name, value in facts.items():
        parts += [(f"{line(name, 60)}: ", FACT), f"{line(value, 400)}\n"]
    for kind, names in page.below.items():
        parts += [(f"{kind.value}: ", FACT), f"{', '.join(line(name, 60) for name in names)}\n"]
    for source in page.sources:
        parts += [("source: ", FACT), f"{line(source, 200)}\n"]
    by = f"version {page.stored.version} by {line(page.stored.by, 40)}"
    return Content.assemble(*parts, (f"{by} · {page.stored.thing.id}", "$quiet"))


def history_of(past: Sequence[Version], names: dict[str, str]) -> Content:
    """The versions of a record, the newest first: when, by whom, with what, and what became different."""
    parts: list[Part] = []
    for number in reversed(range(len(past))):
        one, before = past[number], past[number - 1].thing if number else None
        when = datetime.fromtimestamp(one.at).astimezone()
        approved = f", approved by {line(one.approved_by, 40)}" if one.approved_by else ""
        parts.append((f"Version {one.version} · {when:%-d %b %Y %H:%M}\n", "bold"))
        parts.append((f"{one.op} by {line(one.by, 40)} with {line(one.tool, 40)}{approved}\n", "$quiet"))
        found = differences(before, one.thing, names) if one.thing is not None else []
        for change in found:
            old, new = change.short(MOST_CHARS)
            parts.append((f"  {line(change.field.replace('_', ' '), 40)}\n", FACT))
            parts += [(f"    - {line(old, MOST_CHARS)}\n", BEFORE)] if old else []
            parts += [(f"    + {line(new, MOST_CHARS)}\n", AFTER)] if new else []
        parts.append("\n")
    return Content.assemble(*parts)


def _mention(one: Reference) -> str:
    doubt = "" if one.sure else " (perhaps: the name could mean another record)"
    said = f"“{line(one.quote, 120)}”" if one.quote else f"by {one.where}"
    return f"{line(one.thing.name, 60)} · {one.thing.kind.value}{doubt}\n{said}"
