"""Where the places are, below every dialog."""

from __future__ import annotations

from textual.binding import BindingsMap
from textual.dom import DOMNode
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from kiosk.compositor import WholeCompositor
from kiosk.screens.pane import Pane


class Floor(Screen[None]):
    """The keys of the place that is shown work wherever the focus is."""

    BLANK = True
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)  # else each change of it draws the whole screen

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._compositor = WholeCompositor()

    @property
    def _binding_chain(self) -> list[tuple[DOMNode, BindingsMap]]:
        chain = super()._binding_chain
        shown = [pane for pane in self.query_one(Panes).children if isinstance(pane, Pane) and pane.display]
        missing = [(pane, pane._bindings.copy()) for pane in shown if all(node is not pane for node, _ in chain)]
        at = next(number for number, (node, _) in enumerate(chain) if node is self)
        return [*chain[:at], *missing, *chain[at:]]


class Panes(ContentSwitcher):
    """Shows one of the places."""

    BLANK = True
