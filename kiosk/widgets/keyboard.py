"""The on-screen keyboard: letters, capitals and signs in keys that a finger hits."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

ROWS = ("1234567890", "qwertyuiop", "asdfghjkl'", "zxcvbnm,.?")
SIGNS = ("!@#$%^&*()", "-_=+/\\|:;\"", "[]{}<>~`€£", "àéèöüäßñç°")
CONTROLS = (("⇧ shift", "shift"), ("!#é", "signs"), ("space", " "), ("⌫", "backspace"), ("hide", "hide"), ("⏎", "enter"))
REPEAT_AFTER_S, REPEAT_EVERY_S = 0.4, 0.08


class Key(Static):
    """One key; it works when the finger comes down, and never takes the focus."""

    class Pressed(Message):
        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    _repeat: Timer | None = None

    def __init__(self, label: str, key: str) -> None:
        super().__init__(label, markup=False)
        self.key = key

    def become(self, label: str) -> None:
        """Stand for another character."""
        self.key = label
        self.update(label)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        event.stop()
        self._send()
        if self.key == "backspace":
            self.capture_mouse()  # so that the lift is seen here wherever it happens
            self._repeat = self.set_timer(REPEAT_AFTER_S, self._hold)

    def on_mouse_up(self) -> None:
        if self._repeat is not None:
            self._repeat.stop()
            self._repeat = None
            self.release_mouse()

    def _send(self) -> None:
        self.post_message(self.Pressed(self.key))

    def _hold(self) -> None:
        self._repeat = self.set_interval(REPEAT_EVERY_S, self._send)


class Keyboard(Vertical):
    """Posts `Keyboard.Typed` with a character, `backspace`, `enter` or `hide`."""

    class Typed(Message):
        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__()
        self._signs = False
        self._shift = False

    def compose(self) -> ComposeResult:
        for row in ROWS:
            with Horizontal(classes="keys"):
                for character in row:
                    yield Key(character, character)
        with Horizontal(classes="keys"):
            for label, key in CONTROLS:
                yield Key(label, key)

    def on_key_pressed(self, event: Key.Pressed) -> None:
        event.stop()
        if event.key == "shift":
            self._show(self._signs, not self._shift)
        elif event.key == "signs":
            self._show(not self._signs, False)
        else:
            self.post_message(self.Typed(event.key))
            if self._shift:
                self._show(self._signs, False)

    def _show(self, signs: bool, shift: bool) -> None:
        self._signs, self._shift = signs, shift
        characters = "".join(SIGNS if signs else ROWS)
        keys = list(self.query(Key))[: len(characters)]
        with self.app.batch_update():
            for key, character in zip(keys, characters, strict=True):
                key.become(character.upper() if shift and character != "ß" else character)
