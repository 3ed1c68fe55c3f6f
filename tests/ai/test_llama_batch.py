"""The local engine with several callers at once: everybody gets their own answer, in the right order, at any load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama import LlamaProvider
from haven.ai.providers.llama_batch import MOST_WAITING
from haven.ai.task import Delta, Queued, Turn
from haven.errors import ModelError, Unavailable

pytestmark = pytest.mark.model
CAPITALS = {"France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Japan": "Tokyo"}


def ask(text: str, system: str = "", **options: Any) -> Call:
    return Call((Turn("user", text),), (system,) if system else (), **{"max_tokens": 16, **options})


def capital(country: str, **options: Any) -> Call:
    return ask(f"What is the capital of {country}?", **options)


def story(**options: Any) -> Call:
    return ask("Tell me a very long story about a star map.", **{"max_tokens": 60, **options})


async def reply(provider: LlamaProvider, call: Call) -> Finish:
    text, finish = "", None
    async for item in provider.generate(call):
        if isinstance(item, Delta):
            text += item.text
        elif isinstance(item, Finish):
            finish = item
    assert finish is not None and finish.text == text
    return finish


@pytest.fixture
async def small(model_path: Path) -> AsyncIterator[LlamaProvider]:
    """Three seats with room for two long prompts, so that callers have to wait for both."""
    provider = LlamaProvider(model_path, name="small", context_tokens=256, seats=3)
    yield provider
    await provider.close()


@pytest.fixture
async def tidy(model_path: Path) -> AsyncIterator[LlamaProvider]:
    """A new context of 400 tokens: below 512 llama.cpp's arithmetic is the same for one row and for many."""
    provider = LlamaProvider(model_path, name="tidy", context_tokens=200)
    yield provider
    await provider.close()


async def test_four_at_once_get_what_each_gets_alone(llama: LlamaProvider) -> None:
    calls = [capital(country) for country in CAPITALS] * 2
    alone = [await reply(llama, call) for call in calls][len(CAPITALS) :]
    together = await asyncio.gather(*[reply(llama, call) for call in calls[: len(CAPITALS)]])
    assert [finish.text for finish in together] == [finish.text for finish in alone]
    for finish, city in zip(together, CAPITALS.values(), strict=True):
        assert city in finish.text


async def test_a_cancelled_reply_leaves_the_others_as_they_are(tidy: LlamaProvider) -> None:
    alone = await reply(tidy, story())
    await tidy.unload()
    other = asyncio.create_task(reply(tidy, story()))
    async with aclosing(tidy.generate(ask("Count to a thousand.", max_tokens=100))) as stream:
        await anext(stream)
    assert (await other).text == alone.text


async def test_a_long_prompt_does_not_stop_the_reply_of_another(llama: LlamaProvider) -> None:
    written = 0
    async with aclosing(llama.generate(story(max_tokens=300))) as stream:
        await anext(stream)
        reading = asyncio.create_task(reply(llama, ask("star " * 450, max_tokens=1)))
        while not reading.done():
            await anext(stream)
            written += 1
    assert written > 3


async def test_a_person_takes_the_seat_of_background_work_which_goes_on_later(model_path: Path) -> None:
    provider = LlamaProvider(model_path, name="one", context_tokens=400, seats=1)
    ended: list[str] = []

    async def background(name: str) -> Finish:
        finish = await reply(provider, story(max_tokens=80, priority=1))
        ended.append(name)
        return finish

    stream = provider.generate(story(max_tokens=80, priority=1))
    pieces = [await anext(stream)]  # it has the only seat
    waiting = asyncio.create_task(background("waiting"))
    await asyncio.sleep(0)
    assert "Paris" in (await reply(provider, capital("France"))).text
    assert not ended
    async for item in stream:
        pieces.append(item)
    assert isinstance(pieces[-1], Finish)
    assert pieces[-1].text == "".join(one.text for one in pieces if isinstance(one, Delta)) == (await waiting).text
    await provider.close()


async def test_more_callers_than_seats_are_all_served(small: LlamaProvider) -> None:
    calls = [capital(country) for country in [*CAPITALS] * 2]
    finishes = await asyncio.gather(*[reply(small, call) for call in calls])
    assert [city in finish.text for finish, city in zip(finishes, [*CAPITALS.values()] * 2, strict=True)] == [True] * 8


async def test_whoever_waits_is_told_how_many_go_first_until_too_many_do(model_path: Path) -> None:
    provider = LlamaProvider(model_path, name="line", context_tokens=400, seats=1)
    served = provider.generate(ask("Count to a thousand.", max_tokens=200))
    pieces = [await anext(served)]
    background = provider.generate(capital("France", priority=1))
    waiting = [provider.generate(capital("France")) for _ in range(MOST_WAITING)]
    told = await asyncio.gather(*map(anext, (*waiting, background)))
    assert told == [Queued(ahead) for ahead in (*range(1, MOST_WAITING + 1), MOST_WAITING + 1)]
    with pytest.raises(Unavailable, match=f"{MOST_WAITING} wait for it already"):
        await anext(provider.generate(capital("Italy")))
    for one in waiting[1:]:
        await one.aclose()
    while await anext(background) != Queued(2):
        pass  # those who went are taken out one step after the other
    async for item in served:
        pieces.append(item)
    assert isinstance(pieces[-1], Finish) and not [one for one in pieces if isinstance(one, Queued)]
    async for item in waiting[0]:
        pieces.append(item)
    assert isinstance(pieces[-1], Finish) and "Paris" in pieces[-1].text
    await background.aclose()
    await provider.close()


