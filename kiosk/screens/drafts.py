"""Drafts: what people propose for the world, what each would change, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from haven.access import Act, check
from haven.errors import BadInput, Conflict
from haven.world.differences import Difference
from haven.world.drafts import Decided, Draft
from kiosk.plain import line
from kiosk.screens.dialogs import Words
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile

FIELD, BEFORE, AFTER = "#7fd1ff", "#ffb3b3", "#b6f2b0"
MOST_CHARS = 10_000
"""Of a value before and after; what is longer can be read whole with `haven world drafts ID`."""
ACTIONS = {"approve": ("Approve", "action good"), "reject": ("Reject", "action bad")}


class DraftsPane(Pane):
    """The open ones on the left, the chosen one on the right."""

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._open: list[Draft] = []
        self._chosen = ""
        self._read: dict[str, bool] = {}
        """The draft on the sheet, and whether every word of it stands there."""

    def compose(self) -> ComposeResult:
        with Horizontal(classes="sides"):
            yield VerticalScroll(id="draft-list", can_focus=False)
            yield Sheet(id="draft")
        with Horizontal(classes="actions"):
            yield Tile("Back", "back")
            for act, (label, classes) in ACTIONS.items():
                yield Tile(label, act, id=f"draft-{act}", classes=classes)

    def on_mount(self) -> None:
        self._buttons()

    def show(self, drafts: Sequence[Draft]) -> None:
        """Those that wait, the oldest first."""
        if drafts == self._open and self.query_one("#draft-list").children:
            return
        self._open = list(drafts)
        if self._chosen not in {one.id for one in drafts}:
            self._chosen = drafts[0].id if drafts else ""
        rows = [Tile(_row(one), one.id, classes="row") for one in drafts]
        shown = self.query_one("#draft-list", VerticalScroll)
        shown.remove_children()
        shown.mount_all(rows or [Static("Nothing waits to be looked at.", markup=False)])
        self.choose(self._chosen)

    def choose(self, id: str) -> None:
        self._chosen = id
        self._read = {}
        for row in self.query(Tile).filter(".row"):
            row.set_class(row.key == id, "on")
        self._buttons()
        self.attempt(self._load, "draft", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        key = event.tile.key
        if event.tile.has_class("row"):
            self.choose(key)
        elif key == "back":
            self.post_message(self.Go("home"))
        elif self._chosen:
            self.tapped(partial(self._decide, key, self._chosen), "dialog")

    def _buttons(self) -> None:
        for act in ACTIONS:
            self.query_one(f"#draft-{act}", Tile).display = bool(self._chosen)

    async def _load(self) -> None:
        check(self.handed.principal, Act.READ)
        sheet = self.query_one("#draft", Sheet)
        if not self._chosen:
            sheet.say("")
            return
        drafts = self.handed.records.drafts
        draft = await drafts.get(self._chosen)
        found = await drafts.diff(draft)
        sheet.say(_words(draft, found))
        self._read = {draft.id: all(one.short(MOST_CHARS) == (one.before, one.after) for one in found)}

    async def _decide(self, act: str, id: str) -> None:
        """About exactly the draft that was shown: a draft never changes after it was proposed."""
        person = await self.authorise(Act.APPROVE_WORLD)
        if person is None:
            return
        drafts = self.handed.records.drafts
        if act == "approve":
            self._check_read(id)
            self._said(await drafts.approve([id], person), "It is recorded now.")
            return
        why = await self.app.push_screen_wait(Words("Why is it rejected? Whoever proposed it reads this.", "Reject"))
        if why is not None:
            self._said(await drafts.reject([id], person, why), "It is rejected.")

    def _check_read(self, id: str) -> None:
        """Nobody approves what could not be read."""
        if id not in self._read:
            raise Conflict("Another draft stands here than the one that was tapped.", "Read it, then tap again.")
        if not self._read[id]:
            raise BadInput(
                "It is too long to be read whole here.", f"Read and approve it with: haven world drafts {id}"
            )

    def _said(self, decided: Sequence[Decided], done: str) -> None:
        for one in decided:
            if one.problem is not None:
                raise one.problem
        self.tell(done)


def _row(draft: Draft) -> str:
    first, more = draft.things[0], len(draft.things) - 1
    rest = f" and {more} more" if more else ""
    stranger = ", without a role" if draft.stranger else ""
    return f"{line(first.name, 40)}{rest}\n{first.kind.value} · by {line(draft.by, 30)}{stranger}"


def _words(draft: Draft, found: Sequence[Difference]) -> Content:
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
    parts.append((f"\n{draft.id}, proposed with {line(draft.tool, 40)}", "#8fa1d0"))
    return Content.assemble(*((text, style) if style else text for text, style in parts))
