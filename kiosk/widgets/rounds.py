"""The rounds of a change, one tile each: what was asked, its tests, its cost; a tap compares it or goes back to it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from haven.changes.review import PastRound, Review
from kiosk.plain import line
from kiosk.widgets.tile import Tile


class RoundList(VerticalScroll):
    """The newest round first; those without edits are told, and can't be tapped."""

    class Chosen(Message):
        """A round was tapped."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    async def show(self, review: Review) -> None:
        """Draw them; costs nothing where they are the same."""
        drawn = (review.id, review.round, review.rounds)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        await self.remove_children()
        await self.mount_all(_drawn(one, review.round) for one in reversed(review.rounds))

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        self.post_message(self.Chosen(int(event.tile.key)))


def _drawn(one: PastRound, shown: int) -> Static:
    here = " · shown" if one.number == shown else ""
    asked = f" · {line(one.instruction, 60)}" if one.instruction else ""
    made = f"{len(one.files)} file{'s' * (len(one.files) != 1)} · {one.usd:.4f} USD · {one.seconds:.0f} s"
    facts = made if one.commit else "no edits that could be used"
    ended = f" · {line(one.ended, 40)}" if one.ended else ""
    text = f"Round {one.number} ({one.cause}){here}{asked}\n{line(one.tests or 'no tests yet', 90)}\n{facts}{ended}"
    if not one.commit:
        return Static(text, markup=False, classes="round")
    return Tile(text, str(one.number), classes="round on" if one.number == shown else "round")
