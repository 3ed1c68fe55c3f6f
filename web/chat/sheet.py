"""One question of a conversation on the dashboard, and what has become of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from assistants import wording
from assistants.table.before import Before
from assistants.table.shown import TIERS
from assistants.table.transcript import Move
from haven.ai.money.estimate import Estimate
from haven.ai.task import Reply, Tier, Where
from haven.quoting import clean
from haven.store.transcripts import Said


class State(StrEnum):
    PRICED = "priced"
    """Its price waits for a yes: nothing was sent."""
    BEGUN = "begun"
    HELD = "held"
    """Only the cloud would do: how it stands is in the waiting room."""
    ANSWERED = "answered"
    CHANGE = "change"
    """It has become a change."""
    STOPPED = "stopped"
    FAILED = "failed"
    DECLINED = "declined"


@dataclass(frozen=True)
class Price:
    """What the asker was shown, in US dollars."""

    low: float
    high: float
    model: str
    tokens: int

    @classmethod
    def of(cls, found: Estimate) -> Price:
        return cls(found.low, found.high, found.model, found.tokens)


@dataclass(frozen=True)
class Sheet:
    """`id` is that of its request at the Round Table, `talk` that of the first question of its conversation."""

    id: str
    talk: str
    asker: str
    """The id of the principal."""
    at: float
    question: str
    state: State
    wanted: str = ""
    """The assistant that was asked for."""
    where: Where = Where.AUTO
    private: bool = False
    """Then it is in memory alone."""
    kind: str = ""
    """Of the change that is asked for; "" for a question."""
    about: str = ""
    """The text of a file that came along."""
    file: str = ""
    seat: str = ""
    """Who took it, and why."""
    why: str = ""
    text: str = ""
    """The answer, or a draft of it."""
    way: str = ""
    """By which way the answer came; of a draft, how good it is."""
    sources: tuple[str, ...] = ()
    said: str = ""
    """Why there is no answer."""
    outcome: int = 0
    vote: int = 0
    local: bool = False
    """No cloud answered: it may be asked as well."""
    waiting: str = ""
    """The id of the held request."""
    change: str = ""
    price: Price | None = None
    picture: bool = False

    @property
    def stays(self) -> bool:
        return self.private or self.where is Where.LOCAL

    @property
    def before(self) -> Before:
        """What was meant for models at home goes no further with the next question either."""
        return Before(self.question, self.text, self.stays or self.where is Where.LAN)

    def answered(self, reply: Reply, waited: bool = False) -> Sheet:
        """With the answer, and by which way it came."""
        return replace(
            self,
            state=State.ANSWERED,
            text=clean(reply.text),
            way=wording.way(reply, line, waited),
            sources=reply.sources,
            said="",
            outcome=reply.outcome,
            local=reply.tier is Tier.LOCAL,
            picture=reply.picture is not None,
        )


def read(data: Mapping[str, Any]) -> Sheet:
    """A sheet as it was kept."""
    price = Price(**data["price"]) if data["price"] else None
    enums = {"state": State(data["state"]), "where": Where(data["where"])}
    return Sheet(**{**data, **enums, "sources": tuple(data["sources"]), "price": price})


def recalled(steps: Sequence[Said]) -> Sheet:
    """What the transcript holds of a request that was asked elsewhere, or is kept nowhere else any more."""
    first, last = steps[0], steps[-1]
    asked = next((one for one in steps if one.move == Move.ASKS), first)
    given = next((one for one in reversed(steps) if one.move == Move.ANSWERS), None)
    sheet = Sheet(
        id=first.request,
        talk=first.request,
        asker=first.person,
        at=first.at,
        question=asked.words,
        state=State.STOPPED,
        seat=first.assistant,
        private=first.private,
        said=last.why or "It has no answer.",
    )
    if any(one.move == Move.PROPOSES for one in steps):
        return replace(sheet, state=State.CHANGE, change=first.request)
    if given is None:
        return sheet
    cost = f"{given.usd:.4f} USD" if given.usd else "free"
    parts = (TIERS.get(given.tier, given.tier), line(given.model, 60), cost, f"{given.seconds:.1f} s")
    return replace(sheet, state=State.ANSWERED, text=given.words, way=" · ".join(filter(None, parts)), said="")


def line(text: str, limit: int = 200) -> str:
    """Prose on one line, cut at `limit` characters."""
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def day(at: float) -> str:
    """For headings, and names of files."""
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d")
