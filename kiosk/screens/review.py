"""Review: what a change does, its tests, its diff; and the decision, by touch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from haven.access import Act
from haven.changes.review import BAD, STAND_IN, Confirm, Review, by_class, class_said, why_red
from haven.changes.review.text import fact_lines, pair_facts, test_notes
from haven.changes.states import STOPPABLE, State
from haven.errors import NotFound
from kiosk.plain import code, line
from kiosk.screens.dialogs import Choice, Words
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.diff import DiffView
from kiosk.widgets.rounds import RoundList
from kiosk.widgets.sheet import Sheet
from kiosk.widgets.tile import Tile

PAGES = {"summary": "Summary", "tests": "Tests", "diff": "Diff", "rounds": "Rounds"}
PAIR = "pair"
"""The page that two rounds are compared on: it has no tab."""
ACTIONS = {
    "approve": frozenset({State.REVIEW, State.AWAITING_PLAN}),
    "tweak": frozenset({State.REVIEW, State.FAILED, State.AWAITING_PLAN}),
    "skip": frozenset({State.AWAITING_PLAN}),
    "reject": frozenset({State.REVIEW, State.AWAITING_PLAN}),
    "retry": frozenset({State.WAITING}),
    "stop": STOPPABLE,
    "withdraw": frozenset({State.FAILED}),
    "undo": frozenset({State.MERGED}),
}
"""The states in which each button is there."""
COLOURS = {"approve": "good", "reject": "bad", "stop": "bad", "withdraw": "bad", "undo": "bad"}
LEVELS = {"ok": "#4fc27a", "note": "#ffd479", "alert": "bold #ff8f8f"}
TAKES = {"tap": "", "two taps": "\ntwo taps", "type the id": "\ntype the id"}
"""What an approval takes, under its button."""
MAX_TESTS = 400
"""Names shown; the counts tell of all."""


class ReviewPane(Pane):
    """One change. What is approved is exactly the round and commit shown."""

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._change = ""
        self._shown: Review | None = None
        self._at = ""
        """The line that a tweak is about, as `path:line`."""

    def compose(self) -> ComposeResult:
        yield Static("", id="title", markup=False)
        with Horizontal(id="tabs"):
            for page, label in PAGES.items():
                yield Tile(label, page, id=f"tab-{page}", classes="tab")
        with ContentSwitcher(initial="summary", id="pages"):
            yield Sheet(id="summary")
            yield Sheet(id="tests")
            yield DiffView(id="diff")
            yield RoundList(id="rounds")
            yield DiffView(id=PAIR)
        with Horizontal(classes="actions"):
            yield Tile("Back", "back", id="back")
            for action in ACTIONS:
                yield Tile(action.capitalize(), action, id=action, classes=f"action {COLOURS.get(action, '')}".strip())

    def on_mount(self) -> None:
        self._page("summary")
        self._buttons("")

    def open(self, id: str) -> None:
        """Show a change from its beginning."""
        if id != self._change:
            self._change, self._shown = id, None
            self.query_one("#title", Static).update(f"Change {line(id, 20)} …")
            for sheet in self.query(Sheet):
                sheet.say("")
            self._page("summary")
            self._buttons("")
        self.attempt(self._load, "review", newest=True)

    def changed(self, id: str) -> None:
        """Its state moved."""
        if id == self._change:
            self.attempt(self._load, "review", newest=True)

    def progress(self, id: str, text: str) -> None:
        if id == self._change and self._shown is not None:
            self._title(self._shown, text)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        key = event.tile.key
        if event.tile.has_class("tab"):
            self._page(key)
        elif key == "back" and self.query_one("#pages", ContentSwitcher).current == PAIR:
            self._page("rounds")
        elif key == "back":
            self.post_message(self.Go("changes"))
        else:
            self.tapped(partial(self._work, key), "dialog")

    def on_diff_view_pointed(self, event: DiffView.Pointed) -> None:
        event.stop()
        if self.query_one("#pages", ContentSwitcher).current == "diff":
            self._at = event.place
            self._name_tweak()

    def on_round_list_chosen(self, event: RoundList.Chosen) -> None:
        event.stop()
        if event.number != self._review().round:
            self.tapped(partial(self._other_round, event.number), "dialog")

    async def _work(self, act: str) -> None:
        work = {"approve": self._approve, "tweak": self._tweak, "skip": self._skip, "reject": self._reject}
        more = {"retry": self._retry, "stop": self._stop, "withdraw": self._withdraw, "undo": self._undo}
        await {**work, **more}[act]()

    async def _load(self) -> None:
        review = await self.handed.changes.review(self._change)
        with self.app.batch_update():  # so that nobody taps between the words and their buttons
            self._draw(review)
        await self.query_one(RoundList).show(review)

    def _draw(self, review: Review) -> None:
        new = self._shown is None or (self._shown.round, self._shown.commit) != (review.round, review.commit)
        self._shown = review
        self._title(review, "")
        width = max(40, self.app.size.width - 8)  # the sheet's own is not known yet where it was never shown
        self.query_one("#summary", Sheet).say(_facts(review, width))
        self.query_one("#tests", Sheet).say(_tests(review.tests))
        marks = len(review.risk_marks)
        self.query_one("#tab-summary", Tile).say(f"Summary\n! look twice: {marks}" if marks else "Summary")
        self.query_one("#tab-tests", Tile).say(f"Tests\n{_verdict(review.tests)}")
        self.query_one("#tab-diff", Tile).say(f"Diff\n{len(review.files)} file{'s' * (len(review.files) != 1)}")
        self.query_one("#tab-rounds", Tile).say(f"Rounds\n{len(review.rounds)}")
        if new:
            self._at = ""
            self.query_one("#diff", DiffView).show(review.files)
        self._buttons(review.state, review.confirm)

    async def _approve(self) -> None:
        review = self._review()
        if review.state == State.REVIEW and not review.commit:
            self.tell(review.why_not)
            return
        confirm = await self._confirmed(review) if review.state == State.REVIEW else ""
        principal = await self.authorise(Act.DECIDE) if confirm is not None else None
        if confirm is None or principal is None:
            return
        change = await self.handed.changes.approve(
            review.id, principal, round=review.round, commit=review.commit, plan=review.plan_id, confirm=confirm
        )
        waits = change.state == State.REVIEW  # for a second person
        said = (await self.handed.changes.review(review.id)).people_said if waits else ""
        self.tell(said or f"Change {review.id} is approved.")

    async def _confirmed(self, review: Review) -> str | None:
        """What the approval takes beyond the first tap; None where the person thinks again."""
        if review.confirm == "type the id":
            why = line(review.first_look[0].said, 250)
            question = f"To merge it all the same, type its id: {review.id}\n{why}"
            return await self.app.push_screen_wait(Words(question, "Merge", "the id"))
        if review.confirm == "two taps":
            again = {"two taps": "Approve a second time"}
            return await self.app.push_screen_wait(Choice(line(review.second_look, 500), again))
        return ""

    async def _tweak(self) -> None:
        review = self._review()
        at = self._at
        where = " in the plan" if review.plan else f" in {line(at, 60)}" if at else ""
        words = await self.app.push_screen_wait(Words(f"What should be different{where}?", "Send", "In your words"))
        principal = await self.authorise(Act.TWEAK) if words else None
        if words and principal is not None:
            await self.handed.changes.tweak(review.id, principal, words, round=review.round, at=at)
            again = "is planned again" if review.plan else "goes into another round"
            self.tell(f"Change {review.id} {again}.")

    async def _other_round(self, number: int) -> None:
        """Compare a round with the one shown, or go back to it."""
        review = self._review()
        acts = {"compare": f"Compare with round {review.round}"}
        if review.state == State.REVIEW:
            acts["return"] = f"Go back to round {number}"
        act = await self.app.push_screen_wait(Choice(f"Round {number}", acts))
        if act == "compare":
            pair = await self.handed.changes.compare(review.id, number, review.round)
            above = pair_facts(pair, max(40, self.app.size.width - 8))
            self.query_one(f"#{PAIR}", DiffView).show(pair.files, above)
            self.query_one("#pages", ContentSwitcher).current = PAIR
        principal = await self.authorise(Act.DECIDE) if act == "return" else None
        if principal is not None:
            await self.handed.changes.go_back(review.id, principal, number, round=review.round)
            self.tell(f"Change {review.id} shows round {number} again.")

    async def _reject(self) -> None:
        review = self._review()
        why = await self.app.push_screen_wait(Words("Why is it rejected? (may be left empty)", "Reject"))
        principal = await self.authorise(Act.DECIDE) if why is not None else None
        if why is not None and principal is not None:
            await self.handed.changes.reject(review.id, principal, round=review.round, why=why)
            self.tell(f"Change {review.id} is rejected; its branch is kept for some days.")

    async def _skip(self) -> None:
        review = self._review()
        principal = await self.authorise(Act.DECIDE)
        if principal is not None:
            await self.handed.changes.skip(review.id, principal, round=review.round, plan=review.plan_id)
            self.tell(f"Change {review.id} goes on without the plan.")

    async def _stop(self) -> None:
        review = self._review()
        question = "Stop the work? The best round so far is shown; where there is none, the change is cancelled."
        sure = await self.app.push_screen_wait(Choice(question, {"stop": "Stop it"}))
        principal = await self.authorise(Act.CANCEL) if sure else None
        if principal is not None:
            await self.handed.changes.stop(review.id, principal)
            self.tell(f"Change {review.id} stops.")

    async def _withdraw(self) -> None:
        review = self._review()
        sure = await self.app.push_screen_wait(Choice("Put this change away?", {"cancel": "Withdraw it"}))
        principal = await self.authorise(Act.CANCEL) if sure else None
        if principal is not None:
            await self.handed.changes.cancel(review.id, principal)
            self.tell(f"Change {review.id} is cancelled.")

    async def _retry(self) -> None:
        review = self._review()
        principal = await self.authorise(Act.CANCEL)
        if principal is not None:
            await self.handed.changes.resume(review.id, principal)
            self.tell(f"Change {review.id} is tried again.")

    async def _undo(self) -> None:
        review = self._review()
        question = f"This takes the change back out of {line(review.target, 40)}: a change of its own, tested like any."
        sure = await self.app.push_screen_wait(Choice(question, {"two taps": "Undo it"}))
        principal = await self.authorise(Act.DECIDE) if sure else None
        if principal is not None:
            undo = await self.handed.changes.undo(review.id, principal, confirm="two taps")
            self.tell(f"Change {undo.id} undoes it: it is merged where its tests are green.")
            self.open(undo.id)

    def _review(self) -> Review:
        if self._shown is None:
            raise NotFound("This change is still being read.", "Try again in a moment.")
        return self._shown

    def _title(self, review: Review, doing: str) -> None:
        state = f"{review.state}: {line(doing, 40)}" if doing else review.state
        mark = f" · {STAND_IN}" if review.stand_in else ""
        self.query_one("#title", Static).update(
            f"{line(review.title, 180)}\n{review.id} · {state} · round {review.round}{mark}"
        )

    def _page(self, page: str) -> None:
        self.query_one("#pages", ContentSwitcher).current = page
        for tile in self.query(Tile).filter(".tab"):
            tile.set_class(tile.key == page, "on")

    def _buttons(self, state: str, confirm: Confirm = "tap") -> None:
        for action, states in ACTIONS.items():
            self.query_one(f"#{action}").display = state in states
        approve = self.query_one("#approve", Tile)
        approve.say("Go on" if state == State.AWAITING_PLAN else f"Approve{TAKES[confirm]}")
        approve.set_class(state == State.AWAITING_PLAN or confirm != "type the id", "good")
        self.query_one("#skip", Tile).say("Skip\nthe plan")
        self._name_tweak()

    def _name_tweak(self) -> None:
        number = self._at.rpartition(":")[2]
        planned = self._shown is not None and self._shown.plan
        said = "Tweak\nthe plan" if planned else f"Tweak\nline {number}" if number else "Tweak"
        self.query_one("#tweak", Tile).say(said)


def _facts(review: Review, width: int) -> Content:
    """What matters most stands first, and in its colour."""
    lines = fact_lines(review, width)
    return Content("\n").join(Content.styled(text, LEVELS.get(level or "", "")) for level, text in lines)


def _verdict(tests: Mapping[str, Any]) -> str:
    """The tests in two or three words."""
    if not tests:
        return "none yet"
    if not why_red(tests):
        return "✓ in order"
    bad = [f"{len(found)} {name.replace('_', ' ')}" for name, found in by_class(tests).items() if found and name in BAD]
    return f"✗ {bad[0] if bad else 'untested' if tests.get('untested', True) else 'not in order'}"


def _tests(tests: Mapping[str, Any]) -> str:
    """Every test by class, the bad ones first."""
    lines = [str(tests.get("one_line") or "There is no test run yet."), *test_notes(tests)[:MAX_TESTS]]
    lines += [str(problem)] if (problem := tests.get("problem")) else []
    for name, found in by_class(tests).items():
        if found:
            lines += ["", f"{len(found)} {class_said(name)}", *(f"  {test}" for test in found[:MAX_TESTS])]
            lines += [f"  … {len(found) - MAX_TESTS} more"] * (len(found) > MAX_TESTS)
    return code("\n".join(lines))
