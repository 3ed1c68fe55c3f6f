"""A tile: words that can be tapped, or reached with Tab and pressed with Enter."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static

from kiosk.plain import plain


class Line(Static):
    """Words that change now and then."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(plain(text), markup=False, id=id, classes=classes)
        self.text = text

    def say(self, text: str) -> None:
        """Change the words; costs nothing where they are the same."""
        if text != self.text:
            self.text = text
            self.update(plain(text), layout=self.styles.auto_dimensions)  # most have a size of their own: nothing moves


class Tile(Line, can_focus=True):
    """At least 3 rows by 8 columns. `key` says what it stands for."""

    FOCUS_ON_CLICK = False  # a tap leaves the focus with the field that is typed into, and repaints less
    BINDINGS: ClassVar[list[BindingType]] = [("enter,space", "press", "Press"), ("m", "hold", "What else can be done")]

    class Pressed(Message):
        """The tile was tapped."""

        def __init__(self, tile: Tile) -> None:
            super().__init__()
            self.tile = tile

        @property
        def control(self) -> Tile:
            return self.tile

    class Held(Message):
        """A finger stayed on it: show what can be done with it. Only where it `holds`."""

        def __init__(self, tile: Tile) -> None:
            super().__init__()
            self.tile = tile

    def __init__(
        self, text: str, key: str = "", *, id: str | None = None, classes: str | None = None, holds: bool = False
    ) -> None:
        super().__init__(text, id=id, classes=classes)
        self.key = key
        self.holds = holds

    def action_press(self) -> None:
        self.post_message(self.Pressed(self))

    def hold(self) -> None:
        self.post_message(self.Held(self))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.holds if action == "hold" else True

    def action_hold(self) -> None:
        self.hold()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pressed(self))
