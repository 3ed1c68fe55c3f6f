"""What rules can't tell of a report is asked; a local model fills it in only where it has shown that it can tell."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from assistants.scribe import Scribe
from assistants.scribing.doubts import EXAM, NOT_SAID
from haven.settings import WorldSettings
from haven.world.drafts import Drafts
from haven.world.gazetteer import Atlases
from haven.world.schema import Planet, System
from tests.ai.desk import Talker, desk_at, model_at, said
from tests.world.a_world import MEMBER, OLGA, world_in

FAR = "Planet Corbel in Venture. What fauna we could count in a long day of walking was sparse."
NOBODY = "http://127.0.0.1:9"


@asynccontextmanager
async def scribe_with(
    folder: Path, says: Callable[[str], dict[str, str]] | None
) -> AsyncIterator[tuple[Scribe, list[str]]]:
    """A Scribe, and the sentences that its local model was asked about."""
    asked: list[str] = []

    def answer(body: Any) -> Any:
        words = body["messages"][-1]["content"]
        sentence = words.rpartition("<report>")[2].partition("</report>")[0].strip()
        asked.append(sentence)
        return said(json.dumps(says(sentence) if says else {}))

    async with Talker(answer) as far, world_in(folder) as (world, database):
        await world.put([System(id="system-v", name="Venture")], OLGA, "test")
        local = model_at(far.url)
        async with desk_at(folder, NOBODY, local if says else None) as desk:
            yield Scribe(world, Drafts(database, WorldSettings()), Atlases(world), engine=desk.engine), asked
        await local.close()


def knows(sentence: str) -> dict[str, str]:
    """A model that can tell."""
    for doubt, answer in EXAM:
        if doubt.sentence == sentence:
            return {doubt.field: answer}
    return {"fauna": "Sparse"}


def agrees(sentence: str) -> dict[str, str]:
    """A model that takes the first word it sees."""
    doubt = next((doubt for doubt, _ in EXAM if doubt.sentence == sentence), None)
    return {doubt.field: doubt.choices[0]} if doubt else {"fauna": "Sparse"}


async def test_without_a_model_the_person_is_asked(tmp_path: Path) -> None:
    async with scribe_with(tmp_path, None) as (scribe, _):
        report = await scribe.read(FAR, MEMBER)
        assert [one.name for one in report.things] == ["Corbel"] and getattr(report.things[0], "fauna", "") == ""
        assert any("is its fauna Sparse" in one and "long day" in one for one in report.questions)


async def test_a_model_that_can_tell_fills_it_in_and_that_is_said(tmp_path: Path) -> None:
    async with scribe_with(tmp_path, knows) as (scribe, asked):
        report = await scribe.read(FAR, MEMBER)
        planet = report.things[0]
        assert isinstance(planet, Planet) and planet.fauna == "Sparse" and report.doubts == ()
        assert any("local model" in one and "long day" in one for one in report.notes)
        assert len(asked) == len(EXAM) + 1
        await scribe.read(FAR.replace("Corbel", "Larch"), MEMBER)
        assert len(asked) <= len(EXAM) + 2, "the exam is taken once"


async def test_a_model_that_says_yes_to_everything_fills_in_nothing(tmp_path: Path) -> None:
    async with scribe_with(tmp_path, agrees) as (scribe, asked):
        for _ in range(2):
            report = await scribe.read(FAR, MEMBER)
            assert getattr(report.things[0], "fauna", "") == "" and len(report.doubts) == 1
        assert set(asked) == {doubt.sentence for doubt, _ in EXAM}, "nobody's words are shown to it"


@pytest.mark.parametrize(
    "text",
    [
        "Planet Gable in Venture. The animals ran from the low ridge as we came down.",
        "Planet Gable in Venture. Our drones returned with high hopes.",
        "Planet Gable in Venture. The plants were not abundant, said the captain.",
        "Planet Gable in Venture. The captain in his red coat was hostile.",
    ],
)
async def test_what_belongs_to_another_noun_or_is_denied_is_no_doubt(text: str, tmp_path: Path) -> None:
    async with scribe_with(tmp_path, None) as (scribe, _):
        report = await scribe.read(text, MEMBER)
        assert report.doubts == () and not getattr(report.things[0], "sentinels", "")


def test_the_exam_has_sentences_that_say_nothing() -> None:
    wanted = [answer for _, answer in EXAM]
    assert NOT_SAID in wanted and len(set(wanted)) > 3
