"""All conversations of the dashboard: questions on the disk (private ones in memory), answers as they are written."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from contextlib import aclosing
from dataclasses import asdict, replace

from assistants.round_table import Answer, Request, Seat
from assistants.table.before import earlier
from assistants.waiting import Choice
from haven.access import Principal
from haven.ai.task import Where
from haven.changes.proposal import Kind
from haven.errors import Conflict, HavenError, NotFound, error_id
from haven.store import notes
from haven.store import waiting as table
from web.chat.sheet import Sheet, State, read, recalled
from web.chat.writing import Writing
from web.handed import Handed

log = logging.getLogger("haven.web")

FACE = "web.chat"
REMEMBERED = 300
"""Private questions, and pictures, that this process remembers."""
LISTED = 1_000
"""Of one person's questions, the newest that are looked through for a conversation."""
RESTARTED = "Haven was started anew before this answer was there."
STOPPED = "Stopped before its end."


class Chats:
    """One for the port."""

    def __init__(self, house: Handed) -> None:
        self._house = house
        self._writing: dict[str, Writing] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._private: OrderedDict[str, Sheet] = OrderedDict()
        self._pictures: OrderedDict[str, bytes] = OrderedDict()

    async def get(self, id: str, person: Principal) -> Sheet:
        """As it stands now. Raises NotFound, also for somebody else's."""
        if (writing := self._writing.get(id)) is not None:
            sheet: Sheet | None = writing.sheet
        elif (sheet := self._private.get(id)) is None:
            data = await notes.card(self._house.database, FACE, id)
            sheet = read(data) if data else await self._recalled(id, person)
        if sheet is None or sheet.asker != person.id:
            raise NotFound("There is no such question of yours.", "It may be so old that it is kept no more.")
        return await self._as_of_now(sheet, person)

    async def talk(self, one: Sheet, person: Principal) -> list[Sheet]:
        """The conversation that a question belongs to, the oldest first."""
        here = [*self._private.values(), *(writing.sheet for writing in self._writing.values())]
        found = {sheet.id: sheet for sheet in await self.kept(person, talk=one.talk)}
        found |= {sheet.id: sheet for sheet in here if (sheet.talk, sheet.asker) == (one.talk, person.id)}
        of_now = [await self._as_of_now(sheet, person) for sheet in ({**found, one.id: one}).values()]
        return sorted(of_now, key=lambda sheet: sheet.at)

    async def kept(self, person: Principal, **values: str) -> list[Sheet]:
        """What is on the disk of this person's questions here, those with these values, the newest first."""
        found = await notes.cards_with(self._house.database, FACE, LISTED, asker=person.id, **values)
        return [read(one) for one in found.values()]

    def writing(self, id: str) -> Writing | None:
        return self._writing.get(id)

    def picture(self, sheet: Sheet) -> bytes:
        """Raises NotFound where it is not remembered any more."""
        if (found := self._pictures.get(sheet.id)) is None:
            raise NotFound("That picture is kept no more.", "Ask again.")
        return found

    async def keep(self, sheet: Sheet) -> None:
        """On the disk; in memory where it is private, or nobody took it yet: whoever does may be a private seat."""
        if sheet.private or not (sheet.seat or sheet.price):
            self._private[sheet.id] = sheet
            while len(self._private) > REMEMBERED:
                self._private.popitem(last=False)
            if sheet.price is not None:  # it waited for a yes before a private seat took it
                await notes.take_card(self._house.database, FACE, sheet.id)
        else:
            await notes.set_card(self._house.database, FACE, sheet.id, asdict(sheet))

    async def ask(self, sheet: Sheet, person: Principal) -> Writing:
        """Have it answered, with what was said before in its conversation; it goes on whoever looks."""
        said = [one.before for one in await self.talk(sheet, person) if one.state == State.ANSWERED]
        cloud = self._house.office.settings.cloud
        request = replace(
            request_of(sheet, person),
            earlier=earlier(said, stays=sheet.stays),
            place={} if sheet.private else {"message": sheet.id},
            unasked_usd=None if sheet.where is Where.CLOUD else cloud.ask_above_usd,
        )
        return self._write(replace(sheet, state=State.BEGUN), self._house.round_table.ask(request))

    async def propose(self, sheet: Sheet, person: Principal) -> Sheet:
        """Have it become a change. Raises what the Round Table raises."""
        change = await self._house.round_table.propose(request_of(sheet, person), Kind(sheet.kind))
        done = replace(sheet, state=State.CHANGE, change=change.id, text=change.title, seat=change.assistant)
        await self.keep(done)
        return done

    async def decide(self, sheet: Sheet, choice: Choice, person: Principal) -> None:
        """For a held question: the local model's answer is written; that it waits, or is cancelled, is its row's."""
        pieces = self._house.round_table.decide(sheet.waiting, choice, person)
        if choice is Choice.LOCAL:
            self._write(replace(sheet, state=State.BEGUN, said=""), pieces)
        else:
            async with aclosing(pieces):
                async for _ in pieces:
                    pass

    async def stop(self, id: str) -> None:
        """End the model's work, and keep what it said so far."""
        if (task := self._tasks.get(id)) is not None:
            task.cancel()
            await asyncio.wait([task])

    async def close(self) -> None:
        """Haven ends: nothing is written any more."""
        tasks = [*self._tasks.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _write(self, sheet: Sheet, pieces: Answer) -> Writing:
        """Raises Conflict where it is being written already."""
        if sheet.id in self._writing:
            raise Conflict("That is being answered already.", "Wait a moment.")
        writing = self._writing[sheet.id] = Writing(sheet)
        self._tasks[sheet.id] = asyncio.create_task(self._written(writing, pieces), name=f"chat {sheet.id}")
        return writing

    async def _written(self, writing: Writing, pieces: Answer) -> None:
        id, held = writing.sheet.id, writing.sheet.waiting
        try:
            await self._until_its_end(writing, pieces, State.HELD if held else State.FAILED)
            if writing.picture is not None:
                self._pictures[id] = writing.picture
                while len(self._pictures) > REMEMBERED:
                    self._pictures.popitem(last=False)
            await self.keep(writing.sheet)
        except HavenError as error:  # the disk
            log.warning("[%s] an answer could not be kept: %s", error.id, error)
            self._private[id] = writing.sheet
        finally:
            del self._writing[id], self._tasks[id]
            writing.end()

    async def _until_its_end(self, writing: Writing, pieces: Answer, failed: State) -> None:
        """However that comes, the sheet says what has become of it. What was held stays held where this fails."""
        said, state = "", failed
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    writing.take(piece)
                    if isinstance(piece, Seat):
                        await self.keep(writing.sheet)
        except asyncio.CancelledError:
            said, state = STOPPED, State.HELD if failed is State.HELD else State.STOPPED
        except HavenError as error:
            log.info("[%s] a question on the dashboard: %s", error.id, error)
            said = f"{error.full} [{error.id}]"
        except Exception:
            id = error_id()
            log.exception("[%s] a question on the dashboard failed", id)
            said = f"Something went wrong. The log has the rest. [{id}]"
        if said:
            text = writing.text or writing.sheet.text
            writing.sheet = replace(writing.sheet, state=state, said=said, text=text)

    async def _as_of_now(self, sheet: Sheet, person: Principal) -> Sheet:
        if sheet.state == State.BEGUN and sheet.id not in self._writing:
            return replace(sheet, state=State.STOPPED, said=RESTARTED)
        return await self._settled(sheet, person) if sheet.state == State.HELD else sheet

    async def _settled(self, sheet: Sheet, person: Principal) -> Sheet:
        """A held question that has come to its end meanwhile."""
        try:
            row = await self._house.waiting.get(sheet.waiting, person)
        except NotFound:
            return replace(sheet, state=State.FAILED, said="It waited for the cloud, and is kept no more.")
        if row.state in table.OPEN:
            return sheet
        if (reply := self._house.waiting.reply(row)) is not None:
            sheet = sheet.answered(reply, waited=True)
        else:
            why = "Cancelled: nobody waits for this answer any more." if row.state == "cancelled" else row.reason
            sheet = replace(sheet, state=State.STOPPED if row.state == "cancelled" else State.FAILED, said=why)
        await self._house.database.write(lambda tx: table.move(tx, row.id, (row.state,), told=1))
        await self.keep(sheet)
        return sheet

    async def _recalled(self, id: str, person: Principal) -> Sheet | None:
        """From the transcript: asked on the kiosk, in Discord, or so long ago that it is kept there alone."""
        try:
            steps = await self._house.round_table.transcript.whole(person, id)
        except NotFound:
            return None
        return recalled(steps) if steps[0].request == id else None


def request_of(sheet: Sheet, person: Principal) -> Request:
    """What the Round Table is handed."""
    kind = Kind(sheet.kind) if sheet.kind else None
    return Request(
        sheet.question,
        person,
        kind,
        assistant=sheet.wanted or None,
        where=sheet.where,
        private=sheet.private,
        key=f"web:{sheet.id}",
        id=sheet.id,
        evidence=sheet.about or None if kind else None,
        about="" if kind else sheet.about,
    )
