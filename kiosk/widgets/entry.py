"""The field that is typed into, by the keyboard on the screen or a real one; Enter sends."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.strip import Strip
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

    def on_unmount(self) -> None:
        """Textual's app keeps each field, with what was typed, to tell it of the next look: not once it is gone."""
        for watchers in getattr(self.app, "__watchers", {}).values():
            watchers[:] = [(node, tell) for node, tell in watchers if node is not self]

    def take(self, key: str) -> None:
        """A key of the keyboard on the screen."""
        with self._context():  # the field says what changed: else that ends at whoever passed the key on
            self._take(key)

    def _take(self, key: str) -> None:
        if key == "enter":
            self.post_message(self.Sent())
        elif key == "backspace":
            self.action_delete_left()
        elif key == "left":
            self.action_cursor_left()
        elif key == "right":
            self.action_cursor_right()
        else:
            rest = key.lstrip("\b")
            for _ in range(len(key) - len(rest)):
                self.action_delete_left()
            self._insert_safely(rest)

    def forget(self) -> None:
        """Empty it for the next person: what stood here does not come back by Undo."""
        self.load_text("")

    @property
    def before(self) -> str:
        """What stands left of the cursor, on its line."""
        row, column = self.cursor_location
        return self.document.get_line(row)[:column]

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

    def on_resize(self) -> None:
        """The keyboard came up, perhaps: it never hides the field."""
        if self.has_focus:
            self.scroll_visible(animate=False)

    def on_mouse_down(self) -> None:
        self.post_message(self.Touched())

    def render_line(self, y: int) -> Strip:
        """Nothing where a narrow screen leaves no room: Textual fails at a placeholder without a width."""
        return super().render_line(y) if self.content_size.width else Strip([])

    def _insert_safely(self, text: str) -> None:
        self.insert(plain(text)[: max(0, MAX_CHARS - len(self.text))])