async def test_callers_wait_for_room_instead_of_failing(model_path: Path) -> None:
    """Three seats with room for two long prompts."""
    provider = LlamaProvider(model_path, name="narrow", context_tokens=128, seats=3)
    long = "The map shows a red star, a blue star and a dark one. " * 30  # each fills its context
    calls = [ask(f"{number}. {long}", max_tokens=4) for number in range(4)]
    finishes = await asyncio.gather(*[reply(provider, call) for call in calls])
    assert all(finish.usage.output > 0 for finish in finishes)
    assert all(finish.usage.input + finish.usage.cache_read > 100 for finish in finishes)
    await provider.close()


async def test_those_who_come_together_read_what_they_share_once(model_path: Path) -> None:
    provider = LlamaProvider(model_path, name="shared", context_tokens=1024)
    system = "You look after a star map of many worlds. " * 20
    finishes = await asyncio.gather(*[reply(provider, capital(country, system=system)) for country in CAPITALS])
    read = [finish.usage.cache_read for finish in finishes]
    assert read[0] == 0 and min(read[1:]) > 150
    await provider.close()


async def test_a_conversation_goes_on_where_it_was_after_others_came_between(small: LlamaProvider) -> None:
    facts = "Remember: the red star is called Ember, the blue one Frost, the dark one Coal, and nobody has been there."
    first = await reply(small, ask(facts))
    for country in CAPITALS:
        await reply(small, capital(country))
    turns = (Turn("user", facts), Turn("assistant", first.text), Turn("user", "What is the red star called?"))
    second = await reply(small, Call(turns, (), max_tokens=16))
    assert second.usage.cache_read > 30


async def test_a_stop_word_ends_the_reply_even_across_tokens(llama: LlamaProvider) -> None:
    whole = (await reply(llama, capital("France"))).text
    cut = whole.index(" Paris") - 1
    stopped = await reply(llama, capital("France", stop=("never said", whole[cut : cut + 4])))
    assert (stopped.text, stopped.stop) == (whole[:cut], "end")


async def test_what_only_looks_like_a_stop_word_is_kept(llama: LlamaProvider) -> None:
    whole = await reply(llama, capital("France"))
    same = await reply(llama, capital("France", stop=(whole.text[4:12] + "!", whole.text[-3:] + "!")))
    assert same.text == whole.text


async def test_what_nobody_foresaw_in_a_step_ends_those_in_it_and_nobody_later(small: LlamaProvider) -> None:
    """A priority that can't be compared is found when the step puts people into their order."""
    async with asyncio.timeout(60):
        stream = small.generate(story(priority="high"))
        await anext(stream)
        with pytest.raises(ModelError, match="The local model failed: TypeError"):
            await reply(small, capital("France"))
        with pytest.raises(ModelError, match="The local model failed: TypeError"):
            async for _ in stream:
                pass
        assert "Paris" in (await reply(small, capital("France"))).text
        await small.unload()
        assert "Rome" in (await reply(small, capital("Italy"))).text


async def test_a_seed_gives_the_same_reply_again_in_any_company(tidy: LlamaProvider) -> None:
    def told(seed: int | None) -> Call:
        return story(seed=seed, temperature=1.2, max_tokens=30)

    first = await reply(tidy, told(1))
    await tidy.unload()
    again, other, _ = await asyncio.gather(*[reply(tidy, call) for call in (told(1), told(2), capital("Italy"))])
    assert again.text == first.text != other.text


async def test_a_small_top_p_takes_the_likeliest_words(tidy: LlamaProvider) -> None:
    greedy = await reply(tidy, story(max_tokens=20))
    narrow = await reply(tidy, story(max_tokens=20, temperature=1.5, top_p=0.01, seed=3))
    assert narrow.text == greedy.text


async def test_whether_it_is_busy_and_how_much_memory_it_takes(model_path: Path) -> None:
    provider = LlamaProvider(model_path, name="counted", context_tokens=512)
    assert (provider.busy, provider.memory_mb) == (False, 0)
    async with aclosing(provider.generate(story())) as stream:
        await anext(stream)
        assert provider.busy
        assert 90 < provider.memory_mb < 300
    assert not provider.busy
    await provider.unload()
    assert provider.memory_mb == 0
    await provider.close()


async def test_vectors_are_normal_steady_and_tell_likeness(llama: LlamaProvider) -> None:
    texts = ["The red star has two planets.", "The blue star has three planets.", "def add(a, b): return a + b"]
    one, like, unlike = await llama.embed(texts)
    assert sum(x * x for x in one) == pytest.approx(1, abs=1e-5)
    assert (await llama.embed(texts[:1]))[0] == one
    assert sum(a * b for a, b in zip(one, like, strict=True)) > sum(a * b for a, b in zip(one, unlike, strict=True))
    assert len((await llama.embed(["word " * 300]))[0]) == len(one)
    assert not any((await llama.embed([""]))[0])
