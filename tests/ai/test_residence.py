"""Local models in a limited memory: the real model under several names, and what is loaded afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from haven.ai.models.residence import Residence
from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama import LlamaProvider
from haven.ai.task import Turn
from haven.app import open_house
from haven.errors import Unavailable
from tests.e2e.house import settings_in

pytestmark = pytest.mark.model
NEEDS = 100


@pytest.fixture
async def three(model_path: Path) -> AsyncIterator[list[LlamaProvider]]:
    made = [LlamaProvider(model_path, name=name, context_tokens=512, seats=1) for name in "abc"]
    yield made
    for model in made:
        await model.close()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def residence(
    limit_mb: float = 10_000, idle_s: float = 0.0, keep: tuple[str, ...] = (), clock: Clock | None = None
) -> Residence:
    return Residence(dict.fromkeys("abc", NEEDS), limit_mb, keep, idle_s, clock or Clock())


def loaded(models: list[LlamaProvider]) -> str:
    return "".join(model.name for model in models if model.loaded)


async def test_models_that_fit_stay_together(three: list[LlamaProvider]) -> None:
    room = residence()
    for model in three:
        await room.enter(model)
    assert loaded(three) == "abc"


async def test_the_one_unused_the_longest_leaves(three: list[LlamaProvider]) -> None:
    a, b, c = three
    await a.load()
    room = residence(a.memory_mb * 2 + NEEDS // 2)
    await a.unload()
    for model in (a, b, a, c):
        await room.enter(model)
    assert loaded(three) == "ac", "b was used before a was used again"


async def test_a_model_that_is_kept_never_leaves(three: list[LlamaProvider]) -> None:
    a, b, c = three
    await a.load()
    room = residence(a.memory_mb * 2 + NEEDS // 2, keep=("a",))
    await a.unload()
    await room.warm(three)
    assert loaded(three) == "a"
    for model in (b, c):
        await room.enter(model)
    assert loaded(three) == "ac"


async def test_a_model_that_answers_is_waited_for(three: list[LlamaProvider]) -> None:
    a, b, _ = three
    room = residence(NEEDS + 1)
    await room.enter(a)
    answering = a.generate(Call((Turn("user", "Count to twenty."),), (), max_tokens=40))
    await anext(answering)
    entering = asyncio.create_task(room.enter(b))
    rest = [piece async for piece in answering]
    await entering
    assert isinstance(rest[-1], Finish) and loaded(three) == "b"


async def test_a_model_that_is_always_used_makes_room_all_the_same(three: list[LlamaProvider]) -> None:
    a, b, _ = three
    room = residence(NEEDS + 1)
    await room.enter(a)
    entered = asyncio.Event()

    async def keep_asking(words: int) -> None:
        while not entered.is_set():
            async with room.using(a):
                _ = [piece async for piece in a.generate(Call((Turn("user", "Count."),), (), max_tokens=words))]

    asking = [asyncio.create_task(keep_asking(words)) for words in (20, 30, 40)]
    async with aclosing(a.generate(Call((Turn("user", "Count."),), (), max_tokens=5))) as stream:
        await anext(stream)
    async with asyncio.timeout(60), room.using(b):
        entered.set()
        assert loaded(three) == "b"
    await asyncio.gather(*asking)
    assert loaded(three) == "a", "those who had to queue got it back"


async def test_nobody_unloads_a_model_between_its_loading_and_its_work(three: list[LlamaProvider]) -> None:
    a, b, _ = three
    room = residence(NEEDS + 1)
    async with room.using(a):
        entering = asyncio.create_task(room.enter(b))
        await asyncio.wait([entering], timeout=0)
        await a.load()
        assert loaded(three) == "a" and not entering.done()
    await entering
    assert loaded(three) == "b"


async def test_whoever_gives_up_waiting_leaves_the_model_usable(three: list[LlamaProvider]) -> None:
    a, b, _ = three
    room = residence(NEEDS + 1)
    async with room.using(a):
        entering = asyncio.create_task(room.enter(b))
        await asyncio.wait([entering], timeout=0)
        entering.cancel()
        await asyncio.wait([entering])
        async with asyncio.timeout(10), room.using(a):
            assert loaded(three) == "a"


async def test_what_can_never_fit_is_refused_with_the_way_out(three: list[LlamaProvider]) -> None:
    with pytest.raises(Unavailable, match="needs about 100 MB; all models may take 50") as caught:
        await residence(50).enter(three[0])
    assert "haven models plan" in caught.value.mend and loaded(three) == ""


async def test_what_nobody_uses_is_unloaded(three: list[LlamaProvider]) -> None:
    clock = Clock()
    room = residence(idle_s=100, keep=("a",), clock=clock)
    for model in three[:2]:
        await room.enter(model)
    await room.unload_idle()
    assert loaded(three) == "ab"
    clock.now += 200
    await room.unload_idle()
    assert loaded(three) == "a", "what is kept stays"


async def test_what_the_catalogue_calls_persistent_stays_where_it_is_configured(
    tmp_path: Path, model_path: Path
) -> None:
    settings = settings_in(tmp_path, model=True)
    lasting = settings.models.model_copy(update={"idle_minutes": 1e-9})
    async with open_house(settings.model_copy(update={"models": lasting})) as house:
        await house.registry.install("smollm2-135m")
        [model] = [one for one in house.minds.providers if isinstance(one, LlamaProvider)]
        await house.minds.residence.warm([model])
        await house.minds.residence.unload_idle()
        assert house.registry.get(model.name).persistent and model.loaded


async def test_what_is_used_again_by_the_time_of_unloading_stays(three: list[LlamaProvider]) -> None:
    a, b, _ = three
    clock = Clock()
    room = residence(idle_s=100, clock=clock)
    await room.enter(a)
    clock.now += 200
    entering = asyncio.create_task(room.enter(b))  # holds the lock while b is loaded
    await asyncio.wait([entering], timeout=0)
    tidying = asyncio.create_task(room.unload_idle())
    await asyncio.wait([tidying], timeout=0)
    async with room.using(a):
        await asyncio.gather(entering, tidying)
        assert loaded(three) == "ab"
