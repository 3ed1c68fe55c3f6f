"""Review: what a change does, its tests, its diff; and the decision, by touch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import ContentSwitcher, Static

from haven.access import Act
from haven.changes import private_notes
from haven.changes.review import STAND_IN, Confirm, Review
from haven.changes.review.text import pair_facts
from haven.changes.states import DECISIONS, State
from haven.store.events import Event
from kiosk.plain import line
from kiosk.screens.dialogs import Choice
from kiosk.screens.pane import Handed
from kiosk.screens.reviewing import stages, words
from kiosk.screens.reviewing.deciding import Deciding
from kiosk.widgets.change_list import PROGRESS
from kiosk.widgets.diff import DiffView
from kiosk.widgets.outline import Outline
from kiosk.widgets.rounds import RoundList
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile

PAGES = {"summary": "Summary", "files": "Files", "diff": "Diff", "tests": "Tests", "rounds": "Rounds"}
PAIR = "pair"
"""The page that two rounds are compared on: it has no tab."""
DIFFS = frozenset({"diff", PAIR})
COLOURS = {"approve": "good", "reject": "bad", "stop": "bad", "withdraw": "bad", "undo": "bad"}
STEPS = {"previous": "Previous\nchange", "next": "Next\nchange", "view": "Side by\nside"}
"""What is done with a diff."""
NONE_YET = "No change was looked at yet. Choose one under F3 Changes."


class ReviewPane(Deciding):
    """One change. What is approved is exactly the round and commit shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "act('approve')", "Approve", tooltip="merge the change, or go on with its plan"),
        Binding("t", "act('tweak')", "Tweak", tooltip="say what should be different: another round"),
        Binding("r", "act('reject')", "Reject", tooltip="put the change away, with a reason"),
        Binding("s", "act('skip')", "Skip the plan", tooltip="ask for the edits without it"),
        Binding("x", "act('stop')", "Stop", tooltip="end the work and show the best round so far"),
        Binding("y", "act('retry')", "Retry", tooltip="try again at once what waits"),
        Binding("w", "act('withdraw')", "Withdraw", tooltip="put a failed change away"),
        Binding("u", "act('undo')", "Undo", tooltip="take a merged change back out, by a change of its own"),
        *(Binding(str(at), f"page('{id}')", name) for at, (id, name) in enumerate(PAGES.items(), 1)),
        Binding("n", "step('next')", "Next change", tooltip="in the diff"),
        Binding("p", "step('previous')", "Previous change", tooltip="in the diff"),
        Binding("v", "step('view')", "Side by side", tooltip="the diff in two columns, or in one"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._change = ""
        self._unfolded: set[str] = set()
        """Tests and classes of tests that were tapped."""

    def compose(self) -> ComposeResult:
        yield Static("", id="title", markup=False)
        yield Static("", id="stages", markup=False)
        with Horizontal(id="tabs", classes="wraps"):
            for page, label in PAGES.items():
                yield Tile(label, page, id=f"tab-{page}", classes="tab")
        with ContentSwitcher(initial="summary", id="pages"):
            yield Sheet(id="summary")
            yield Outline(id="files")
            yield DiffView(id="diff")
            yield Outline(id="tests")
            yield RoundList(id="rounds")
            yield DiffView(id=PAIR)
        with Horizontal(id="decide", classes="actions wraps"):
            yield Tile("Back", "back", id="back")
            for step, label in STEPS.items():
                yield Tile(label, step, id=step, classes="stepper")
            for action in DECISIONS:
                yield Tile(action.capitalize(), action, id=action, classes=f"action {COLOURS.get(action, '')}".strip())

    def on_mount(self) -> None:
        self._page("summary")
        self._buttons("")

    def opened(self, about: str = "") -> None:
        """Show a change from its beginning; without one, that which was shown last."""
        if about and about != self._change:
            self._change, self.shown = about, None
            self._unfolded.clear()
            self.query_one("#title", Static).update(f"Change {line(about, 20)} …")
            self.query_one("#stages", Static).update("")
            self.query_one("#summary", Sheet).say("")
            for outline in self.query(Outline):
                outline.show([])
                outline.top()
            self._page("summary")
            self._buttons("")
        if self._change:
            self.attempt(self._load, "review", newest=True)
        else:
            self.query_one("#title", Static).update(NONE_YET)

    def standing(self) -> dict[str, str]:
        return {"about": self._change, "page": self._current}

    def resumed(self, standing: Mapping[str, str]) -> None:
        super().resumed(standing)
        if (page := standing.get("page", "")) in PAGES:
            self._page(page)

    def ended(self) -> None:
        self._point("")

    def news(self, event: Event) -> None:
        if event.subject != self._change or not event.kind.startswith("change."):
            return
        if event.kind != PROGRESS:
            self.attempt(self._load, "review", newest=True)
        elif self.shown is not None:
            self._title(self.shown, str(event.data.get("text", "")))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key does what has a button now."""
        if action == "act":
            return bool(self.query_one(f"#{parameters[0]}").display)
        return self.query_one("#next").display if action == "step" and parameters != ("view",) else True

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        key = event.tile.key
        if event.tile.has_class("tab"):
            self._page(key)
        elif key in STEPS:
            self.action_step(key)
        elif key == "back" and self._current == PAIR:
            self._page("rounds")
        elif key == "back":
            self.go_back()
        else:
            self.action_act(key)

    def action_act(self, act: str) -> None:
        self.tapped(partial(self.decide, act, self.shown), "dialog")

    def action_page(self, page: str) -> None:
        self._page(page)

    def action_step(self, step: str) -> None:
        """Through the changes of the diff that is shown, or to its other layout."""
        if self._current not in DIFFS:
            return
        diff = self.query_one(f"#{self._current}", DiffView)
        if step == "view":
            diff.turn()
        else:
            diff.step(1 if step == "next" else -1)
        self._steps()

    def on_outline_tapped(self, event: Outline.Tapped) -> None:
        event.stop()
        if event.control.id == "files":
            self._page("diff")
            self.call_after_refresh(self.query_one("#diff", DiffView).jump, int(event.key))
        else:
            self._unfolded ^= {event.key}
            self.query_one("#tests", Outline).show(words.test_items(self.review, self._unfolded))

    def on_diff_view_pointed(self, event: DiffView.Pointed) -> None:
        event.stop()
        if self._current == "diff":
            self._point(event.place)

    def on_resize(self) -> None:
        self.call_after_refresh(self._steps)

    def on_round_list_chosen(self, event: RoundList.Chosen) -> None:
        event.stop()
        review = self.review
        if event.number != review.round:
            self.tapped(partial(self._other_round, review, event.number), "dialog")

    async def _load(self) -> None:
        review = await self.handed.changes.review(self._change)
        change = await self.handed.changes.get(self._change)
        private = await private_notes.read(self.handed.database, change, self.handed.principal)  # never on the panel
        with self.app.batch_update():  # so that nobody taps between the words and their buttons
            self._draw(review, private or "")
        await self.query_one(RoundList).show(review)

    def _draw(self, review: Review, private: str) -> None:
        new = self.shown is None or (self.shown.round, self.shown.commit) != (review.round, review.commit)
        self.shown = review
        self._title(review, "")
        width = max(40, self.app.size.width - 8)  # the sheet's own is not known yet where it was never shown
        self.query_one("#summary", Sheet).say(words.facts(review, width, private))
        self.query_one("#files", Outline).show(words.file_items(review.files))
        self.query_one("#tests", Outline).show(words.test_items(review, self._unfolded))
        marks = len(review.risk_marks)
        self.query_one("#tab-summary", Tile).say(f"Summary\n! look twice: {marks}" if marks else "Summary")
        self.query_one("#tab-files", Tile).say(f"Files\n{len(review.files)}")
        self.query_one("#tab-tests", Tile).say(f"Tests\n{words.tests_verdict(review.tests)}")
        self.query_one("#tab-rounds", Tile).say(f"Rounds\n{len(review.rounds)}")
        if new:
            self.at = ""
            self.query_one("#diff", DiffView).show(review.files)
        changes = self.query_one("#diff", DiffView).changes
        self.query_one("#tab-diff", Tile).say(f"Diff\n{changes} change{'s' * (changes != 1)}")
        self._buttons(review.state, review.confirm)

    async def _other_round(self, review: Review, number: int) -> None:
        """Compare a round with the one shown, or go back to it."""
        acts = {"compare": f"Compare with round {review.round}"}
        if review.state == State.REVIEW:
            acts["return"] = f"Go back to round {number}"
        act = await self.app.push_screen_wait(Choice(f"Round {number}", acts))
        if act == "compare":
            pair = await self.handed.changes.compare(review.id, number, review.round)
            above = pair_facts(pair, max(40, self.app.size.width - 8))
            self.query_one(f"#{PAIR}", DiffView).show(pair.files, above)
            self.query_one("#pages", ContentSwitcher).current = PAIR
            self.call_after_refresh(self._steps)
        principal = await self.authorise(Act.DECIDE) if act == "return" else None
        if principal is not None:
            await self.handed.changes.go_back(review.id, principal, number, round=review.round)
            self.tell(f"Change {review.id} shows round {number} again.")

    def _title(self, review: Review, doing: str) -> None:
        state = f"{review.state}: {line(doing, 40)}" if doing else review.state
        mark = f" · {STAND_IN}" if review.stand_in else ""
        self.query_one("#title", Static).update(
            f"{line(review.title, 180)}\n{review.id} · {state} · round {review.round}{mark}"
        )
        self.query_one("#stages", Static).update(stages.row(review.state, doing))

    @property
    def _current(self) -> str:
        return self.query_one("#pages", ContentSwitcher).current or ""

    def _page(self, page: str) -> None:
        self.query_one("#pages", ContentSwitcher).current = page
        for tile in self.query(Tile).filter(".tab"):
            tile.set_class(tile.key == page, "on")
        self._steps()
        self.call_after_refresh(self._steps)  # a diff that was never shown has no width yet

    def _steps(self) -> None:
        """The buttons of the diff, where one is shown."""
        in_diff = self._current in DIFFS
        diff = self.query_one(f"#{self._current}", DiffView) if in_diff else None
        for step in ("previous", "next"):
            self.query_one(f"#{step}").display = diff is not None and diff.changes > 1
        self.query_one("#view").display = diff is not None and diff.may_split
        if diff is not None:
            self.query_one("#next", Tile).say(f"Next\n{diff.at} of {diff.changes}" if diff.at else STEPS["next"])
            self.query_one("#view", Tile).say("One\ncolumn" if diff.split else STEPS["view"])

    def _buttons(self, state: str, confirm: Confirm = "tap") -> None:
        for action, states in DECISIONS.items():
            self.query_one(f"#{action}").display = state in states
        approve = self.query_one("#approve", Tile)
        approve.say(words.approve_said(state, confirm, self.shown))
        approve.set_class(state == State.AWAITING_PLAN or confirm != "type the id", "good")
        self.query_one("#skip", Tile).say("Skip\nthe plan")
        self._point(self.at)

    def _point(self, place: str) -> None:
        """What a tweak is about now."""
        self.at = place
        number = place.rpartition(":")[2]
        planned = self.shown is not None and self.shown.state == State.AWAITING_PLAN
        said = "Tweak\nthe plan" if planned else f"Tweak\nline {number}" if number else "Tweak"
        self.query_one("#tweak", Tile).say(said)
