"""What becomes of llmock's 13 kinds of fault? One JSON line (goal: 0 unhandled, 0 truncated accepted, 0 over budget).

Each kind is asked of the real SDKs of Claude and of the OpenAI protocol, as a text and as a tool call, broken at
several places; and of the engine with its retries and its ledger, under a small cap. `--smoke` breaks at one place.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from llmock.pytest_plugin import LLMock
from llmock.testing import LLMockServer

from haven.access import Role
from haven.ai.providers.anthropic import AnthropicProvider
from haven.ai.providers.base import Call, Finish, Provider
from haven.ai.providers.openai_compatible import OpenAICompatible
from haven.ai.task import Reply, Task, Tier, Tool, Turn, Where
from haven.errors import HavenError
from tests.ai.desk import MEMBER, desk_at, task

TEXT = "The Round Table is where every request of this house is answered, by the one who knows most about it."
INPUT = {"name": "Vega"}
LOOK_UP = Tool(
    "look_up",
    "Look a system up.",
    {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
)
PLACES = (0, 1, 4, 9)
"""After so many chunks a stream is broken."""
SLOW_S, PATIENCE_S, LONG_S = 0.4, 0.15, 10.0
"""What a slow fault takes, how long is waited for it, and for any other kind: a busy machine takes its time too."""
SLOW = {"delay", "stall", "slow first token"}
CAPS_USD = (5.0, 0.01)
"""One that is not met, and one that a few calls use up."""

KINDS: dict[str, Callable[[LLMock, int], LLMock]] = {
    "error": lambda mock, _: mock.fail(500),
    "rate limit": lambda mock, _: mock.rate_limit(retry_after=0),
    "outage": lambda mock, _: mock.outage(),
    "context overflow": lambda mock, _: mock.context_overflow(),
    "delay": lambda mock, _: mock.delay(SLOW_S),
    "disconnect": lambda mock, place: mock.disconnect(after_chunks=place),
    "truncate": lambda mock, place: mock.truncate(after_chunks=place),
    "corrupt": lambda mock, place: mock.corrupt(after_chunks=place),
    "stall": lambda mock, place: mock.stall(after_chunks=place, seconds=SLOW_S),
    "slow first token": lambda mock, _: mock.slow_first_token(SLOW_S),
    "malformed arguments": lambda mock, _: mock.break_tool_call("malformed_arguments"),
    "unknown tool": lambda mock, _: mock.break_tool_call("unknown_tool"),
    "quota": lambda mock, _: mock.limits(context_window=1),
}
PROVIDERS: dict[str, Callable[[LLMock, str], Provider]] = {
    "anthropic": lambda mock, kind: AnthropicProvider(
        "a-key-of-nobody",
        model="claude-sonnet-5-5",
        base_url=mock.base_url("anthropic"),
        timeout_s=patience_s(kind),
    ),
    "openai": lambda mock, kind: OpenAICompatible(
        mock.base_url("openai"), "gpt-4o", "a-key-of-nobody", tier=Tier.CLOUD, timeout_s=patience_s(kind)
    ),
}


def patience_s(kind: str) -> float:
    """Seconds until a provider gives up waiting for such a fault."""
    return PATIENCE_S if kind in SLOW else LONG_S


@dataclass(frozen=True)
class Outcome:
    """`ended`: `whole`, `truncated` (accepted, and not what was said), a HavenError's name, or `unhandled ...`."""

    kind: str
    ended: str


def prepared(mock: LLMock, kind: str, place: int, tools: bool) -> None:
    """The next answer is the text or the call, with that fault."""
    mock.reset()
    if tools:
        mock.call_tool(LOOK_UP.name, INPUT, times=None)
    else:
        mock.reply(TEXT, times=None)
    KINDS[kind](mock, place)


async def asked(provider: Provider, kind: str, tools: bool) -> Outcome:
    """What one call of a provider comes to."""
    call = Call((Turn("user", "What is the Round Table?"),), (), 300, tools=(LOOK_UP,) if tools else ())
    finish: Finish | None = None
    try:
        async for piece in provider.generate(call):
            finish = piece if isinstance(piece, Finish) else finish
    except HavenError as error:
        return Outcome(kind, type(error).__name__)
    except Exception as error:
        return Outcome(kind, f"unhandled {type(error).__name__}")
    assert finish is not None
    said = [dict(one.input) for one in finish.calls] == [INPUT] if tools else finish.text == TEXT
    return Outcome(kind, "whole" if said else "truncated")


async def of_providers(mock: LLMock, places: tuple[int, ...] = PLACES) -> list[Outcome]:
    """Every kind at every place through both SDKs."""
    found: list[Outcome] = []
    for make in PROVIDERS.values():
        for kind in KINDS:
            # A fault of tool calls does nothing to a text, which then has to come whole.
            for place, tools in ((place, tools) for place in places for tools in (False, True)):
                prepared(mock, kind, place, tools)
                provider = make(mock, kind)
                found.append(await asked(provider, kind, tools))
                await provider.close()
    return found


async def of_engine(mock: LLMock, folder: Path, *, stand_in: bool = False) -> tuple[list[Outcome], int]:
    """Every kind through the engine under each cap, and how many of the caps were passed.

    What a stand-in costs meets no cap, so the far end is not marked as one where that is asked.
    """
    found: list[Outcome] = []
    over = 0
    owner = replace(MEMBER, role=Role.OWNER)  # whose calls are held by no share of the minute
    wanted = task("What is the Round Table?", where=Where.CLOUD, principal=owner)
    for cap in CAPS_USD:
        base_url = mock.base_url("anthropic")
        async with desk_at(folder / str(cap), base_url, stand_in=stand_in, monthly_usd=cap) as desk:
            for kind in KINDS:
                prepared(mock, kind, 4, tools=False)
                found.append(await _answered(desk.engine.complete, wanted, kind))
            over += await desk.ledger.spent_this_month() > cap
    return found, over


async def _answered(complete: Callable[[Task], Awaitable[Reply]], wanted: Task, kind: str) -> Outcome:
    try:
        reply = await complete(wanted)
    except HavenError as error:
        return Outcome(kind, type(error).__name__)
    except Exception as error:
        return Outcome(kind, f"unhandled {type(error).__name__}")
    return Outcome(kind, "whole" if reply.text == TEXT else "truncated")


def counted(found: list[Outcome], over: int) -> dict[str, object]:
    """The line's figures."""
    ends = Counter(one.ended.split(" ")[0] for one in found)
    return {
        "kinds": len({one.kind for one in found}),
        "calls": len(found),
        "unhandled": ends["unhandled"],
        "truncated_accepted": ends["truncated"],
        "over_budget": over,
        "ended": dict(sorted(ends.items())),
    }


async def main(smoke: bool) -> None:
    with LLMockServer() as server, tempfile.TemporaryDirectory() as folder:
        mock = LLMock(server)
        direct = await of_providers(mock, PLACES[1:2] if smoke else PLACES)
        engine, over = await of_engine(mock, Path(folder))
    versions = {name: version(name) for name in ("llmock", "anthropic", "openai")}
    print(json.dumps({"benchmark": "faults", "smoke": smoke, **versions, **counted(direct + engine, over)}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true")
    asyncio.run(main(parser.parse_args().smoke))
