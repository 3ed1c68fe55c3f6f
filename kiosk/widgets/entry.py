"""The field that is typed into, by the keyboard on the screen or a real one; Enter sends."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from kiosk.plain import plain

MAX_CHARS = 20_000
"""More is cut while typing or pasting; what a request may have is said by the one who takes it."""


class Entry(TextArea):
    """Posts `Entry.Sent` on Enter, `Entry.Touched` when a finger comes to it and `Entry.Typed` on a real key."""

    class Sent(Message):
        pass

    class Touched(Message):
        pass

    class Typed(Message):
        pass

    def __init__(self, placeholder: str, text: str = "", *, id: str | None = None) -> None:
        super().__init__(text, id=id, placeholder=placeholder, soft_wrap=True, show_line_numbers=False)
        self.cursor_blink = False  # each blink would be a repaint

    def take(self, key: str) -> None:
        """A key of the keyboard on the screen."""
        if key == "enter":
            self.post_message(self.Sent())
        elif key == "backspace":
            self.action_delete_left()
        else:
            self._insert_safely(key)

    def on_key(self, event: events.Key) -> None:
        self.post_message(self.Typed())
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Sent())

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self._insert_safely(event.text)

    def on_mouse_down(self) -> None:
        self.post_message(self.Touched())

    def _insert_safely(self, text: str) -> None:
        self.insert(plain(text)[: max(0, MAX_CHARS - len(self.text))])
