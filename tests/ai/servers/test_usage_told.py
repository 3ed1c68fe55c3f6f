"""What a server says it used is not believed where it is impossible: the reply is kept and costs its worst case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from haven.ai.task import Usage
from tests.ai.desk import desk_at, task
from tests.ai.servers.loopback import Answer, Loopback
from tests.ai.servers.wires import (
    CLAUDE_WIRE,
    CLOUD_WIRE,
    HOME_WIRE,
    OLLAMA_WIRE,
    Wire,
    chunk,
    claude_block,
    gather,
    line,
    question,
)

IMPOSSIBLE = ("-1000000", "NaN", "1e400", "1" + "0" * 30, "1000000000000000000", '"ten"', "7.25", "[1]")
MARK = 987654321
"""Stands where a figure goes: the writers of these protocols write no NaN."""


def of_claude() -> tuple[bytes, ...]:
    begins = claude_block({"type": "text", "text": ""}, {"type": "text_delta", "text": "Once upon "})
    ends = b"".join(CLAUDE_WIRE.ends).replace(b'"output_tokens": 7', b'"output_tokens": %d' % MARK)
    return *begins, ends


def of_openai() -> tuple[bytes, ...]:
    usage = {"prompt_tokens": MARK, "completion_tokens": MARK, "total_tokens": 17}
    return chunk({"content": "Once upon "}), chunk({}, "stop"), chunk(usage=usage), b"data: [DONE]\n\n"


def of_ollama() -> tuple[bytes, ...]:
    return line("Once upon "), line(done=True, done_reason="stop", prompt_eval_count=MARK, eval_count=MARK)


def telling(wire: Wire, pieces: tuple[bytes, ...], figure: str) -> Answer:
    return wire.answer(*(piece.replace(str(MARK).encode(), figure.encode()) for piece in pieces))


TOLD = [(CLAUDE_WIRE, of_claude), (CLOUD_WIRE, of_openai), (HOME_WIRE, of_openai), (OLLAMA_WIRE, of_ollama)]


@pytest.mark.parametrize("figure", IMPOSSIBLE)
@pytest.mark.parametrize(("wire", "pieces"), TOLD, ids=[wire.name for wire, _ in TOLD])
async def test_a_reply_with_impossible_figures_is_kept_without_them(
    wire: Wire, pieces: Callable[[], tuple[bytes, ...]], figure: str
) -> None:
    async with Loopback(telling(wire, pieces(), figure)) as server:
        provider = wire.make(server.url)
        text, finish = await gather(provider, question())
        await provider.close()
    assert text == finish.text == "Once upon " and finish.stop == "end"
    assert (finish.usage_known, finish.usage) == (False, Usage())


@pytest.mark.parametrize("usage", ['"lots"', "[1, 2]", "{}", '{"prompt_tokens_details": 7}'])
async def test_usage_of_another_shape_is_not_known(usage: str) -> None:
    told = chunk(usage="MARK").replace(b'"MARK"', usage.encode())
    async with Loopback(CLOUD_WIRE.answer(chunk({"content": "Once upon "}), chunk({}, "stop"), told)) as server:
        provider = CLOUD_WIRE.make(server.url)
        _, finish = await gather(provider, question())
        await provider.close()
    assert (finish.text, finish.usage_known) == ("Once upon ", False)


@pytest.mark.parametrize("figure", IMPOSSIBLE)
async def test_such_a_call_is_charged_at_its_worst_case(tmp_path: Path, figure: str) -> None:
    answer = telling(CLAUDE_WIRE, of_claude(), figure)
    async with Loopback(answer) as server, desk_at(tmp_path, server.url, costs=True) as desk:
        reply = await desk.engine.complete(task(max_tokens=400))
        ((state, worst, charged, output),) = desk.rows("state, worst_usd, charged, output_tokens")
        assert reply.text.startswith("Once upon") and reply.usd == worst == charged > 0
        assert (state, output) == ("unknown", 0)
        assert await desk.ledger.spent_today() == worst


async def test_figures_that_are_possible_and_wrong_close_no_month(tmp_path: Path) -> None:
    pieces = tuple(piece.replace(b'"input_tokens": 10', b'"input_tokens": 9000000') for piece in of_claude())
    answer = telling(CLAUDE_WIRE, pieces, "7")
    async with Loopback(answer) as server, desk_at(tmp_path, server.url, costs=True, monthly_usd=5.0) as desk:
        await desk.engine.complete(task(max_tokens=400))
        ((state, worst, charged),) = desk.rows("state, worst_usd, charged")
        assert (state, charged) == ("settled", pytest.approx(10 * worst)) and charged < 1
