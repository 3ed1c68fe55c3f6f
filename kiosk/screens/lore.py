"""Lore: search it, and read an entry with its facts and sources."""

from __future__ import annotations

from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from assistants.records import Page
from haven.access import Act, check
from haven.world.schema import Kind
from kiosk.plain import line, plain
from kiosk.screens.dialogs import Words
from kiosk.screens.pane import Pane
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile

FOUND, LISTED = 20, 200
"""Entries that a search shows, and that stand there before one was made."""
FACT = "#7fd1ff"


class LorePane(Pane):
    """Titles on the left, the entry on the right."""

    def compose(self) -> ComposeResult:
        with Horizontal(classes="sides"):
            yield VerticalScroll(id="lore-list", can_focus=False)
            yield Sheet(id="lore-entry")
        with Horizontal(classes="actions"):
            yield Tile("Back", "back")
            yield Tile("Search", "search", classes="good")
            yield Tile("All", "all")

    def open(self) -> None:
        """Show the titles, unless a search is shown already."""
        if not self.query_one("#lore-list").children:
            self.attempt(self._all, "lore list", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        key = event.tile.key
        if event.tile.has_class("row"):
            self.attempt(partial(self._read, key), "lore entry", newest=True)
        elif key == "back":
            self.post_message(self.Go("home"))
        elif key == "all":
            self.attempt(self._all, "lore list", newest=True)
        else:
            self.tapped(self._search, "dialog")

    async def _all(self) -> None:
        check(self.handed.principal, Act.READ)
        world = self.handed.records.world
        there = await world.things(Kind.LORE, limit=LISTED)
        count = (await world.counts()).get(Kind.LORE, 0)
        more = f"{count - LISTED:,} more are recorded. Search finds them." if count > LISTED else ""
        self._list([(one.id, line(one.name, 60)) for one in there], "No lore is recorded yet.", more)

    async def _search(self) -> None:
        check(self.handed.principal, Act.READ)
        words = await self.app.push_screen_wait(Words("What do you look for in the lore?", "Search"))
        if not words or not words.strip():
            return
        hits = await self.handed.records.search.find(words, Kind.LORE, limit=FOUND, meaning=True)
        rows = [(hit.thing_id, f"{line(hit.name, 60)}\n{line(hit.excerpt, 80)}") for hit in hits]
        more = f"These {FOUND} fit best. More words find what else there is." if len(rows) == FOUND else ""
        self._list(rows, f"Nothing in the lore speaks of {line(words, 60)!r}. It may not be recorded.", more)

    def _list(self, rows: list[tuple[str, str]], nothing: str, more: str) -> None:
        """`more` says below the rows what is not among them."""
        shown = self.query_one("#lore-list", VerticalScroll)
        shown.remove_children()
        below = Static(more if rows else nothing, markup=False)
        shown.mount_all([*(Tile(words, id, classes="row") for id, words in rows), below])
        shown.scroll_home(animate=False)
        if rows:
            self.attempt(partial(self._read, rows[0][0]), "lore entry", newest=True)

    async def _read(self, id: str) -> None:
        page = await self.handed.records.page(id, self.handed.principal, Kind.LORE)
        for row in self.query(Tile).filter(".row"):
            row.set_class(row.key == id, "on")
        sheet = self.query_one("#lore-entry", Sheet)
        sheet.say(words_of(page))
        sheet.scroll_home(animate=False)


def words_of(page: Page) -> Content:
    """A record to read: its name, its text, its facts, what belongs to it, and where it comes from."""
    facts = dict(page.facts)
    canon = f", {facts.pop('canon')}" if "canon" in facts else ""
    title = (f"{line(page.stored.thing.name)}\n", "bold")
    parts: list[str | tuple[str, str]] = [title, (f"{page.stored.thing.kind.value}{canon}\n\n", "#ffd479")]
    if page.text:
        parts.append(f"{plain(page.text)}\n\n")
    for name, value in facts.items():
        parts += [(f"{line(name, 60)}: ", FACT), f"{line(value, 400)}\n"]
    for kind, names in page.below.items():
        parts += [(f"{kind.value}: ", FACT), f"{', '.join(line(name, 60) for name in names)}\n"]
    for source in page.sources:
        parts += [("source: ", FACT), f"{line(source, 200)}\n"]
    by = f"version {page.stored.version} by {line(page.stored.by, 40)}"
    return Content.assemble(*parts, (f"{by} · {page.stored.thing.id}", "#8fa1d0"))
