"""The answer, and what can be done with it: judge it, ask the cloud instead, wait for the cloud or not."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from textual.app import ComposeResult
from textual.message import Message

from assistants.findings import ids_of
from assistants.round_table import Answer as Pieces
from assistants.round_table import Request, Seat
from assistants.table.suggesting import tries
from assistants.waiting import Choice, Held, choices_of
from haven.access import NEEDS, Act
from haven.ai import switch
from haven.ai.switch import CloudSwitch
from haven.ai.task import Reply, Tier, Where
from haven.errors import HavenError
from haven.store import waiting as table
from haven.store.database import now
from haven.store.events import Event
from haven.store.waiting import Waiting
from kiosk.plain import line
from kiosk.screens.asked import agreed, chosen_again, follow, midnight, questions, unasked
from kiosk.screens.pane import Handed, Pane
from kiosk.widgets.answer import ASKED, WAITS, Answer, clock
from kiosk.widgets.choices import Choices
from kiosk.widgets.tile import Tile

HELD = {
    Choice.WAIT: "Wait for the cloud",
    Choice.LOCAL: "Local model now",
    Choice.CANCEL: "Cancel the question",
}
VOTES = {"up": ("Good answer", 1), "down": ("Poor answer", -1)}
SAID = {
    "asked": ASKED,
    "waiting": WAITS,
    "failed": "It waited for the cloud, and no answer came: {0}",
    "cancelled": "Cancelled: nobody waits for this answer any more.",
}
TRY = "try:"
"""How the key of a suggested question begins."""
ENDED = ("answered", "failed")
"""Ends that the person is told of: a cancellation was their own doing."""


@dataclass(frozen=True)
class Topic:
    """What the sheet is about."""

    question: str = ""
    assistant: str = ""
    private: bool = False
    outcome: int = 0
    vote: str = ""
    local: bool = False
    waiting: str = ""
    """The id of the held request, while it is one."""
    choices: tuple[Choice, ...] = ()
    """What the person may choose for it, until they have."""
    sources: tuple[str, ...] = ()
    """Ids of the records that it rests on."""
    again: bool = False
    """It was stopped, or is one of before: it may be asked anew."""


class Answering(Pane):
    """One answer at a time; those that come later wait behind a tile."""

    class Busy(Message):
        """An answer is on its way, or not any more."""

        def __init__(self, busy: bool) -> None:
            super().__init__()
            self.busy = busy

    class Wanted(Message):
        """These words are to be asked."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self, handed: Handed, *, id: str) -> None:
        super().__init__(handed, id=id)
        self._topic = Topic()
        self._switch = CloudSwitch(handed.database)
        self._may_leave = False
        """The privacy mode lets the cloud be asked."""
        self._mine: list[Waiting] = []
        self.since = now() if handed.principal.needs_pin else midnight()
        """What was asked before that is another person's, or another day's."""
        self._asked = 0
        """Questions that can be looked at again."""
        self._tries: list[str] = []
        self._busy = False
        """An answer is on its way: what can be done with it is offered when it is here."""
        self._turn = 0
        """Counts who had the sheet: an answer that takes its time to be stopped writes nothing on another's."""

    def compose(self) -> ComposeResult:
        yield Answer(id="answer")
        yield Choices(id="choices")

    def on_mount(self) -> None:
        self._offer()
        self.attempt(self._welcome, "later")
        self.attempt(self._see_switch, "may leave")
        self.suggest("")

    def make_room(self, room: bool) -> None:
        self.query_one(Choices).make_room(room)

    def suggest(self, assistant: str) -> None:
        """Offer what one might ask that assistant ("": any), while nothing is asked."""
        self.attempt(partial(self._suggest, assistant), "tries", newest=True)

    def goes_on(self, since: float) -> None:
        """It is a session that began then: what was asked in it is here to be seen again."""
        self.since = since
        self.attempt(self._look, "looking", newest=True)

    def stop(self) -> None:
        """No more of the answer that is being written: the model is stopped at once."""
        self.workers.cancel_group(self, "answer")

    def ended(self) -> None:
        """Nothing of it is left for the next person."""
        self.stop()
        self._turn += 1
        self._is_busy(False)
        self.since, self._asked, self._topic, self._mine = now(), 0, Topic(), []
        self.attempt(partial(self.query_one(Answer).again, "", "", ""), "cleared", newest=True)
        self._offer()

    async def ask(self, request: Request) -> None:
        """Show the answer as it is written, after a yes to its price. Raises what the Round Table raises."""
        if not await agreed(self, request):
            return
        topic = Topic("private" if request.private else request.text, request.assistant or "", request.private)
        place = {} if request.private else {"question": line(topic.question), "assistant": topic.assistant}
        await self._begin(topic)
        request = replace(request, place=place, unasked_usd=unasked(self, request.where))
        await self._stream(self.handed.round_table.ask(request))

    def news(self, event: Event) -> None:
        """Something became of a request that waits, maybe another person's."""
        if event.kind.startswith("answer."):
            self.attempt(partial(self._news, event.subject), f"news {event.subject}", newest=True)
        elif event.subject == switch.NAME:
            self.attempt(self._see_switch, "may leave", newest=True)

    def on_tile_pressed(self, event: Tile.Pressed) -> None:
        event.stop()
        key = event.tile.key
        if key in VOTES:
            self.attempt(partial(self._vote, key), "vote", newest=True)
        elif key.startswith(TRY):
            self.post_message(self.Wanted(key.removeprefix(TRY)))
        elif key == "again":
            self.post_message(self.Wanted(self._topic.question))
        elif key == "sources":
            self.tapped(partial(follow, self, self._topic.sources), "dialog")
        elif key == "history":
            self.tapped(self._look_back, "answer")
        elif key == "later":
            self.tapped(self._next, "answer")
        else:
            self.tapped(self._ask_cloud if key == "cloud" else partial(self._decide, Choice(key)), "answer")

    async def _begin(self, topic: Topic) -> None:
        self._turn += 1
        self._topic = topic
        self.query_one(Choices).offer({})
        await self.query_one(Answer).begin(topic.question)

    async def _stream(self, pieces: Pieces) -> None:
        answer, ended, turn = self.query_one(Answer), "stopped", self._turn
        self._is_busy(True)
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    await answer.show(piece)
                    if isinstance(piece, Seat):
                        self._topic = replace(self._topic, assistant=piece.assistant.name)
                    elif isinstance(piece, Held):
                        self._topic = replace(self._topic, waiting=piece.id, choices=piece.choices)
                    elif isinstance(piece, Reply):
                        self._know(piece)
            ended = ""
        except HavenError as error:
            ended = f"{error.full} [{error.id}]"
            raise
        except asyncio.CancelledError:
            if turn == self._turn:
                self._topic = replace(self._topic, again=not self._topic.private)
            raise
        finally:
            if turn == self._turn:
                await answer.end(ended)
            if turn == self._turn:  # nor did another begin meanwhile
                self._is_busy(False)
                self.attempt(self._look, "looking", newest=True)

    def _is_busy(self, busy: bool) -> None:
        self._busy = busy
        self.post_message(self.Busy(busy))

    def _know(self, reply: Reply) -> None:
        """What can be done with it."""
        is_local, sources = reply.tier is Tier.LOCAL, ids_of(reply.sources)
        self._topic = replace(self._topic, outcome=reply.outcome, local=is_local, sources=sources)

    async def _vote(self, key: str) -> None:
        topic = self._topic
        await self.handed.verdict(topic.outcome, self.handed.principal, VOTES[key][1])
        self.tell(f"Noted: this answer {'helped' if VOTES[key][1] > 0 else 'did not help'}. The other tile changes it.")
        if self._topic.outcome == topic.outcome:
            self._topic = replace(self._topic, vote=key)
            self._offer()

    async def _ask_cloud(self) -> None:
        topic = self._topic
        principal = await self.authorise(Act.CLOUD)
        if principal is not None:
            await self.ask(Request(topic.question, principal, assistant=topic.assistant or None, where=Where.CLOUD))

    async def _decide(self, choice: Choice) -> None:
        """Through the Round Table, which refuses second decisions."""
        id = self._topic.waiting
        pieces = self.handed.round_table.decide(id, choice, self.handed.principal)
        if choice is Choice.LOCAL:
            await self._answer_here(self._topic, pieces)
            return
        try:
            async with aclosing(pieces):
                async for _ in pieces:
                    pass  # that it waits, or is cancelled, is shown from its row
        finally:
            await self._news(id)

    async def _answer_here(self, topic: Topic, pieces: Pieces) -> None:
        """The local model's answer; where it fails, the person may choose again."""
        await self._begin(replace(topic, waiting="", choices=()))
        try:
            await self._stream(pieces)
        except HavenError:
            await self._begin(topic)
            self.attempt(partial(self._news, topic.waiting), "looking", newest=True)
            raise

    async def _next(self) -> None:
        """The next of this person's later answers, in a circle."""
        await self._look()
        ids = [one.id for one in self._mine]
        if ids:
            at = ids.index(self._topic.waiting) + 1 if self._topic.waiting in ids else 0
            await self._show(self._mine[at % len(ids)])

    async def _welcome(self) -> None:
        await self._look()
        came = sum(one.state in ENDED for one in self._mine)
        if came:
            said = f"{came} of your questions {'has' if came == 1 else 'have'} come back: look under Ask."
            self.call_after_refresh(self.tell, said)  # a notice goes after a while, also one that nobody could see yet

    async def _news(self, id: str) -> None:
        one = await table.get(self.handed.database, id)
        if one is None or not self._is_mine(one):
            return
        if one.state in ENDED and not one.told:
            said = "is answered" if one.state == "answered" else "could not be answered"
            self.tell(f"Your question {said}: {line(_question(one), 80)} Look under Ask.")
        if one.id == self._topic.waiting:
            await self._show(one)
        await self._look()

    async def _show(self, one: Waiting) -> None:
        """A held request where it stands now; the draft stays where the sheet shows it already."""
        answer, reply = self.query_one(Answer), self.handed.waiting.reply(one)
        if one.id != self._topic.waiting or reply is not None:
            await self._begin(Topic(_question(one), str(one.place.get("assistant", ""))))
        is_open = one.state in table.OPEN
        self._topic = replace(self._topic, waiting=one.id if is_open else "", choices=choices_of(one))
        if reply is not None:
            await answer.finish(reply, waited=True)
            self._know(reply)
        else:
            await answer.stand(SAID[one.state].format(one.reason, clock(one.retry_at)))
        if not is_open:
            await self.handed.database.write(lambda tx: table.move(tx, one.id, (one.state,), told=1))
        await self._look()

    async def _look_back(self) -> None:
        """One of today's questions, and what was answered."""
        if (found := await chosen_again(self, self.since)) is not None:
            question, text, way = found
            self._topic = Topic(question, again=True)
            await self.query_one(Answer).again(question, text, way)
            self._offer()

    async def _suggest(self, assistant: str) -> None:
        self._tries = await tries(self.handed.records.world, assistant)
        self._asked = len(await questions(self, self.since))
        self._offer()

    async def _look(self) -> None:
        """What waits for this person, or came and was not looked at yet."""
        self._asked = len(await questions(self, self.since))
        found = await table.of(self.handed.database, self.handed.principal.id)
        ended = [one for one in found if one.state in ENDED and not one.told]
        self._mine = [one for one in [*ended, *(one for one in found if one.state in table.OPEN)] if self._is_mine(one)]
        self._offer()

    async def _see_switch(self) -> None:
        self._may_leave = (await self._switch.state()).on
        self._offer()

    def _offer(self) -> None:
        if self._busy:
            return
        topic, choices = self._topic, {}
        if topic.waiting:
            choices = {one.value: HELD[one] for one in topic.choices or (Choice.CANCEL,)}
        if topic.outcome:
            choices |= {key: words for key, (words, _) in VOTES.items()}
        may = self._may_leave and self.handed.principal.role >= NEEDS[Act.CLOUD] and not topic.private
        if topic.local and may and (cloud := self.handed.cloud()):
            choices["cloud"] = f"Ask {cloud} instead"
        if topic.sources:
            choices["sources"] = f"Sources\n{len(topic.sources)}"
        if topic.again:
            choices["again"] = "Ask again"
        if not topic.question:
            choices = {f"{TRY}{words}": words for words in self._tries}
        if self._asked:
            choices["history"] = f"Asked today\n{self._asked}"
        others = [one for one in self._mine if one.id != topic.waiting]
        came = sum(one.state in ENDED for one in others)
        self.post_message(self.Counted("ask", came))
        if others:
            choices["later"] = f"Later answers\n{came} new, {len(others) - came} waiting"
        self.query_one(Choices).set_class(not topic.question, "tries")
        self.query_one(Choices).offer(choices, best=topic.choices[0] if topic.choices else "", chosen=topic.vote)

    def _is_mine(self, one: Waiting) -> bool:
        """Of this person; on the wall panel, which is anybody's, of this session."""
        person = self.handed.principal
        return (one.principal, one.face) == (person.id, person.face) and (not person.needs_pin or one.at >= self.since)


def _question(one: Waiting) -> str:
    return str(one.place.get("question", "a question"))
