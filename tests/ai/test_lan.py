"""One model over several hosts at home: who is asked, what happens when one fails, and what is known without asking."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Literal

import pytest

from haven.ai.providers.lan import LanModel, Watch, lan_models
from haven.ai.task import Delta, Tier
from haven.errors import ModelError, Unavailable
from haven.settings import Lan, LanHost
from tests.ai.servers.loopback import Answer, End, Loopback
from tests.ai.servers.wires import OLLAMA_WIRE, gather, line, ollama_end, question

BEGUN = OLLAMA_WIRE.answer(*OLLAMA_WIRE.begins, end=End.HANG)
BROKEN = OLLAMA_WIRE.turned_away(500)
EMPTY = OLLAMA_WIRE.answer()


def has(*models: str) -> Answer:
    return Answer((json.dumps({"models": [{"name": name} for name in models]}).encode(),))


def name(server: Loopback) -> str:
    return server.url.removeprefix("http://")


@asynccontextmanager
async def house(*servers: Loopback, health_s: float = 1000.0) -> AsyncIterator[tuple[LanModel, Watch]]:
    """The model that all these servers have, and the watch over them."""
    hosts = tuple(LanHost(url=server.url, models=("a-model",)) for server in servers)
    [model], watch = lan_models(Lan(hosts=hosts, health_s=health_s), lambda name: None)
    try:
        yield model, watch
    finally:
        await model.close()


@asynccontextmanager
async def watched(watch: Watch) -> AsyncIterator[None]:
    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_reply_says_which_host_it_was() -> None:
    async with Loopback(OLLAMA_WIRE.whole) as server, house(server) as (model, _):
        text, finish = await gather(model, question())
    assert (text, finish.model) == ("Once upon ", f"a-model at {name(server)}")
    assert (model.tier, model.name, model.model, model.price) == (Tier.LAN, "a-model", "a-model", None)


async def test_the_host_with_the_fewest_calls_is_asked() -> None:
    async with Loopback(BEGUN) as one, Loopback(BEGUN) as two, house(one, two) as (model, _):
        async with aclosing(model.generate(question())) as first, aclosing(model.generate(question())) as second:
            assert await anext(first) == await anext(second) == Delta("Once upon ")
            assert (len(one.asked), len(two.asked)) == (1, 1)
        async with aclosing(model.generate(question())) as third:  # both are free again: the first of the settings
            await anext(third)
        assert (len(one.asked), len(two.asked)) == (2, 1)


async def test_a_host_that_fails_before_its_first_word_is_left_for_the_next_and_not_asked_again() -> None:
    async with Loopback(BROKEN) as bad, Loopback(OLLAMA_WIRE.whole) as good, house(bad, good) as (model, _):
        for _ in range(3):
            _, finish = await gather(model, question())
            assert finish.model == f"a-model at {name(good)}"
        assert (len(bad.asked), len(good.asked)) == (1, 3)
        assert model.missing() == ""


async def test_what_is_begun_is_not_said_again_by_another_host() -> None:
    cut = OLLAMA_WIRE.answer(*OLLAMA_WIRE.begins, end=End.CUT)
    async with Loopback(cut) as bad, Loopback(OLLAMA_WIRE.whole) as good, house(bad, good) as (model, _):
        with pytest.raises(Unavailable, match="broke") as caught:
            await gather(model, question())
        assert caught.value.retry and good.asked == []
        assert (await gather(model, question()))[1].model == f"a-model at {name(good)}"


async def test_a_bad_reply_is_asked_of_the_next_and_not_held_against_the_host() -> None:
    async with Loopback(EMPTY) as bad, Loopback(OLLAMA_WIRE.whole) as good, house(bad, good) as (model, _):
        for _ in range(2):
            assert (await gather(model, question()))[1].model == f"a-model at {name(good)}"
        assert len(bad.asked) == 2


async def test_when_all_fail_the_person_is_told_why_and_then_no_one_is_asked() -> None:
    async with Loopback(BROKEN) as one, Loopback(OLLAMA_WIRE.turned_away(404)) as two, house(one, two) as (model, _):
        with pytest.raises(Unavailable):
            await gather(model, question())
        assert name(one) in model.missing() and name(two) in model.missing()
        assert "overloaded" in model.missing() and "does not know the model" in model.missing()
        with pytest.raises(Unavailable, match="No host at home can answer with a-model"):
            await gather(model, question())
        assert (len(one.asked), len(two.asked)) == (1, 1)


async def test_all_replies_bad_is_a_bad_reply() -> None:
    async with Loopback(EMPTY) as one, Loopback(EMPTY) as two, house(one, two) as (model, _):
        with pytest.raises(ModelError, match="cut off"):
            await gather(model, question())
        assert (len(one.asked), len(two.asked), model.missing()) == (1, 1, "")


async def test_before_anything_is_known_hosts_count_as_well() -> None:
    async with Loopback(BROKEN) as server, house(server) as (model, _):
        assert model.missing() == ""


async def test_the_watch_sees_a_host_go_and_come_back() -> None:
    answers = (BROKEN, BROKEN, has("a-model"))
    async with Loopback(*answers) as server, house(server, health_s=0.001) as (model, watch), watched(watch):
        await server.asked_times(2)  # so the first round is over
        assert "overloaded" in model.missing()
        await server.asked_times(4)
        assert model.missing() == "" and server.asked[0].path == "/api/tags"


async def test_a_model_that_a_host_lacks_can_be_pulled_there() -> None:
    pulled = OLLAMA_WIRE.answer(b'{"status": "success"}\n')
    async with Loopback(has("other"), has("other"), pulled) as server, Loopback(has("a-model")) as other:
        async with house(server, other, health_s=0.001) as (model, watch):
            async with watched(watch):
                await server.asked_times(2)
                await other.asked_times(2)
            assert model.missing() == "" and model.lacking() == (name(server),)
            server.answers = [pulled]
            told: list[str] = []
            await model.pull(lambda words, done, size: told.append(words))
            assert told == ["success"] and model.lacking() == ()
        assert server.asked[-1].path == "/api/pull"


async def test_one_silent_host_does_not_keep_the_watch_from_ending() -> None:
    async with Loopback(Answer(end=End.SILENT)) as server, house(server) as (_, watch), watched(watch):
        await server.asked_times(1)


@pytest.mark.parametrize("engine", ["ollama", "openai"])
async def test_an_address_that_a_client_refuses_is_trouble_of_its_host_alone(
    engine: Literal["ollama", "openai"],
) -> None:
    async with Loopback(has("a-model")) as server:
        bad = LanHost(url="http://\N{SNOWMAN}..x", engine=engine, models=("a-model", "other"))
        lan = Lan(hosts=(bad, LanHost(url=server.url, models=("a-model",))), health_s=0.001)
        models, watch = lan_models(lan, lambda name: None)
        async with watched(watch), asyncio.timeout(10):
            await server.asked_times(3)
        assert models[0].missing() == "" and "lan.hosts" in models[1].missing()
        with pytest.raises(Unavailable, match="can answer with other"):
            await gather(models[1], question())
        for model in models:
            await model.close()


async def test_the_record_names_every_host_that_a_call_may_go_to() -> None:
    async with Loopback(BROKEN) as bad, Loopback(OLLAMA_WIRE.whole) as good:
        async with house(bad, good) as (model, _), house(good) as (alone, _):
            assert model.recipient == f"{name(bad)} and/or {name(good)}" and alone.recipient == name(good)
            await gather(model, question())
        assert len(bad.asked) == len(good.asked) == 1  # both had the words


async def test_cancelling_a_call_frees_its_host() -> None:
    silent = Answer(end=End.SILENT)
    async with Loopback(silent, BEGUN) as one, Loopback(BEGUN) as two, house(one, two) as (model, _):
        waiting = asyncio.create_task(gather(model, question()))
        await one.asked_times(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with aclosing(model.generate(question())) as pieces:
            await anext(pieces)
        assert (len(one.asked), len(two.asked), model.missing()) == (2, 0, "")


async def test_the_settings_make_one_model_of_all_hosts_that_have_it() -> None:
    listed = Answer((json.dumps({"data": [{"id": "/models/phi.gguf"}]}).encode(),))
    async with Loopback(has("qwen3:4b", "phi")) as ollama, Loopback(listed) as server:
        lan = Lan(
            hosts=(
                LanHost(url=ollama.url, models=("qwen3:4b", "phi"), secret="attic_key"),
                LanHost(url=server.url, engine="openai", models=("phi",)),
            ),
            health_s=0.001,
        )
        models, watch = lan_models(lan, {"attic_key": "a-key-of-the-attic"}.get)
        async with watched(watch):
            await ollama.asked_times(2)
            await server.asked_times(2)
        assert [model.name for model in models] == ["qwen3:4b", "phi"]
        assert [model.missing() for model in models] == ["", ""]  # llama-server answers to any name
        assert (ollama.asked[0].path, server.asked[0].path) == ("/api/tags", "/v1/models")
        assert "a-key-of-the-attic" in ollama.asked[0].head and "a-key-of-the-attic" not in server.asked[0].head
        ollama.answers = [OLLAMA_WIRE.answer(line("Yes."), *ollama_end("stop"))]
        assert (await gather(models[1], question()))[1].model == f"phi at {name(ollama)}"
        for model in models:
            await model.close()


async def test_without_hosts_there_is_nothing_to_watch() -> None:
    models, watch = lan_models(Lan(), lambda name: None)
    assert models == []
    await watch()
