"""The Round Table as a chat: each step in the colour and with the name of who speaks; a tap unfolds it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from assistants.base import Assistant
from assistants.table.shown import OTHERS, SOMEBODY, TIERS, Shown
from assistants.table.transcript import TABLE
from haven.store.transcripts import Said
from kiosk.plain import line, plain
from kiosk.widgets.tile import Tile

MOST = 200
"""Steps that a chat holds; the oldest go first."""
PEOPLE = (5, 6, 8)
"""Voices of people; the assistants have the first ones, models the seventh."""
MODEL = 7
WITH_PIN = "With its PIN the panel shows them."


@dataclass(frozen=True)
class Cast:
    """Who may speak, and how each is called and coloured."""

    seats: Mapping[str, tuple[str, int]]
    """Title and voice of each assistant by its name."""

    @classmethod
    def of(cls, assistants: Sequence[Assistant]) -> Cast:
        voices = (1, 2, 3, 4, 5, 6, 8)
        return cls({one.name: (one.title, voices[at % len(voices)]) for at, one in enumerate(assistants)})

    def title(self, name: str) -> str:
        if name == TABLE:
            return "Round Table"
        return self.seats[name][0] if name in self.seats else line(name, 48)

    def voice(self, name: str, said: Said | None = None) -> str:
        """The name of a colour of the look."""
        if name in ("", TABLE, SOMEBODY):
            return "quiet"
        if name in self.seats:
            return f"voice-{self.seats[name][1]}"
        if said is not None and name == said.model:
            return f"voice-{MODEL}"
        return f"voice-{PEOPLE[zlib.crc32(name.encode()) % len(PEOPLE)]}"


class Step(Shown):
    """One message, drawn."""

    @property
    def kept_back(self) -> str:
        back = super().kept_back
        return f"{back} {WITH_PIN}" if back == OTHERS else back

    def head(self, cast: Cast) -> Content:
        """Who does what to whom, and when."""
        said = self.said
        at = f"{datetime.fromtimestamp(said.at).astimezone():%H:%M:%S} "
        who, whom = self.named(said.who, cast.seats), self.named(said.whom, cast.seats)
        parts: list[str | tuple[str, str]] = [(at, "$quiet"), (cast.title(who), f"bold ${cast.voice(who, said)}")]
        parts.append(f" {line(said.move, 40)} ")
        if whom:
            parts.append((cast.title(whom), f"bold ${cast.voice(whom, said)}"))
        return Content.assemble(*parts)

    def figures(self, *, tokens: bool = True) -> str:
        """By which way, how long, how many tokens and at what price."""
        said = self.said
        by = TIERS.get(said.tier, said.tier) + (f": {line(said.model, 40)}" if said.model else "")
        used = (
            f"{said.input_tokens:,} tokens read, {said.output_tokens:,} written" if said.input_tokens and tokens else ""
        )
        time, cost = f"{said.seconds:.1f} s" if said.seconds else "", f"{said.usd:.4f} USD" if said.usd else ""
        return " · ".join(filter(None, (by, time, used, cost)))

    def brief(self, cast: Cast) -> Content:
        """Two or three lines."""
        second = line(self.words, 160) or line(self.why, 160) or self.kept_back
        left = f"left the house: {line(self.said.sent, 120)}" if self.said.sent else ""
        about = left or (self.figures(tokens=False) if self.said.tier else "")
        return Content("\n").join(self._below(cast, [(second, "$ink"), (about, "$note" if left else "$quiet")]))

    def whole(self, cast: Cast) -> Content:
        """All there is: the words, what left the house, why, and the figures."""
        said = self.said
        rest = [(plain(self.words).strip() or self.kept_back, "$ink")]
        rest.append((f"left the house: {line(said.sent, 400)}" if said.sent else "", "$note"))
        rest.append((f"why: {line(self.why, 500)}" if self.why else "", "$quiet"))
        rest.append((self.figures(), "$quiet"))
        rest.append((f"request {said.request}", "$quiet"))
        return Content("\n").join(self._below(cast, rest))

    def _below(self, cast: Cast, rest: Sequence[tuple[str, str]]) -> list[Content]:
        return [self.head(cast), *(Content.styled(text, style) for text, style in rest if text)]


class Bubble(Tile):
    """One step; tapped, it unfolds, and folds again."""

    def __init__(self, step: Step, cast: Cast) -> None:
        super().__init__("", step.said.request, classes="step")
        self.step = step
        self._cast = cast
        self.unfolded = False
        self.add_class(cast.voice(step.named(step.said.who, cast.seats), step.said))
        self.set_class(bool(step.said.sent), "left")
        self._draw()

    def turn(self) -> None:
        self.unfolded = not self.unfolded
        self.set_class(self.unfolded, "open")
        self._draw()

    def _draw(self) -> None:
        shown = self.step.whole(self._cast) if self.unfolded else self.step.brief(self._cast)
        self.text = shown.plain
        self.update(shown)


class Chat(VerticalScroll, can_focus=False):
    """The steps, the newest at the end, which is followed until a finger goes back."""

    def __init__(self, cast: Cast, *, id: str) -> None:
        super().__init__(id=id)
        self._cast = cast

    def show(self, steps: Sequence[Step], nothing: str) -> None:
        """These, from their end."""
        self.remove_children()
        rows: list[Static] = [Bubble(step, self._cast) for step in steps[-MOST:]]
        self.mount_all(rows or [Static(nothing, markup=False, classes="nothing")])
        self.anchor()

    def add(self, step: Step) -> None:
        """One more."""
        for old in [*self.query(".nothing"), *list(self.query(Bubble))[: -(MOST - 1)]]:
            old.remove()
        self.mount(Bubble(step, self._cast))

    def stay_at(self, bubble: Bubble) -> None:
        """What was tapped is read from its beginning; the end is followed again when a finger goes back to it."""
        self.release_anchor()
        self.call_after_refresh(self.scroll_to_widget, bubble, animate=False)
