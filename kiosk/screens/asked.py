"""What stands around an answer: the price before it is asked for, where its facts stand, and what was asked before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistants.round_table import Request
from assistants.table.shown import TIERS
from assistants.table.transcript import Move
from haven.access import Act, check
from haven.ai.task import Where
from haven.errors import NotFound
from haven.store.database import now
from haven.store.transcripts import Said, Talk
from kiosk.plain import line
from kiosk.screens.dialogs import Choice
from kiosk.screens.pane import Pane
from kiosk.screens.star_dialogs import PLACES, Several

KEPT = 30
"""Questions of today that can be looked at again."""


async def agreed(pane: Pane, request: Request) -> bool:
    """Whether the person says yes to the price; at once where there is none to ask about. Raises OverBudget."""
    pricing = pane.handed.office.pricing
    found = await pricing.ask_first(request)
    if found is None:
        return True
    what = "This change" if request.kind is not None else "The answer"
    question = (
        f"{what} from {line(found.model, 40)} costs {found.low:.4f} to {found.high:.4f} USD:"
        f" {found.tokens:,} tokens are sent. Nothing has left yet."
    )
    options = {"yes": f"Yes, send it\nup to {found.high:.2f} USD"}
    if await pane.app.push_screen_wait(Choice(question, options, "yes")) != "yes":
        pane.tell("Nothing was sent, and nothing was spent.")
        return False
    await pricing.admit(found)
    return True


def unasked(pane: Pane, where: Where) -> float | None:
    """US dollars that a question may cost without such a yes; None where the cloud was chosen, with its price."""
    return None if where is Where.CLOUD else pane.handed.office.settings.cloud.ask_above_usd


async def follow(pane: Pane, ids: Sequence[str]) -> None:
    """To one of these records: a place on the map, everything else where it is read."""
    check(pane.handed.principal, Act.READ)
    there = await pane.handed.records.world.get_many(ids)
    there = {id: there[id] for id in ids if id in there}
    if not there:
        raise NotFound("The records of this answer are no longer there.")
    id: str | None = next(iter(there))
    if len(there) > 1:
        options = {id: f"{line(one.name, 40)}\n{one.kind.value}" for id, one in there.items()}
        id = await pane.app.push_screen_wait(Several("Which source do you want to see?", options))
    if id:
        pane.post_message(Pane.Go("map" if there[id].kind in PLACES else "lore", id))


async def questions(pane: Pane, since: float) -> list[Talk]:
    """What this person asked openly since that moment, the newest first."""
    person = pane.handed.principal
    talks = await pane.handed.round_table.transcript.talks(person, KEPT, person=person.id)
    return [one for one in talks if one.at >= since and not one.private and one.words]


async def chosen_again(pane: Pane, since: float) -> tuple[str, str, str] | None:
    """A question of today, its answer, and by which way that came; None where the person gave up."""
    talks = await questions(pane, since)
    options = {one.request: f"{_hour(one.at)} {line(one.words, 60)}" for one in talks}
    id = await pane.app.push_screen_wait(Several("What you asked today", options))
    if not id:
        return None
    steps = await pane.handed.round_table.transcript.whole(pane.handed.principal, id)
    asked = next(one.words for one in talks if one.request == id)
    given = [one for one in steps if one.move == Move.ANSWERS]
    return (asked, given[-1].words, _way(given[-1])) if given else (asked, "", "It has no answer.")


def midnight() -> float:
    """When today began, here."""
    return datetime.fromtimestamp(now()).astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _hour(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%H:%M}"


def _way(said: Said) -> str:
    cost = f"{said.usd:.4f} USD" if said.usd else "free"
    by = " · ".join((TIERS.get(said.tier, said.tier), line(said.model, 60), cost))
    return f"answered at {_hour(said.at)}: {by}"
