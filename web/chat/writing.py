"""An answer that is being written: what has come of it so far, for whoever looks at it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from assistants.round_table import Seat
from assistants.waiting import Held
from haven.ai.task import Delta, Queued, Reply, Restart
from haven.quoting import clean
from web.chat.sheet import Sheet, State, line


@dataclass(frozen=True)
class Piece:
    """`add` takes the place of all that stands after `at` characters; the text ends at `end` then."""

    times: int
    """How often it began anew before."""
    at: int
    end: int
    add: str
    said: str
    """How it stands with the answer, in words."""
    draft: bool


class Writing:
    """`sheet` is what it comes to; `picture` a PNG that belongs to it."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.picture: bytes | None = None
        self.ended = asyncio.Event()
        self._text = ""
        self._said = "thinking …"
        self._draft = False
        self._times = 0
        self._news = asyncio.Event()

    def take(self, piece: Seat | Delta | Queued | Restart | Reply | Held) -> None:
        """One piece of what the Round Table yields."""
        self._take(piece)
        self._tell()

    def end(self) -> None:
        self.ended.set()
        self._tell()

    @property
    def text(self) -> str:
        """As it was when it ended early."""
        return self._text

    async def next(self, seen: Piece | None) -> Piece | None:
        """What is new since that one, once something is; None at the end."""
        while not self.ended.is_set():
            news, end = self._news, len(self._text)
            at = seen.end if seen is not None and seen.times == self._times else 0
            piece = Piece(self._times, at, end, self._text[at:end], self._said, self._draft)
            if seen is None or (piece.times, end, piece.said) != (seen.times, seen.end, seen.said):
                return piece
            await news.wait()
        return None

    def _take(self, piece: Seat | Delta | Queued | Restart | Reply | Held) -> None:
        match piece:
            case Seat():
                seat, why = piece.assistant, line("; ".join(piece.reasons))
                where, private = seat.where(self.sheet.where), self.sheet.private or seat.private
                self.sheet = replace(self.sheet, seat=seat.name, why=why, where=where, private=private)
            case Queued():
                self._said = f"waiting; other questions that are answered first: {piece.ahead}"
            case Restart():
                mark = "draft, below the bar" if self._text else "no answer yet"
                self._draft, self._said = True, f"{mark}: {piece.reason} Asking the {piece.next.tier.value} model …"
            case Delta():
                if self._draft:
                    self._text, self._draft, self._times = "", False, self._times + 1
                self._text += clean(piece.text)
                self._said = "writing …"
            case Reply():
                self.sheet, self.picture = self.sheet.answered(piece), piece.picture
            case Held():
                self.sheet = replace(self.sheet, state=State.HELD, waiting=piece.id, said=piece.reason)
                if (draft := piece.draft) is not None:
                    way = f"draft, below the bar ({draft.score} of 100): {draft.tier.value} · {draft.model}"
                    self.sheet = replace(self.sheet, text=clean(draft.text), way=line(way))

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
