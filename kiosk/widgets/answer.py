"""An answer as it is written: streamed about ten times a second, marked as a draft where a better one follows."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownStream

from assistants import wording
from assistants.round_table import Seat
from assistants.waiting import Held
from haven.ai.task import Delta, Queued, Reply, Restart
from haven.quoting import clean
from kiosk.plain import line, plain
from kiosk.widgets.growing import Growing
from kiosk.widgets.page import Page

FLUSH_S = 0.125
ASKED = "Only the cloud would do, and it can't answer now: {0}"
WAITS = "It waits for the cloud: {0} Tried next at {1}; you are told when the answer is there."


class Answer(Page):
    """Who answers, the text, and by which way it came; it stays at the end of what grows until somebody scrolls."""

    _stream: MarkdownStream | None = None
    _timer: Timer | None = None
    _following = True

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._written = ""
        self._pending = ""
        self._draft = False
        self._asked = ""
        """The question, with its sign."""
        self._mark = ""
        """What stands above the reason while a draft is all there is."""

    def compose(self) -> ComposeResult:
        yield Static("", id="who", markup=False)
        yield Growing(id="text")
        yield Static("", id="foot", markup=False)

    def release_anchor(self) -> None:
        """A finger, wheel or key scrolled: stay where the person reads. (Textual's own anchor sticks to the bottom.)"""
        self._following = False
        super().release_anchor()

    def watch_virtual_size(self) -> None:
        if self._following and self.is_mounted:
            self.scroll_end(animate=False)

    def on_resize(self) -> None:
        """A row below came or went: the end stays in sight."""
        if self._following:
            self.scroll_end(animate=False)

    async def begin(self, question: str) -> None:
        """An empty sheet for a new question."""
        await self.end()
        await self._clear()
        self._asked = f"? {line(question, 160)}"
        self.query_one("#who", Static).update(self._asked)
        self._foot("thinking …")
        self._following = True
        self._timer = self.set_interval(FLUSH_S, self._flush)

    async def show(self, piece: Seat | Delta | Queued | Restart | Reply | Held) -> None:
        """One piece of what the Round Table yields."""
        if isinstance(piece, Seat):
            seat = f"{piece.assistant.title} · {line('; '.join(piece.reasons), 120)}"
            self.query_one("#who", Static).update(Content.assemble(self._asked, "\n", (seat, "$quiet")))
        elif isinstance(piece, Delta):
            if self._draft:
                await self._clear()
            self._pending += clean(piece.text)
        elif isinstance(piece, Queued):
            self._foot(f"waiting; other questions that are answered first: {piece.ahead}")
        elif isinstance(piece, Restart):
            await self._restart(piece)
        elif isinstance(piece, Held):
            await self._hold(piece)
        else:
            await self.finish(piece)

    async def finish(self, reply: Reply, waited: bool = False) -> None:
        """The whole answer, and by which way it came."""
        await self.end()
        await self._put(clean(reply.text))
        self._foot(way(reply, waited))

    async def again(self, question: str, text: str, foot: str) -> None:
        """An answer of before, from its beginning; with nothing at all an empty sheet."""
        await self.end()
        await self._clear()
        self.query_one("#who", Static).update(f"? {line(question, 160)}" if question else "")
        self._following = False
        await self._put(clean(text))
        self._foot(foot)
        self.scroll_home(animate=False)

    async def end(self, sentence: str = "") -> None:
        """Write what is left; `sentence` says why it ended, where that was not the reply."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        await self._flush()
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.stop()
        if sentence:
            self._foot(sentence)

    async def _restart(self, restart: Restart) -> None:
        await self._flush()
        self._draft = True
        self.add_class("draft")
        mark = "draft, below the bar" if self._written else "no answer yet"
        self._foot(f"{mark}: {restart.reason} Asking the {restart.next.tier.value} model …")

    async def stand(self, sentence: str) -> None:
        """How it stands with an answer that is not there; a draft that is shown keeps its mark."""
        await self.end(self._mark + sentence)

    async def _hold(self, held: Held) -> None:
        """The draft stays to be read, marked; a piece of what the cloud began with does not."""
        await self.end()
        await self._put(clean(held.draft.text) if held.draft else "")
        self.set_class(held.draft is not None, "draft")
        self._mark = f"draft, below the bar ({held.draft.score} of 100): {_who(held.draft)}\n" if held.draft else ""
        await self.stand((ASKED if held.choices else WAITS).format(held.reason, clock(held.retry_at)))

    async def _put(self, whole: str) -> None:
        """The text that counts, where what was streamed is another."""
        if self._draft or whole.strip() != self._written.strip():
            await self._clear()
            self._written = whole
            await self.query_one(Markdown).update(whole)

    async def _flush(self) -> None:
        if not self._pending:
            return
        if not self._written:
            self._foot("writing …")
        text, self._pending = self._pending, ""
        self._written += text
        if self._stream is None:
            self._stream = Markdown.get_stream(self.query_one(Markdown))
        await self._stream.write(text)

    async def _clear(self) -> None:
        """Away with the draft, or with the answer before."""
        self._draft, self._mark = False, ""
        self.remove_class("draft")
        if self._stream is not None:
            stream, self._stream = self._stream, None
            await stream.stop()
        self._written = self._pending = ""
        await self.query_one(Markdown).update("")

    def _foot(self, text: str) -> None:
        self.query_one("#foot", Static).update(plain(text))


def clock(at: float | None) -> str:
    """A time of day, here."""
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M}" if at else "the next chance"


def _who(reply: Reply) -> str:
    return f"{reply.tier.value} · {line(reply.model, 48)}"


def way(reply: Reply, waited: bool = False) -> str:
    """By which way it came, and what it rests on."""
    said = wording.way(reply, line, waited) + (" · to be seen under F4 Map" if reply.picture is not None else "")
    return f"{said} · sources: {line(', '.join(reply.sources), 120)}" if reply.sources else said
