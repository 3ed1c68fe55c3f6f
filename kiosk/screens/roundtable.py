"""The Round Table: the live chat of assistants, models and people, one request of the past, and its replay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from assistants.table.replaying import SPEEDS, Replay
from assistants.table.shown import TIERS
from assistants.table.transcript import LIVE, Move
from assistants.waiting import is_for
from haven.access import Act, Principal
from haven.store.events import Event
from haven.store.transcripts import Said, Talk
from kiosk.plain import line
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.talk import Bubble, Cast, Chat, Step
from kiosk.widgets.tile import Tile

LISTED, RECENT, LOOKED_AT = 30, 80, 500
"""Requests in the list; steps of the live chat when it is opened; steps among which is looked for what has left."""
ALL, MINE = "", "mine"


class RoundTablePane(Pane):
    """Requests on the left, the chat on the right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "live", "Live", tooltip="the steps of every request, as they happen"),
        Binding("w", "who", "Who", tooltip="only the requests of one assistant, or your own"),
        Binding("h", "tier", "Where", tooltip="only steps in this house, at home or in the cloud"),
        Binding("o", "left", "Left the house", tooltip="only what has left this house"),
        Binding("r", "replay", "Replay", tooltip="the chosen request again, in its own time"),
        Binding("p", "pause", "Pause", tooltip="the replay stands still, or goes on"),
        Binding("s", "speed", "Speed", tooltip="of the replay: 1, 2, 4, 8 or 16 times"),
        Binding("u", "words", "Words", tooltip="on the wall panel, with its PIN: what others asked and were told"),
    ]

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._cast = Cast.of(handed.round_table.assistants)
        self._reader: Principal = handed.principal
        self._who, self._tier, self._left = ALL, ALL, False
        self._request = ""
        """The one that is looked at; "" while the chat is live."""
        self._replay: Replay | None = None
        self._speed = SPEEDS[0]
        self._changes: set[str] = set()
        """Requests that are changes: whoever may see these may see what was said about them."""

    def compose(self) -> ComposeResult:
        with Horizontal(classes="sides"):
            yield VerticalScroll(id="talks", can_focus=False)
            with Vertical(id="table"):
                yield Static("", id="table-head", classes="heading", markup=False)
                yield Chat(self._cast, id="chat")
        with Horizontal(classes="actions wraps", id="table-bar"):
            yield Tile("Live", "live", id="table-live")
            yield Tile("", "who", id="table-who")
            yield Tile("", "tier", id="table-tier")
            yield Tile("", "left", id="table-left")
            yield Tile("Replay", "replay", id="table-replay")
            yield Tile("Pause", "pause", id="table-pause")
            yield Tile("", "speed", id="table-speed")
            yield Tile("Words\nPIN", "words", id="table-words")

    def on_mount(self) -> None:
        self.query_one("#table-words").display = self.handed.principal.needs_pin
        self._options()

    def opened(self, about: str = "") -> None:
        """As it is now; `about` is the id of a request to look at."""
        if self._replay is None:
            self._request = about or self._request
            self._again()

    def standing(self) -> dict[str, str]:
        """What only the PIN has shown is not found again without it."""
        return {"about": self._request} if self._reader is self.handed.principal else {}

    def ended(self) -> None:
        """The next person sees the live chat, without what a PIN has shown."""
        self._who, self._tier, self._left, self._request = ALL, ALL, False, ""
        self._forget()

    def on_hide(self, event: events.Hide) -> None:
        """A PIN is good for as long as the pane is looked at."""
        if self._reader is not self.handed.principal:
            self._forget()

    def news(self, event: Event) -> None:
        if event.kind != LIVE or not self.display:
            return
        said = Said(**event.data)
        if said.move == Move.PROPOSES:
            self._changes.add(said.request)
        if self._replay is None and self._fits(said):
            self.query_one(Chat).add(self._step(said))
        if said.move in (Move.ASKS, Move.SEATS, Move.ANSWERS, Move.FAILS, Move.PROPOSES):
            self.attempt(self._list, "talks", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        tile = event.tile
        if isinstance(tile, Bubble):
            tile.turn()
            self.query_one(Chat).stay_at(tile)
        elif tile.has_class("talk"):
            self._stop()
            self._request = tile.key
            self._again()
        else:
            self.run_action_of(tile.key)

    def run_action_of(self, key: str) -> None:
        """What a tile does; each has a key of a keyboard too."""
        getattr(self, f"action_{key}")()

    def action_live(self) -> None:
        self._stop()
        self._request = ""
        self._again()

    def action_who(self) -> None:
        circle = [ALL, MINE, *self._cast.seats]
        self._who = circle[(circle.index(self._who) + 1) % len(circle)]
        self._again()

    def action_tier(self) -> None:
        circle = [ALL, *(tier for tier in TIERS if tier != "lan" or self.handed.lan())]
        self._tier = circle[(circle.index(self._tier) + 1) % len(circle)]
        self._again()

    def action_left(self) -> None:
        self._left = not self._left
        self._again()

    def action_replay(self) -> None:
        if not self._request:
            self.tell("Tap the request on the left that you want to see again.")
        else:
            self.attempt(self._run, "follow replay", newest=True)

    def action_pause(self) -> None:
        if self._replay is not None:
            self._replay.rest(not self._replay.resting)
            self._options()

    def action_speed(self) -> None:
        self._speed = SPEEDS[(SPEEDS.index(self._speed) + 1) % len(SPEEDS)]
        if self._replay is not None:
            self._replay.go(self._speed)
        self._options()

    def action_words(self) -> None:
        """Show everybody's words, after the PIN, or hide them again."""
        if self._reader is not self.handed.principal:
            self._forget()
            self._again()
        elif self.handed.principal.needs_pin:
            self.tapped(self._show_words, "dialog")

    async def _show_words(self) -> None:
        person = await self.authorise(Act.SETTINGS, "see what others asked and were told")
        if person is not None and self.display:
            self._reader = person
            self._again()

    def _again(self) -> None:
        """Draw it all anew."""
        self._options()
        self.attempt(self._list, "talks", newest=True)
        if self._replay is None:
            self.attempt(self._chat, "chat", newest=True)

    async def _list(self) -> None:
        """The newest requests that fit the filters; where the cap of the list hides some, they are older."""
        talks = await self.handed.round_table.transcript.talks(self._reader, LISTED, **self._filters())
        if self._left:
            steps = await self.handed.round_table.transcript.steps(self._reader, LOOKED_AT, **self._filters())
            gone = {said.request for said in steps if said.sent}
            talks = [talk for talk in talks if talk.request in gone]
        await self._know(talks)
        shown = self.query_one("#talks", VerticalScroll)
        rows = {row.key: row for row in shown.query(".talk").results(Tile)}
        if not talks or list(rows) != [talk.request for talk in talks]:
            await shown.remove_children()
            rows = {talk.request: Tile("", talk.request, classes="talk row") for talk in talks}
            await shown.mount_all([*rows.values()] or [Static("Nothing was asked yet.", markup=False)])
        for talk in talks:
            rows[talk.request].say(self._row(talk))
            rows[talk.request].set_class(talk.request == self._request, "on")

    async def _know(self, talks: Sequence[Talk]) -> None:
        """Which of them are changes."""
        if any(not is_for(talk.person, self._reader) for talk in talks):
            self._changes |= {change.id for change in await self.handed.changes.list(limit=LOOKED_AT)}

    async def _chat(self) -> None:
        transcript = self.handed.round_table.transcript
        if self._request:
            steps = await transcript.whole(self._reader, self._request)
        else:
            steps = await transcript.steps(self._reader, RECENT, **self._filters())
        self._changes |= {said.request for said in steps if said.move == Move.PROPOSES}
        shown = [self._step(said) for said in steps if self._fits(said)]
        self.query_one(Chat).show(shown, "Nothing is said here yet. Ask something under F2 Ask.")

    async def _run(self) -> None:
        """The replay, to its end or until something else is looked at."""
        steps = await self.handed.round_table.transcript.whole(self._reader, self._request)
        replay = self._replay = Replay(steps, self._speed)
        chat, shown = self.query_one(Chat), 0
        chat.show([], "")
        try:
            async for said in replay.run():
                chat.add(self._step(said))
                shown += 1  # not what the chat holds: the steps from before may still be on their way out
                self._options(f"{shown} of {len(steps)} step{'s' * (len(steps) != 1)}")
        finally:
            if self._replay is replay:
                self._replay = None
        self._options("the end of the replay")

    def _stop(self) -> None:
        self._replay = None
        self.workers.cancel_group(self, "follow replay")

    def _forget(self) -> None:
        """What a PIN has shown: not even for the moment until it is read anew is it seen without one."""
        self._stop()
        if self._reader is not self.handed.principal:
            self._reader = self.handed.principal
            for group in ("talks", "chat"):
                self.workers.cancel_group(self, group)
            self.query_one(Chat).show([], "")
            for row in self.query(".talk").results(Tile):
                row.say("")

    def _filters(self) -> dict[str, Any]:
        person = self.handed.principal.id if self._who == MINE else ""
        return {"assistant": "" if self._who == MINE else self._who, "person": person, "tier": self._tier}

    def _fits(self, said: Said) -> bool:
        """Whether a step belongs into the chat as it is now; of one request all its steps, whoever does them."""
        if self._request:
            return said.request == self._request and (not self._left or bool(said.sent))
        wanted = self._filters()
        if said.private and not is_for(said.person, self._reader):
            return False
        return (not self._left or bool(said.sent)) and all(
            getattr(said, name) == value for name, value in wanted.items() if value
        )

    def _step(self, said: Said) -> Step:
        return Step(said, is_for(said.person, self._reader) or said.request in self._changes)

    def _row(self, talk: Talk) -> str:
        """A request in the list: its words, who took it, when, and its price."""
        theirs = is_for(talk.person, self._reader) or talk.request in self._changes
        words = line(talk.words, 60) if theirs else "Somebody's question"
        at = f"{datetime.fromtimestamp(talk.at).astimezone():%-d %b %H:%M}"
        cost = f"{talk.usd:.4f} USD" if talk.usd else "free"
        by = f"{self._cast.title(talk.assistant)} · {talk.steps} step{'s' * (talk.steps != 1)}"
        return f"{words or 'private'}\n{by}\n{at} · {cost}"

    def _options(self, about: str = "") -> None:
        """What the tiles and the head say now."""
        who = {ALL: "everybody", MINE: "mine"}.get(self._who) or self._cast.title(self._who)
        self._say("#table-who", f"Who\n{who}", self._who != ALL)
        self._say("#table-tier", f"Where\n{self._tier or 'anywhere'}", self._tier != ALL)
        self._say("#table-left", f"Sent out\n{'only that' if self._left else 'or not'}", self._left)
        self._say("#table-speed", f"Speed\n{self._speed}x", self._speed > 1)
        self._say("#table-live", "Live", not self._request)
        resting = self._replay is not None and self._replay.resting
        self._say("#table-pause", "Go on" if resting else "Pause", resting)
        self._say("#table-words", f"Words\n{'hide' if self._reader.pin_given else 'PIN'}", self._reader.pin_given)
        mode = "Live: every request as it happens" if not self._request else f"Request {self._request[:8]}"
        if self._replay is not None:
            mode = f"Replay at {self._speed}x" + (", resting" if resting else "")
        self.query_one("#table-head", Static).update(" · ".join(filter(None, (mode, about))))

    def _say(self, id: str, words: str, on: bool) -> None:
        tile = self.query_one(id, Tile)
        tile.say(words)
        tile.set_class(on, "on")
