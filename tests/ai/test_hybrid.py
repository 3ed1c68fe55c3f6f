"""What the local model does before a task leaves, as the far end's own record shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from haven.ai.hybrid import GAP, extract
from haven.ai.money import tokens
from haven.ai.policy import Policy
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Privacy, Reply, Task, Tier
from haven.demo.stand_in import StandIn
from haven.settings import Routing, Strategy
from tests.ai.desk import Talker, desk_and_stand_in, model_at, said, task
from tests.ai.servers.loopback import Answer
from tests.ai.servers.wires import HOME_WIRE

HYBRID = Policy(Routing(strategy=Strategy.COST))
FACT = "The coal mine of Ilkesh was opened in 1912 by Olga Brandt. It has four shafts."
NOTES = "Ilkesh coal mine: opened in 1912 by Olga Brandt, four shafts."
GOOD = "The coal mine of Ilkesh was opened in 1912 by Olga Brandt, and it has four shafts today."
OTHER = "The market square of {0} has a well, and on feast days the people of {0} sell bread and cloth around it."
TOWNS = ["Arn", "Bell", "Corm", "Dale", "Eld", "Fenn", "Gorse", "Hythe", "Isen", "Jarrow", "Kell", "Lund"]
MATERIAL = "\n\n".join([*(OTHER.format(town) * 3 for town in TOWNS), FACT, *(OTHER.format(town) for town in TOWNS)])
QUESTION = "Please explain the history of the coal mine of Ilkesh."


def long_task(**more: Any) -> Task:
    return task(QUESTION, material=(MATERIAL,), **more)


def left(stand_in: StandIn) -> str:
    return json.dumps([body["messages"] for body in stand_in.requests], ensure_ascii=False)


async def asked_with(tmp_path: Path, notes: Answer, answer: str, asked: Task) -> tuple[Reply, str, list[str]]:
    """The reply, all that left the house, and what the local model was asked for its notes and for its answers."""

    def says(body: Any) -> Answer:
        return notes if "Copy the facts" in body["messages"][0]["content"] else said(answer)

    async with Talker(says) as home:
        model = model_at(home.url)
        async with desk_and_stand_in(tmp_path, local=model, says=lambda _: GOOD, policy=HYBRID) as (desk, stand_in):
            reply = await desk.engine.complete(asked)
            sent = left(stand_in)
        await model.close()
    return reply, sent, [request.body["messages"][-1]["content"] for request in home.asked]


async def test_what_leaves_are_the_local_models_notes(tmp_path: Path) -> None:
    reply, sent, asked = await asked_with(tmp_path, said(NOTES), "Yes.", long_task())
    assert (reply.tier, reply.text) == (Tier.CLOUD, GOOD)
    assert NOTES in sent and QUESTION in sent and "market square" not in sent
    before, after = tokens.count(MATERIAL), tokens.count(NOTES)
    assert reply.prepared == f"material condensed by the local model: {before} to {after} tokens"
    assert FACT in asked[0], "the passages that the question is about were read by the local model"


@pytest.mark.parametrize(
    "notes",
    [
        "Ilkesh coal mine: opened in 1847 by Olga Brandt, four shafts.",
        "Ilkesh coal mine: opened in 1912 by Henrik Falkenberg, four shafts.",
        "The market square of Arn has a well, and the people sell bread.",
        "I'm sorry, as an AI language model I can't help with that.",
        MATERIAL[:3000],
    ],
    ids=["another number", "another name", "beside the point", "a refusal", "not shorter"],
)
async def test_notes_that_say_what_the_material_does_not_are_not_used(tmp_path: Path, notes: str) -> None:
    reply, sent, _ = await asked_with(tmp_path, said(notes), "Yes.", long_task())
    assert FACT in sent, "the passage itself is sent instead"
    assert not any(lie in sent for lie in ("1847", "Falkenberg", "sorry"))
    assert len(sent) < 0.7 * len(MATERIAL)
    assert "cut to the passages that the question is about" in reply.prepared


async def test_a_local_answer_that_is_good_enough_counts_alone(tmp_path: Path) -> None:
    reply, sent, asked = await asked_with(tmp_path, said(NOTES), GOOD, long_task())
    assert (reply.tier, reply.text, reply.usd, reply.prepared) == (Tier.LOCAL, GOOD, 0.0, "")
    assert sent == "[]" and len(asked) == 2


async def test_short_material_goes_as_it_is(tmp_path: Path) -> None:
    reply, sent, asked = await asked_with(tmp_path, said(NOTES), "Yes.", task(QUESTION, material=(FACT,)))
    assert FACT in sent and reply.prepared == ""
    assert len(asked) == 2, "an answer and its mending, and no notes"


async def test_where_the_local_model_fails_the_passages_are_chosen_by_rules(tmp_path: Path) -> None:
    reply, sent, _ = await asked_with(tmp_path, HOME_WIRE.turned_away(500), "Yes.", long_task())
    assert reply.tier is Tier.CLOUD and FACT in sent and len(sent) < 0.7 * len(MATERIAL)
    assert "cut to the passages that the question is about" in reply.prepared


async def test_nothing_private_is_prepared_for_leaving(tmp_path: Path) -> None:
    reply, sent, asked = await asked_with(tmp_path, said(NOTES), "Yes.", long_task(privacy=Privacy.PRIVATE))
    assert reply.tier is Tier.LOCAL and sent == "[]" and reply.prepared == ""
    assert len(asked) == 2 and MATERIAL in asked[0], "whole: there is no reason to cut it"


@pytest.mark.model
async def test_the_real_local_model_prepares(tmp_path: Path, llama: LlamaProvider) -> None:
    async with desk_and_stand_in(tmp_path, local=llama, says=lambda _: GOOD, policy=HYBRID) as (desk, stand_in):
        reply = await desk.engine.complete(long_task(max_tokens=2))  # two tokens are no answer
        sent = left(stand_in)
    assert reply.tier is Tier.CLOUD and reply.prepared.startswith("material ")
    assert "1912" in sent and "Olga Brandt" in sent and len(sent) < 0.7 * len(MATERIAL)


WORDS = st.lists(st.sampled_from(["mine", "Ilkesh", "bread", "well.", "1912", "coal,", "x" * 900]), max_size=120)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=4), st.integers(30, 400))
def test_an_extract_is_the_texts_own_words_in_their_order_within_the_limit(texts: list[str], limit: int) -> None:
    found = extract("Who opened the coal mine of Ilkesh?", texts, limit)
    whole = "\n".join(texts).split()
    assert tokens.count(found.replace(GAP, "")) <= 1.4 * limit
    at = iter("".join(whole))
    assert all(letter in at for letter in "".join(found.replace(GAP, "").split()))
    assert found or not whole, "something is always left to read"
