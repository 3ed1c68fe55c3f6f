"""Facts first, over the shipped world in a real house: what is computed is given, what is not recorded is said."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import haven.demo
from assistants.findings import Findings, Nature, Source
from assistants.round_table import Request, Seat
from assistants.table.asking import COMPUTED
from assistants.table.facts import Consulted, best, is_question
from assistants.table.grounding import ungrounded
from assistants.table.hops import hop_in
from assistants.table.replaying import pause
from assistants.table.transcript import LIVE, Move
from haven.access import Principal, Role
from haven.ai.task import Delta, Restart, Tier, Turn, Where
from haven.errors import AccessDenied, BadInput, NotFound
from haven.faces import records_of
from haven.world.exchange.loading import Importer
from haven.world.schema import Kind
from tests.ai.desk import PANEL, STRANGER
from tests.e2e.house import MEMBER, OWNER, Home, at_home

WORLD = Path(haven.demo.__file__).parent / "world"
OTHER = Principal("discord:21", "Nia", Role.MEMBER, "bot")
CANARY = "Who founded the Cindermark Compact, and is my canary 7391 safe?"


@asynccontextmanager
async def furnished(folder: Path) -> AsyncIterator[Home]:
    async with at_home(folder, working=False) as home:
        await Importer(home.house.world, home.house.drafts, home.house.database).bring_in(WORLD, OWNER)
        yield home


async def ask(home: Home, text: str, principal: Principal = MEMBER, **more: Any) -> list[Any]:
    return [piece async for piece in home.house.round_table.ask(Request(text, principal, **more))]


async def test_what_is_recorded_is_computed_and_the_rest_is_not_invented(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        seat, delta, reply = await ask(home, "Which economy does Oculi have?")
        assert isinstance(seat, Seat) and delta == Delta(reply.text) and "Scientific" in reply.text
        assert (reply.tier, reply.model, reply.usd, reply.outcome) == (Tier.LOCAL, COMPUTED, 0.0, 0)
        assert any("Oculi" in source for source in reply.sources) and reply.query

        reply = (await ask(home, "who stole the saltglass at noonmarket"))[-1]
        assert "Varrow" in reply.text and any("lore-" in source for source in reply.sources)

        reply = (await ask(home, "who discovered the system where the Second Charter was signed?"))[-1]
        assert "Nine Candles" in reply.text and "Ilse Farrow" in reply.text and len(reply.sources) >= 2

        for seat in ("lorekeeper", "cartographer", "sentinel", "scribe"):
            for text, said in (
                ("what grade does Venture have?", "grade S"),
                ("audit the map's data", "looked through"),
            ):
                reply = (await ask(home, text, assistant=seat))[-1]
                assert reply.model == COMPUTED and said in reply.text, seat
        reply = (await ask(home, "what should we fill in first?", assistant="sentinel"))[-1]
        assert "What gains most" in reply.text and reply.sources
        assert await home.house.drafts.list(None) == [], "whoever is only consulted keeps nothing"

        reply = (await ask(home, "tell me when a system is added near Oculi", place={"channel": 3}))[-1]
        [watch] = await home.house.watches.list(MEMBER)
        assert "told once" in reply.text and watch.understood in reply.text

        reply = (await ask(home, "draw a map of the Thornwick Expanse"))[-1]
        assert reply.picture is not None and reply.picture.startswith(b"\x89PNG")

        for text in ("who won the election of year 42", "what's the weather on Nock", "who is Captain Elian Marsh"):
            reply = (await ask(home, text))[-1]
            assert reply.model == COMPUTED and "not recorded" in reply.text.lower(), text
        assert home.stand_in.requests == [], "for all that no model was asked"


async def test_the_word_after_a_question_back_completes_the_question(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        both = (await ask(home, "How far is Meridian from Oculi?"))[-1].text
        assert both.startswith("Which Meridian do you mean: the system in Marrow Bight or the planet of Hollin?")
        assert "46.249" not in (await ask(home, "the planet", OTHER))[-1].text, "somebody else was not asked"
        assert "46.249 units from Oculi" in (await ask(home, "the planet"))[-1].text
        assert "80.436 units from Oculi" in (await ask(home, "and the system?"))[-1].text
        assert "Which Meridian" in (await ask(home, "what happened at Meridian?"))[-1].text
        assert "was signed here" in (await ask(home, "I mean the one in Hollin"))[-1].text
        earlier = (Turn("user", "where is Meridian?"), Turn("assistant", "Which one?"))
        assert "x -63" in (await ask(home, "the system", OTHER, earlier=earlier))[-1].text
        await ask(home, "Who discovered Meridian?", OTHER, private=True)
        assert "Brannoc" not in (await ask(home, "the system", OTHER))[-1].text, "that was asked in private"
        assert "Brannoc Eide" in (await ask(home, "the system", OTHER, private=True))[-1].text


async def test_a_models_words_beyond_the_records_are_marked_or_not_given(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        pieces = await ask(home, "Which economy does Oculi have?", where=Where.CLOUD)
        sent = str(home.stand_in.requests[0]["messages"])
        assert "Scientific" in sent and "<material>" in sent, "what was found goes along, as data"
        restart = next(piece for piece in pieces if isinstance(piece, Restart))
        assert "no record says" in restart.reason
        reply = pieces[-1]
        assert reply.model == COMPUTED and "Scientific" in reply.text and reply.stand_in

        reply = (await ask(home, "please write a few nice words about Oculi for our channel"))[-1]
        assert reply.tier is Tier.CLOUD and reply.unrecorded and not reply.sources
        reply = (await ask(home, "What is the Round Table?"))[-1]
        assert reply.tier is Tier.CLOUD and not reply.unrecorded, "it is about the house, not about the world"


async def test_every_step_stands_in_the_transcript(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        transcript = home.house.round_table.transcript
        with home.house.bus.subscribe() as subscription:
            await ask(home, "Who founded the Cindermark Compact?")
            await ask(home, "Tell me a joke, Haven", OTHER)
        live = [event.data["move"] for event in subscription.drain() if event.kind == LIVE]
        assert live[:3] == [Move.ASKS, Move.SEATS, Move.TELLS] and live[-2:] == [Move.SENDS, Move.ANSWERS]

        joke, founder = await transcript.talks(MEMBER)
        assert (founder.words, founder.assistant) == ("Who founded the Cindermark Compact?", "lorekeeper")
        steps = await transcript.steps(MEMBER, request=founder.request[:6])
        assert [(one.who, one.move) for one in steps[:2]] == [("Mika", "asks"), ("round table", "gives the seat to")]
        assert steps[-1].words == next(one.words for one in steps if one.move == Move.TELLS)

        sent = (await transcript.steps(MEMBER, request=joke.request, tier="cloud"))[0]
        assert "characters to" in sent.sent and sent.input_tokens > 0 and sent.usd == 0.0, "the stand-in's is not real"
        assert [one.request for one in await transcript.talks(MEMBER, tier="cloud")] == [joke.request]
        assert [one.request for one in await transcript.talks(MEMBER, person=MEMBER.id)] == [founder.request]
        assert await transcript.talks(MEMBER, assistant="sentinel") == []

        again = [said async for said in transcript.replay(MEMBER, founder.request, 16)]
        assert again == steps
        for wrong in (0.5, 17):
            with pytest.raises(BadInput):
                [said async for said in transcript.replay(MEMBER, founder.request, wrong)]
        with pytest.raises(NotFound):
            await transcript.steps(MEMBER, request="%")
        with pytest.raises(AccessDenied):
            await transcript.talks(STRANGER)

        following = transcript.follow(MEMBER, assistant="cartographer")
        first = asyncio.ensure_future(anext(following))
        await ask(home, "whats closest to ghostlight")
        assert (await asyncio.wait_for(first, 20)).words == "whats closest to ghostlight"


async def test_words_of_a_private_request_are_for_its_person_and_the_owner_and_never_on_the_disk(
    tmp_path: Path,
) -> None:
    async with furnished(tmp_path) as home:
        transcript = home.house.round_table.transcript
        with home.house.bus.subscribe() as subscription:
            await ask(home, CANARY, private=True)
        live = [event.data for event in subscription.drain() if event.kind == LIVE]
        assert live and all(data["words"] == data["why"] == "" for data in live)
        for person in (MEMBER, OWNER, PANEL.with_pin()):
            assert CANARY in [said.words for said in await transcript.steps(person)]
        for person in (OTHER, PANEL):
            assert await transcript.steps(person) == [] == await transcript.talks(person)
        for text in (
            "Record the system Canaryhold: yellow star",
            "Hi all! Please record the system Canaryhold: yellow star",
            "I have found something. Record the system Canaryhold: yellow star",
            "Hello there. Please set the economy to Canary for all systems in Sillow Deep",
            "Good morning everyone! Tell me when a system is added near Oculi",
            "set the economy to Canary for all systems in Sillow Deep",
            "tell me when a system is added near Oculi",
        ):
            reply = (await ask(home, text, private=True, assistant="scribe"))[-1]
            assert "never written down" in reply.text, "a draft is read by others, and a watch is kept"
            await ask(home, text, private=True)
        assert await home.house.drafts.list(None) == [] == await home.house.watches.list(MEMBER)
        with closing(sqlite3.connect(home.house.settings.database)) as database:
            rows = database.execute("select * from transcript").fetchall()
        assert len(rows) >= 4 and "7391" not in str(rows) and "Compact" not in str(rows)
        assert home.stand_in.requests == []


async def test_a_text_that_is_delivered_twice_is_one_draft_and_a_greeting_hides_no_wish(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        for _ in range(2):
            await ask(home, "Record the system Twicehold: yellow star", assistant="scribe", key="interaction-7")
        for no_order in (
            "Do you know if the record is right: system Venture has economy mining, conflict high",
            "Do you know if somebody has submitted this already: new planet Zork in Venture, weather humid, flora rich",
            "Don't record this: planet Cobble has humid weather",
        ):
            await ask(home, no_order, assistant="scribe")
        assert len(await home.house.drafts.list(None)) == 1, "what is only asked is no draft"
        told = (await ask(home, "Good morning everyone! Tell me when a system is added near Oculi"))[-1]
        assert "told once" in told.text and len(await home.house.watches.list(MEMBER)) == 1
        for asked in ("Tell me if you have any record of Xanadu", "let me know whether Oculi has water"):
            reply = (await ask(home, asked))[-1]
            assert "told once" not in reply.text and len(await home.house.watches.list(MEMBER)) == 1
        ended = (
            await ask(home, "Hi Haven! Please stop telling me about systems near Oculi", assistant="cartographer")
        )[-1]
        assert ended.text.startswith("Ended: ") and await home.house.watches.list(MEMBER) == []


FACT = Findings("Green.", (Source("system-1", "Oculi"),))
QUOTED = replace(FACT, text="“It is green.”", kind=Nature.QUOTATION)
BACK = Findings("Which one?", kind=Nature.ASK_BACK)
NOTHING = Findings("Not recorded.", kind=Nature.NOT_RECORDED)
EMPTY = replace(NOTHING, text="The age of Oculi is not recorded.", sources=FACT.sources)


@pytest.mark.parametrize(
    ("found", "question", "chosen"),
    [
        ((NOTHING, FACT), True, FACT.text),
        ((BACK, QUOTED), True, BACK.text),
        ((QUOTED, BACK), True, BACK.text),
        ((QUOTED, FACT), True, FACT.text),
        ((NOTHING, BACK), True, BACK.text),
        ((None, NOTHING), True, NOTHING.text),
        ((None, NOTHING), False, None),
        ((NOTHING, None), False, None),
        ((BACK, None), False, BACK.text),
        ((None, FACT), False, FACT.text),
        ((None, None), True, None),
    ],
)
def test_of_several_findings_the_best_counts(
    found: tuple[Findings | None, ...], question: bool, chosen: str | None
) -> None:
    told = [Consulted(name, one) for name, one in zip(("seated", "other"), found, strict=True)]
    picked = best(told, "seated", question=question)
    assert (picked.text if picked else None) == chosen


def test_an_empty_field_is_said_before_a_text_is_quoted() -> None:
    picked = best([Consulted("seated", QUOTED), Consulted("other", EMPTY)], "seated", question=True)
    assert picked is not None and picked.kind is Nature.NOT_RECORDED
    assert picked.text.startswith(EMPTY.text) and QUOTED.text in picked.text


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("ocean planets within 50 of Venture", True),
        ("who lit the lantern", True),
        ("can you tell me who lit it?", True),
        ("Wie weit ist Oculi von Astra entfernt", True),
        ("how do I add a button to the viewer?", False),
        ("please write a poem about Oculi", False),
        ("set weather of Nock to Heat", False),
        ("can you make the stars bigger", False),
    ],
)
def test_a_question_is_told_from_an_order(text: str, question: bool) -> None:
    assert is_question(text) is question


@pytest.mark.parametrize(
    ("text", "head", "event", "kinds"),
    [
        ("star of the system where the Grey Sleep broke out?", "star of ", "the Grey Sleep broke out", (Kind.SYSTEM,)),
        (
            "length of a day on the planet the Heron landed on",
            "length of a day on ",
            "the Heron landed",
            (Kind.PLANET,),
        ),
        ("star that the home system of Pell has", "star that ", "home system of Pell", (Kind.SYSTEM,)),
        ("Wie heißt der Planet, auf dem er starb?", "Wie heißt ", "er starb", (Kind.PLANET,)),
    ],
)
def test_a_question_of_two_steps_is_taken_apart(text: str, head: str, event: str, kinds: tuple[Kind, ...]) -> None:
    hop = hop_in(text)
    assert hop is not None and (hop.head, hop.event, hop.kinds) == (head, event, kinds)


@pytest.mark.parametrize("text", ["who founded the Compact", "systems within 20 of Oculi", "the planet", ""])
def test_one_of_one_step_is_left_alone(text: str) -> None:
    assert hop_in(text) is None


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("Oculi has 3 planets; its star is green.", []),
        ("It lies 4.157 pc away, in 1,200 years or so.", []),
        ("There are two of them, and 7 more.", []),
        ("Oculi has 42 planets.", ["42"]),
        ("It was founded by Ursula Vale in 12.", ["12", "Ursula Vale"]),
        ("The star Betelgeuse is near.", ["Betelgeuse"]),
        ("Oculi's twin planets are near TRAPPIST-1.", []),
    ],
)
def test_a_number_or_name_that_was_not_given_is_found(text: str, strange: list[str]) -> None:
    assert ungrounded(text, "Oculi: 3 planets, 4.1570 pc; TRAPPIST-1; 1200 years; green star") == strange


def test_a_replay_has_no_long_silences() -> None:
    assert (pause(0.5), pause(3600.0), pause(-5.0)) == (0.5, 3.0, 0.0)


async def test_a_page_by_a_name_of_several_is_asked_back_unless_the_words_pick_one(tmp_path: Path) -> None:
    async with furnished(tmp_path) as home:
        records = records_of(home.house)
        for name, kind in (
            *(
                ("planet Meridian", Kind.PLANET),
                ("the system Meridian", Kind.SYSTEM),
                ("Meridian of Hollin", Kind.PLANET),
            ),
            *(("meridian in Marrow Bight", Kind.SYSTEM), ("Ledger of Ash", Kind.DISCOVERY), ("Ocli", Kind.SYSTEM)),
        ):
            assert (await records.page(name, MEMBER)).stored.thing.kind is kind, name
        for name in ("Meridian", "meridian", "Merdian"):
            with pytest.raises(
                BadInput, match="Which Meridian do you mean: the system in Marrow Bight or the planet of"
            ):
                await records.page(name, MEMBER)
        assert (await records.page("Meridian", MEMBER, Kind.PLANET)).stored.thing.kind is Kind.PLANET
        with pytest.raises(BadInput, match="Which Meridian do you mean"):
            await records.cartographer.near("Meridian", MEMBER)
        assert (await records.cartographer.near("planet Meridian", MEMBER)).of.name == "Hollin"
