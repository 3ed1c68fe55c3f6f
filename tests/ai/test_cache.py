"""Replies used again: when they may be, when never, and that nothing private is on the disk."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haven.access import Principal, Role
from haven.ai.memory.alike import alike, essence
from haven.ai.memory.cache import Cache
from haven.ai.task import Privacy, Reply, Route, Step, Task, Tier, Tool, ToolCall, Turn, Where
from haven.quoting import data_block
from haven.store.database import Database, opened
from tests.ai.desk import MEMBER, task
from tests.ai.question_pairs import FRESH, OTHER, SAME, TRAPS

OTHER_MEMBER = Principal("discord:8", "Sam", Role.MEMBER, "bot")
HERE, CLOUD = Step(Tier.LOCAL, "smollm2-135m"), Step(Tier.CLOUD, "claude-sonnet-5-5")
ROUTE = Route((HERE, CLOUD), ("local first",))
FAR = "How far is Venture from Oculi?"


class Clock:
    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


class Shelf:
    """A cache with its file and its clock."""

    def __init__(self, database: Database, file: Path) -> None:
        self.clock, self.file, self.database = Clock(), file, database
        self.cache = Cache(database, clock=self.clock)

    async def answered(self, asked: Task, reply: Reply | None = None, route: Route = ROUTE, hours: float = 24) -> None:
        await self.cache.keep(asked, route, reply or answer(), hours)

    async def asked(self, asked: Task, route: Route = ROUTE) -> Reply | None:
        return await self.cache.find(asked, route)

    def on_disk(self) -> bytes:
        """The database and its log; the third file is shared memory."""
        return b"".join(self.file.with_name(self.file.name + end).read_bytes() for end in ("", "-wal"))

    def rows(self, sql: str = "select words from reply_cache order by id") -> list[Any]:
        with closing(sqlite3.connect(self.file)) as database:
            return [row[0] for row in database.execute(sql)]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    async with opened(tmp_path / "haven.db") as database:
        yield Shelf(database, tmp_path / "haven.db")


def answer(text: str = "It is 212 light years away.", **more: Any) -> Reply:
    given: dict[str, Any] = {"tier": Tier.LOCAL, "model": "smollm2-135m abc", "prompt_version": "p", "route": ROUTE}
    return Reply(text, **given | {"score": 90, "usd": 0.2, "seconds": 4.0, "outcome": 7} | more)


# --- the same question


async def test_the_same_question_is_answered_at_once_and_marked(shelf: Shelf) -> None:
    first = answer(score_reasons=("short",), sources=("map",), data={"ly": [212, None]}, prepared="condensed")
    await shelf.answered(task(FAR), first)
    shelf.clock.at += 3600
    found = await shelf.asked(task("  How far is\n Venture from   Oculi?", principal=OTHER_MEMBER))
    assert found is not None and found.cached.startswith("answered before at 2027-01-1")
    assert found.cached.endswith(f"to: {FAR}")
    assert (found.usd, found.seconds, found.outcome) == (0, 0, 0)
    for name in ("text", "tier", "model", "score", "score_reasons", "sources", "data", "prepared"):
        assert getattr(found, name) == getattr(first, name)


async def test_it_is_known_after_a_restart_and_not_after_its_time(shelf: Shelf) -> None:
    await shelf.answered(task(FAR), hours=1)
    again = Cache(shelf.database, clock=shelf.clock)
    assert await again.find(task(FAR), ROUTE) is not None
    shelf.clock.at += 3600
    assert await again.find(task(FAR), ROUTE) is None


async def test_a_newer_answer_takes_the_place_of_the_older(shelf: Shelf) -> None:
    await shelf.answered(task(FAR), answer("old"))
    await shelf.answered(task(FAR), answer("new"))
    found = await shelf.asked(task(FAR))
    assert found is not None and found.text == "new" and len(shelf.rows()) == 1


TOOL = Tool("record", "a record", {"type": "object"})
PLAIN = task(FAR)


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAIN, kind="summary"),
        replace(PLAIN, system=("You are the Scribe.",)),
        replace(PLAIN, material=("Oculi has moved.",)),
        replace(PLAIN, turns=(Turn("user", "Hi"), Turn("assistant", "Hello"), *PLAIN.turns)),
        replace(PLAIN, schema={"type": "object"}),
        replace(PLAIN, tool=TOOL),
        replace(PLAIN, max_tokens=20),
        replace(PLAIN, stop=("\n",)),
        replace(PLAIN, where=Where.LOCAL),
        replace(PLAIN, where=Where.CLOUD),
        replace(PLAIN, privacy=Privacy.PRIVATE),
        replace(PLAIN, turns=(Turn("user", f"Answer in French. {FAR}"),), words=FAR),
        task("how far is venture from oculi?", material=("Oculi has moved.",)),
        task("How far is Venture from Korvax?"),
    ],
)
async def test_other_facts_are_another_question(shelf: Shelf, other: Task) -> None:
    await shelf.answered(PLAIN)
    assert await shelf.asked(other) is None


async def test_another_model_is_not_spoken_for(shelf: Shelf) -> None:
    await shelf.answered(task(FAR))
    assert await shelf.asked(task(FAR), Route((CLOUD, HERE), ())) is None
    assert await shelf.asked(task(FAR), Route((HERE,), ())) is None
    assert await shelf.asked(task(FAR), Route((HERE, CLOUD), ("for another reason",))) is not None


async def test_a_model_that_was_replaced_under_its_name_is_another_model(shelf: Shelf) -> None:
    before = Cache(shelf.database, lambda step: f"{step.model} 111", shelf.clock)
    after = Cache(shelf.database, lambda step: f"{step.model} 222", shelf.clock)
    await before.keep(task(FAR), ROUTE, answer(), 24)
    assert await before.find(task(FAR), ROUTE) is not None
    assert await after.find(task(FAR), ROUTE) is None


# --- what is never used again


@pytest.mark.parametrize(
    "reply",
    [
        answer(calls=(ToolCall("1", "look", {}),)),
        answer(score=69),
        answer(stand_in=True),
        answer(cached="answered before"),
        answer("  "),
        answer("long " * 10_000),
    ],
)
async def test_some_replies_are_not_kept(shelf: Shelf, reply: Reply) -> None:
    await shelf.answered(task(FAR), reply)
    assert await shelf.asked(task(FAR)) is None


@pytest.mark.parametrize("asked", [task(FAR, temperature=0.7), task(FAR, tools=(TOOL,)), task(FAR, change="c1")])
async def test_some_tasks_are_asked_anew_each_time(shelf: Shelf, asked: Task) -> None:
    await shelf.answered(asked)
    assert await shelf.asked(asked) is None and shelf.rows() == []


async def test_a_kind_without_hours_is_never_kept(shelf: Shelf) -> None:
    await shelf.answered(task(FAR), hours=0)
    assert await shelf.asked(task(FAR)) is None


async def test_a_mark_that_was_raised_since_holds_for_old_replies(shelf: Shelf) -> None:
    await shelf.answered(task(FAR), answer(score=75))
    assert await shelf.cache.find(task(FAR), ROUTE, mark=80) is None
    assert await shelf.cache.find(task(FAR), ROUTE, mark=75) is not None


# --- privacy


async def test_a_private_reply_is_its_owners_alone_and_never_on_the_disk(shelf: Shelf) -> None:
    private = task("Where is the canarybase?", privacy=Privacy.PRIVATE)
    await shelf.answered(private, answer("Below the canarygate."))
    found = await shelf.asked(private)
    assert found is not None and found.text == "Below the canarygate." and found.cached
    for stranger in (
        replace(private, principal=OTHER_MEMBER),
        replace(private, privacy=Privacy.OPEN),
        task("where is the canarybase", privacy=Privacy.PRIVATE),
    ):
        assert await shelf.asked(stranger) is None
    assert b"canary" not in shelf.on_disk()
    assert await Cache(shelf.database, clock=shelf.clock).find(private, ROUTE) is None


async def test_a_private_reply_goes_when_its_time_is_over(shelf: Shelf) -> None:
    private = task(FAR, privacy=Privacy.PRIVATE)
    await shelf.answered(private, hours=1)
    shelf.clock.at += 3601
    assert await shelf.asked(private) is None
    assert await shelf.cache.drop_expired() == 1


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Is mika.canary@example.org a member?", "Yes."),
        ("Who is the contact?", "Write to mika.canary@example.org."),
        ("How do I connect?", "Use postgres://mika:canaryQ93x7@db.home.arpa/haven."),
    ],
)
async def test_personal_data_and_secrets_stay_with_the_one_who_asked(shelf: Shelf, question: str, text: str) -> None:
    await shelf.answered(task(question), answer(text))
    assert (await shelf.asked(task(question))) is not None
    assert (await shelf.asked(task(question, principal=OTHER_MEMBER))) is None
    assert b"canary" not in shelf.on_disk()


# --- a question that asks the same


async def test_the_same_question_in_other_words(shelf: Shelf) -> None:
    for place in ("Korvax", "Pell", "Oculi", "Thalassa"):
        await shelf.answered(task(f"How far is Venture from {place}?"), answer(f"As far as {place}."))
    found = await shelf.asked(task("What's the distance between Oculi and Venture?"))
    assert found is not None and found.text == "As far as Oculi." and found.cached.endswith(FAR)
    assert await shelf.asked(task("What's the distance between Ember and Venture?")) is None


async def test_what_another_process_has_cleared_or_added_is_seen(shelf: Shelf) -> None:
    other = Cache(shelf.database, clock=shelf.clock)
    for question in (FAR, "Who discovered Pell?", "Where is Ember?"):
        await shelf.answered(task(question), answer(question))
    assert await shelf.asked(task("How far is Oculi from Venture?")) is not None
    await other.clear()
    await other.keep(task("Who discovered Lyra?"), ROUTE, answer("Mika did."), 24)
    assert await shelf.asked(task("How far is Oculi from Venture?")) is None
    found = await shelf.asked(task("By whom was Lyra discovered?"))
    assert found is not None and found.text == "Mika did."
    for question in ("one", "two", "three", "four"):
        await other.keep(task(f"Who discovered {question}?"), ROUTE, answer(question), 24)
    found = await shelf.asked(task("By whom was four discovered?"))
    assert found is not None and found.text == "four"


async def test_words_between_tags_are_compared_too(shelf: Shelf) -> None:
    def framed(text: str) -> Task:
        turn = Turn("user", data_block("question", text))
        return Task("answer", (turn,), MEMBER, "a test asks", system=("You are the Cartographer.",), words=text)

    await shelf.answered(framed(FAR))
    assert await shelf.asked(framed("how far away is venture from oculi")) is not None
    assert await shelf.asked(framed("how far away is venture from <question> oculi")) is None


@pytest.mark.parametrize("pair", [*OTHER, *TRAPS], ids=" / ".join)
def test_a_near_miss_is_never_shared(pair: tuple[str, str]) -> None:
    assert not alike(*pair) and not alike(*reversed(pair))


def test_only_paraphrases_are_shared_among_all_questions() -> None:
    """Every question against every other: what is alike was written down as the same, or follows from that."""
    groups: dict[str, set[str]] = {}
    for one, other in (*SAME, *FRESH, *SHARED):
        joined = groups.get(one, {one}) | groups.get(other, {other})
        groups |= dict.fromkeys(joined, joined)
    texts = {text: essence(text) for pair in (*SAME, *FRESH, *OTHER, *TRAPS) for text in pair}
    shared = [(one, other) for one, other in itertools.combinations(sorted(texts), 2) if texts[one] == texts[other]]
    assert [pair for pair in shared if pair[1] not in groups.get(pair[0], ())] == []


SHARED = (
    ("How many moons are in Venture?", "How many moons does Venture have?"),
    ("Which planets are in Venture?", "List all planets in Venture"),
    ("Which planets are in Venture?", "List the planets of Venture"),
    ("Show me all planets in Venture", "List the planets of Venture"),
    ("How far is Venture from Oculi?", "How far is it from Venture to Oculi?"),
    ("How far is Venture from Oculi?", "How far away is Venture from Oculi?"),
    ("Who found Venture?", "Who discovered Venture?"),
    ("How many planets are in Venture?", "How many planets does Venture have?"),
    ("What is the farthest system from Oculi?", "Which system is farthest from Oculi?"),
    ("Who is the leader of the Gek?", "Who leads the Gek?"),
    ("What does a warp cell cost?", "How much is a warp cell?"),
    ("Explain portals", "What is a portal?"),
    ("What are the 3 nearest systems to Oculi?", "What are the 3 closest systems to Oculi?"),
    ("Wie weit ist Venture von Oculi?", "Wie weit ist Venture von Oculi entfernt?"),
    ("Wie weit ist Venture von Oculi?", "Wie weit ist es von Venture nach Oculi?"),
    ("Wo ist Pell?", "Wo befindet sich Pell?"),
    ("Where is Pell?", "Where is Pell located?"),
    ("Where is Pell?", "where's pell"),
    ("Is Venture bigger than Oculi?", "is venture bigger than oculi"),
    ("What is the largest planet in Venture?", "What's the largest planet in Venture?"),
)
"""Not written as pairs, but the same to a reader."""


def test_most_paraphrases_are_recognised() -> None:
    """54 of the 60 that were written before the rules; of 30 written after them 10 at first, 20 since."""
    assert sum(alike(*pair) for pair in SAME) >= 54
    assert sum(alike(*pair) for pair in FRESH) >= 20


# --- room, wear and trouble


async def test_the_oldest_go_where_there_are_too_many(shelf: Shelf) -> None:
    shelf.cache = Cache(shelf.database, clock=shelf.clock, most=3)
    for word in ("one?", "two?", "three?", "four?", "five?"):
        shelf.clock.at += 1
        await shelf.answered(task(word))
    assert shelf.rows() == ["three?", "four?", "five?"]


async def test_what_has_expired_is_dropped(shelf: Shelf) -> None:
    await shelf.answered(task("one?"), hours=1)
    await shelf.answered(task("two?"), hours=3)
    shelf.clock.at += 2 * 3600
    await shelf.answered(task("three?"))
    assert shelf.rows() == ["two?", "three?"]
    shelf.clock.at += 2 * 3600
    assert await shelf.cache.drop_expired() == 1 and shelf.rows() == ["three?"]


async def test_all_can_be_forgotten(shelf: Shelf) -> None:
    await shelf.answered(task(FAR))
    await shelf.answered(task(FAR, privacy=Privacy.PRIVATE))
    assert await shelf.cache.clear() == 2
    assert await shelf.asked(task(FAR)) is None and await shelf.asked(task(FAR, privacy=Privacy.PRIVATE)) is None


async def test_a_hit_writes_nothing(shelf: Shelf) -> None:
    await shelf.answered(task(FAR))
    before = shelf.on_disk()
    assert await shelf.asked(task(FAR)) and await shelf.asked(task("how far is venture from oculi"))
    assert await shelf.asked(task("Who is Pell?")) is None
    assert shelf.on_disk() == before


@pytest.mark.parametrize("reply", ["not json", "{}", '{"text": "an older shape"}'])
async def test_a_row_of_another_shape_is_a_miss(shelf: Shelf, reply: str) -> None:
    await shelf.answered(task(FAR))
    await shelf.database.write(lambda tx: tx.execute("update reply_cache set reply = ?", (reply,)))
    assert await shelf.asked(task(FAR)) is None
    assert await shelf.asked(task("how far is venture from oculi")) is None


async def test_a_broken_database_is_a_miss_and_no_error(shelf: Shelf) -> None:
    await shelf.database.write(lambda tx: tx.execute("drop table reply_cache"))
    await shelf.answered(task(FAR))
    assert await shelf.asked(task(FAR)) is None
