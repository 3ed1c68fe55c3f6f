"""What is asked in between: the PIN, some words, one of a few choices. Escape or Back gives up."""

from __future__ import annotations

from typing import ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from kiosk.compositor import WholeCompositor
from kiosk.plain import plain
from kiosk.touch import TouchApp
from kiosk.widgets.entry import Entry
from kiosk.widgets.keyboard import Keyboard, Keys, NumberKeys, PinKeys
from kiosk.widgets.tile import Tile

MAX_PIN = 12


class Dialog(ModalScreen[str | None]):
    """Returns what the person gave, or None."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "give_up", "Back")]

    def __init__(self) -> None:
        super().__init__()
        self._compositor = WholeCompositor()

    def action_give_up(self) -> None:
        self.dismiss(None)

    def dismiss(self, result: str | None = None) -> AwaitComplete:
        """Give it back, once: a second tap comes too late, and would close what lies below."""
        return super().dismiss(result) if self.is_active else AwaitComplete.nothing()  # type: ignore[no-untyped-call]


class PinPad(Dialog):
    """Digits by touch or key."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        self._hint = hint
        self._digits = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(plain(self._hint), markup=False, classes="question")
            yield Static("", id="dots")
            yield PinKeys(shuffled=cast(TouchApp, self.app).wanted.shuffle_pin)
            yield Tile("Back", "back", classes="wide")

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        self.dismiss(None)

    def on_keys_typed(self, event: Keys.Typed) -> None:
        self._take(event.key)

    def on_key(self, event: events.Key) -> None:
        if event.key in {"enter", "backspace"} or event.key.isdigit():
            event.stop()
            self._take(event.key)

    def _take(self, key: str) -> None:
        if key == "enter":
            self.dismiss(self._digits)
        else:
            self._digits = self._digits[:-1] if key == "backspace" else (self._digits + key)[:MAX_PIN]
            self.query_one("#dots", Static).update("● " * len(self._digits))


class Typing(Dialog):
    """With a field, and the keys for it: put away, they come back when a finger comes to the field."""

    def on_mount(self) -> None:
        self.query_one(Entry).focus()

    def on_keys_typed(self, event: Keys.Typed) -> None:
        if event.key == "hide":
            self.query_one(Keys).display = False
        else:
            self.query_one(Entry).take(event.key)

    def on_entry_touched(self) -> None:
        self.query_one(Keys).display = True


class Words(Typing):
    """A sentence or more; with `numeric`, a number."""

    def __init__(self, question: str, done: str, placeholder: str = "", *, numeric: bool = False) -> None:
        super().__init__()
        self._question = question
        self._done = done
        self._placeholder = placeholder
        self._numeric = numeric

    def compose(self) -> ComposeResult:
        with Vertical(classes="box full"):
            yield Static(plain(self._question), markup=False, classes="question")
            yield Entry(self._placeholder, id="words")
            with Horizontal(classes="actions"):
                yield Tile("Back", "back")
                yield Tile(self._done, "done", id="done", classes="good")
            yield NumberKeys() if self._numeric else Keyboard()

    def on_entry_sent(self) -> None:
        self.dismiss(self.query_one(Entry).text)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        self.dismiss(self.query_one(Entry).text if event.tile.key == "done" else None)


class Choice(Dialog):
    """One of a few; `options` maps what is returned to what is shown."""

    def __init__(self, question: str, options: dict[str, str], best: str = "") -> None:
        super().__init__()
        self._question = question
        self._options = options
        self._best = best

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Static(plain(self._question), markup=False, classes="question")
            with Horizontal(classes="actions"):
                for key, label in self._options.items():
                    yield Tile(label, key, classes="good" if key == self._best else None)
            yield Tile("Back", "back", classes="wide")

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        self.dismiss(None if event.tile.key == "back" else event.tile.key)
