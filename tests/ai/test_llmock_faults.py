"""llmock's 13 kinds of fault through the real SDKs: none gets past as a reply, none as anything but a HavenError."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.faults import KINDS, PROVIDERS, asked, of_engine, prepared

if TYPE_CHECKING:
    from llmock.pytest_plugin import LLMock

PASSING = {"error", "rate limit", "outage", "delay", "disconnect", "stall", "slow first token"}
OF_STREAMS = {"disconnect", "truncate", "corrupt", "stall"}
OF_TOOLS = {"malformed arguments", "unknown tool"}


def test_there_are_thirteen() -> None:
    assert len(KINDS) == 13 and set(KINDS) >= PASSING | OF_TOOLS


@pytest.mark.parametrize("sdk", PROVIDERS)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_fault_is_an_error_that_says_whether_waiting_helps(llmock: LLMock, kind: str, sdk: str) -> None:
    provider = PROVIDERS[sdk](llmock, kind)
    for place, tools in itertools.product((0, 1, 4) if kind in OF_STREAMS else (1,), (False, True)):
        prepared(llmock, kind, place, tools)
        ended = (await asked(provider, kind, tools)).ended
        if kind in OF_TOOLS and not tools:
            assert ended == "whole"
        else:
            assert ended == ("Unavailable" if kind in PASSING else "ModelError")
    await provider.close()


async def test_the_engine_accepts_nothing_truncated_and_raises_only_its_own_errors(
    llmock: LLMock, tmp_path: Path
) -> None:
    found, _ = await of_engine(llmock, tmp_path, stand_in=True)
    assert {one.kind for one in found} == set(KINDS)
    assert {one.ended for one in found} <= {"whole", "Unavailable", "ModelError"}
    assert "whole" in {one.ended for one in found if one.kind == "disconnect"}  # tried again
