"""Drafts: what people propose for the world, what each would change, and the decision, about one or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from haven.access import Act, check
from haven.errors import BadInput, Conflict
from haven.store.events import Event
from haven.world.differences import Difference
from haven.world.drafts import Decided, Draft, seal_of
from kiosk.plain import line
from kiosk.screens.dialogs import Words
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile

FIELD, BEFORE, AFTER = "$title", "$removed-ink", "$added-ink"
MOST_CHARS = 10_000
"""Of a value before and after; what is longer can be read whole with `haven world drafts ID`."""
LISTED = 100
"""Drafts in the list; more are counted below it."""
TOGETHER = 20
"""Drafts that are decided together: more are not read with care."""
TOLD = 3
"""Problems that a notice tells."""
ACTIONS = {"approve": ("Approve", "action good"), "reject": ("Reject", "action bad")}


@dataclass(frozen=True)
class Read:
    """What stands on the sheet: these drafts, and those of them that are too long to stand there whole."""

    drafts: tuple[Draft, ...] = ()
    cut: frozenset[str] = frozenset()


class DraftsPane(Pane):
    """The open ones on the left, the chosen one on the right; or several, each added or left out by a tap."""

    FROM_START = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "decide('approve')", "Approve", tooltip="record what is shown; on the wall panel with its PIN"),
        Binding("r", "decide('reject')", "Reject", tooltip="say why not; whoever proposed it reads that"),
        Binding("s", "several", "Several", tooltip="decide some together; holding a row begins with it"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._open: list[Draft] = []
        self._count = 0
        self._chosen: list[str] = []
        self._several = False
        self._read = Read()

    def compose(self) -> ComposeResult:
        with Horizontal(classes="sides"):
            yield VerticalScroll(id="draft-list", can_focus=False)
            yield Sheet(id="draft")
        with Horizontal(classes="actions"):
            yield Tile("Back", "back")
            yield Tile("Several", "several", id="draft-several")
            for act, (label, classes) in ACTIONS.items():
                yield Tile(label, act, id=f"draft-{act}", classes=classes)

    def on_mount(self) -> None:
        self._mark()
        self.attempt(self._look, "drafts")

    def news(self, event: Event) -> None:
        if event.kind.startswith("draft."):
            self.attempt(self._look, "drafts", newest=True)

    async def _look(self) -> None:
        """Those that wait, the oldest first."""
        check(self.handed.principal, Act.READ)
        count = await self.handed.records.drafts.count()
        drafts = await self.handed.records.drafts.list(limit=LISTED)
        person = self.handed.principal.with_pin()
        for_others = sum(not self.handed.records.drafts.may_approve(one, person) for one in drafts)
        self.post_message(self.Counted("drafts", count - for_others))
        if drafts == self._open and count == self._count and self.query_one("#draft-list").children:
            return
        self._open, self._count = list(drafts), count
        rows = [Tile(_row(one), one.id, classes="row", holds=True) for one in drafts]
        more = f"{count - len(drafts):,} more wait behind these." if count > len(drafts) else ""
        below = Static(more if rows else "Nothing waits to be looked at.", markup=False)
        shown = self.query_one("#draft-list", VerticalScroll)
        shown.remove_children()
        shown.mount_all([*rows, below])
        there = [one.id for one in drafts]
        kept = [id for id in self._chosen if id in there]
        self._several = self._several and bool(kept)
        self._choose(kept or there[:1])

    def _choose(self, ids: list[str]) -> None:
        self._chosen = ids
        self._read = Read()
        self._mark()
        self.attempt(self._load, "draft", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        key = event.tile.key
        if event.tile.has_class("row"):
            self._tapped(key)
        elif key == "back":
            self.go_back()
        elif key == "several":
            self.action_several()
        else:
            self.action_decide(key)

    def on_tile_held(self, event: Tile.Held) -> None:
        """Begin to choose several with this one, or add it."""
        event.stop()
        if self._several:
            self._tapped(event.tile.key)
        elif len(self._open) > 1:
            self._several = True
            self._choose([event.tile.key])

    def action_several(self) -> None:
        self._several = len(self._open) > 1 and not self._several
        self._choose(self._chosen[:1])

    def action_decide(self, act: str) -> None:
        if self._chosen:
            self.tapped(partial(self._decide, act, tuple(self._chosen)), "dialog")

    def _tapped(self, id: str) -> None:
        if not self._several:
            self._choose([id])
        elif id in self._chosen:
            self._choose([one for one in self._chosen if one != id])
        elif len(self._chosen) < TOGETHER:
            self._choose([*self._chosen, id])
        else:
            self.tell(f"{TOGETHER} are the most that are decided together.")

    def _mark(self) -> None:
        """Rows that are chosen, and what the tiles below would do."""
        for row in self.query(Tile).filter(".row"):
            row.set_class(row.key in self._chosen, "on")
        several = self.query_one("#draft-several", Tile)
        several.display = len(self._open) > 1
        several.set_class(self._several, "on")
        these = f" these {len(self._chosen)}" if len(self._chosen) > 1 else ""
        for act, (label, _) in ACTIONS.items():
            tile = self.query_one(f"#draft-{act}", Tile)
            tile.display = bool(self._chosen)
            tile.say(f"{label}{these}")

    async def _load(self) -> None:
        check(self.handed.principal, Act.READ)
        drafts = self.handed.records.drafts
        found = [(one, await drafts.diff(one)) for one in await drafts.get_many(self._chosen)]
        parts = [_words(one, some, self._by_pin(one)) for one, some in found]
        if self._several:
            parts.insert(0, Content("Tap rows to add them or to leave them out; what is chosen stands here.\n\n"))
        sheet = self.query_one("#draft", Sheet)
        sheet.say(Content("\n\n").join(parts) if parts else "")
        # What was added last stands at the end.
        self.call_after_refresh(sheet.scroll_end if self._several else sheet.scroll_home, animate=False)
        cut = frozenset(draft.id for draft, some in found if not _is_whole(some))
        self._read = Read(tuple(draft for draft, _ in found), cut)

    def _by_pin(self, draft: Draft) -> bool:
        """Whether it was proposed on this panel, so that its PIN alone makes the difference."""
        principal = self.handed.principal
        return principal.needs_pin and draft.by_id == principal.id

    async def _decide(self, act: str, ids: tuple[str, ...]) -> None:
        """About exactly the drafts that were shown: a draft never changes after it was proposed."""
        person = await self.authorise(Act.APPROVE_WORLD)
        if person is None:
            return
        drafts = self.handed.records.drafts
        if act == "approve":
            shown = self._check_read(ids)
            self._said(await drafts.approve(ids, person, seal=seal_of(shown)), "recorded now")
            return
        what = "it" if len(ids) == 1 else f"each of these {len(ids)}"
        ask = Words(f"Why is {what} rejected? Whoever proposed it reads this.", "Reject")
        why = await self.app.push_screen_wait(ask)
        if why is not None:
            self._said(await drafts.reject(ids, person, why), "rejected")

    def _check_read(self, ids: tuple[str, ...]) -> tuple[Draft, ...]:
        """What the sheet shows; nobody approves what could not be read."""
        if {one.id for one in self._read.drafts} != set(ids):
            raise Conflict("Another draft stands here than the one that was tapped.", "Read it, then tap again.")
        if self._read.cut:
            id = min(self._read.cut)
            raise BadInput(
                f"{id} is too long to be read whole here.", f"Read and approve it with: haven world drafts {id}"
            )
        return self._read.drafts

    def _said(self, decided: Sequence[Decided], done: str) -> None:
        """What became of them; those that stand as they stood say why."""
        problems = [(one.id, one.problem) for one in decided if one.problem is not None]
        if len(decided) == 1:
            if problems:
                raise problems[0][1]
            self.tell(f"It is {done}.")
            return
        if len(problems) < len(decided):
            self.tell(f"{len(decided) - len(problems)} of {len(decided)} are {done}.")
        if problems:
            told = [f"{id}: {problem.full}" for id, problem in problems[:TOLD]]
            self.complain("\n".join([*told, *(["The others stand in the list."] if len(problems) > TOLD else [])]))


def _row(draft: Draft) -> str:
    first, more = draft.things[0], len(draft.things) - 1
    rest = f" and {more} more" if more else ""
    stranger = ", without a role" if draft.stranger else ""
    return f"{line(first.name, 40)}{rest}\n{first.kind.value} · by {line(draft.by, 30)}{stranger}"


def _is_whole(found: Sequence[Difference]) -> bool:
    return all(one.short(MOST_CHARS) == (one.before, one.after) for one in found)


def _words(draft: Draft, found: Sequence[Difference], by_pin: bool) -> Content:
    """The diff, field by field under the record; then why."""
    parts: list[tuple[str, str]] = []
    record = ""
    for one in found:
        if one.record != record:
            parts.append((f"{chr(10) if record else ''}{line(one.record)}\n", "bold"))
            record = one.record
        before, after = one.short(MOST_CHARS)
        parts.append((f"  {line(one.field.replace('_', ' '), 40)}: ", FIELD))
        if before:
            parts += [(line(before, MOST_CHARS), BEFORE), (" → ", "")]
        parts.append((f"{line(after, MOST_CHARS) or '(empty)'}\n", AFTER))
    if not found:
        parts.append(("It would change nothing any more.\n", ""))
    if draft.reason:
        parts += [("\nWhy: ", FIELD), (f"{line(draft.reason, 600)}\n", "")]
    if by_pin:
        parts.append(("\nProposed on this panel without the PIN. With it you approve it as the owner.\n", FIELD))
    parts.append((f"\n{draft.id}, proposed with {line(draft.tool, 40)}", "$quiet"))
    return Content.assemble(*((text, style) if style else text for text, style in parts))
