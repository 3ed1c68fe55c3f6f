"""The places of the kiosk: what each is called, how it is reached, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.screens.ask import Ask
from kiosk.screens.changes import ChangesPane
from kiosk.screens.drafts import DraftsPane
from kiosk.screens.health import HealthPane
from kiosk.screens.help import HelpPane
from kiosk.screens.home import Home
from kiosk.screens.inbox import InboxPane
from kiosk.screens.log import LogPane
from kiosk.screens.lore import LorePane
from kiosk.screens.map import MapPane
from kiosk.screens.models import ModelsPane
from kiosk.screens.pane import Pane
from kiosk.screens.queue import QueuePane
from kiosk.screens.review import ReviewPane
from kiosk.screens.roundtable import RoundTablePane
from kiosk.screens.settings import SettingsPane


@dataclass(frozen=True)
class Place:
    """One pane. `key` opens it on a real keyboard; one `in_bar` has a tile on every screen, the others under More."""

    id: str
    label: str
    pane: type[Pane]
    help: str
    key: str = ""
    in_bar: bool = False

    @property
    def words(self) -> str:
        """Its label, with its key before it."""
        key = "+".join(part.capitalize() for part in self.key.split("+"))
        return f"{key} {self.label}" if key else self.label


PLACES = (
    Place("home", "Home", Home, "the time, who is at work, and what waits for you", "f1", in_bar=True),
    Place("ask", "Ask", Ask, "ask an assistant, or say what should change", "f2", in_bar=True),
    Place("changes", "Changes", ChangesPane, "changes to the project and where each stands", "f3", in_bar=True),
    Place("map", "Map", MapPane, "the systems of the world, to look around in", "f4", in_bar=True),
    Place("lore", "Lore", LorePane, "what is written of the world, to search and to read", "f5", in_bar=True),
    Place("drafts", "Drafts", DraftsPane, "what people propose for the world, to approve or reject", "f6"),
    Place("health", "Health", HealthPane, "how Haven and its machine are, and open alerts", "f7"),
    Place("inbox", "Inbox", InboxPane, "what your watches found, and the digest", "f8"),
    Place("roundtable", "Round Table", RoundTablePane, "who says what to whom, live and again, and what it cost", "f9"),
    Place("queue", "Queue", QueuePane, "what Haven works on, what waits, what failed; to cancel", "f10"),
    Place("log", "Log", LogPane, "what Haven says of its work, by level, words and ids", "f11"),
    Place("models", "Models", ModelsPane, "the models of this machine: size, licence, memory; bring one", "ctrl+n"),
    Place("settings", "Settings", SettingsPane, "how this kiosk looks, caps, alerts; applied at once", "ctrl+o"),
    Place("review", "Review", ReviewPane, "the change you looked at last"),
    Place("help", "Help", HelpPane, "every place and every key, in words", "f12"),
)
