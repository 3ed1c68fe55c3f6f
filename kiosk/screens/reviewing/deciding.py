"""The decisions about a change, each with what it is asked before: words, a second tap, the typed id, the PIN."""

from __future__ import annotations

from haven.access import Act
from haven.changes.review import Review
from haven.changes.states import State
from haven.errors import NotFound
from kiosk.plain import line
from kiosk.screens.dialogs import Choice, Words
from kiosk.screens.pane import Handed, Pane


class Deciding(Pane):
    """A pane that one change is decided on: the one in `shown`, in exactly the round and commit shown."""

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self.shown: Review | None = None
        self.at = ""
        """The line that a tweak is about, as `path:line`."""

    @property
    def review(self) -> Review:
        """Raises NotFound while it is being read."""
        return _read(self.shown)

    async def decide(self, act: str, shown: Review | None) -> None:
        """Do one of the acts, by its name, to what was shown when it was tapped, whatever is shown by now."""
        work = {"approve": self._approve, "tweak": self._tweak, "skip": self._skip, "reject": self._reject}
        more = {"retry": self._retry, "stop": self._stop, "withdraw": self._withdraw, "undo": self._undo}
        await {**work, **more}[act](_read(shown))

    async def _approve(self, review: Review) -> None:
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

    async def _tweak(self, review: Review) -> None:
        at = self.at
        where = " in the plan" if review.plan else f" in {line(at, 60)}" if at else ""
        words = await self.app.push_screen_wait(Words(f"What should be different{where}?", "Send", "In your words"))
        principal = await self.authorise(Act.TWEAK) if words else None
        if words and principal is not None:
            await self.handed.changes.tweak(review.id, principal, words, round=review.round, at=at)
            again = "is planned again" if review.plan else "goes into another round"
            self.tell(f"Change {review.id} {again}.")

    async def _reject(self, review: Review) -> None:
        why = await self.app.push_screen_wait(Words("Why is it rejected? (may be left empty)", "Reject"))
        principal = await self.authorise(Act.DECIDE) if why is not None else None
        if why is not None and principal is not None:
            await self.handed.changes.reject(review.id, principal, round=review.round, why=why)
            self.tell(f"Change {review.id} is rejected; its branch is kept for some days.")

    async def _skip(self, review: Review) -> None:
        principal = await self.authorise(Act.DECIDE)
        if principal is not None:
            await self.handed.changes.skip(review.id, principal, round=review.round, plan=review.plan_id)
            self.tell(f"Change {review.id} goes on without the plan.")

    async def _stop(self, review: Review) -> None:
        question = "Stop the work? The best round so far is shown; where there is none, the change is cancelled."
        sure = await self.app.push_screen_wait(Choice(question, {"stop": "Stop it"}))
        principal = await self.authorise(Act.CANCEL) if sure else None
        if principal is not None:
            await self.handed.changes.stop(review.id, principal)
            self.tell(f"Change {review.id} stops.")

    async def _withdraw(self, review: Review) -> None:
        sure = await self.app.push_screen_wait(Choice("Put this change away?", {"cancel": "Withdraw it"}))
        principal = await self.authorise(Act.CANCEL) if sure else None
        if principal is not None:
            await self.handed.changes.cancel(review.id, principal)
            self.tell(f"Change {review.id} is cancelled.")

    async def _retry(self, review: Review) -> None:
        principal = await self.authorise(Act.CANCEL)
        if principal is not None:
            await self.handed.changes.resume(review.id, principal)
            self.tell(f"Change {review.id} is tried again.")

    async def _undo(self, review: Review) -> None:
        question = f"This takes the change back out of {line(review.target, 40)}: a change of its own, tested like any."
        sure = await self.app.push_screen_wait(Choice(question, {"two taps": "Undo it"}))
        principal = await self.authorise(Act.DECIDE) if sure else None
        if principal is not None:
            undo = await self.handed.changes.undo(review.id, principal, confirm="two taps")
            self.tell(f"Change {undo.id} undoes it: it is merged where its tests are green.")
            self.opened(undo.id)


def _read(shown: Review | None) -> Review:
    if shown is None:
        raise NotFound("This change is still being read.", "Try again in a moment.")
    return shown
