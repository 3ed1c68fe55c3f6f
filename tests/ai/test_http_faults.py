"""What a server said in an error is cut and cleaned before it stands in a sentence."""

from __future__ import annotations

import pytest

from haven.ai.providers.http_faults import Far, by_status
from haven.errors import ModelError

FAR = Far("The server", "a-model")


@pytest.mark.parametrize("status", [400, 401, 402, 404])
def test_what_it_said_steers_no_terminal_and_little_of_it_is_repeated(status: int) -> None:
    echoed = "\x1b]0;title\x07\x1b[2J\u202e no such thing " + "word " * 20 + "the end of the prompt"
    fault = str(by_status(FAR, status, echoed))
    assert "no such thing" in fault and "the end of the prompt" not in fault
    assert not {"\x1b", "\x07", "\u202e"} & set(fault)


def test_what_tells_the_fault_may_stand_later_than_what_is_repeated() -> None:
    fault = by_status(FAR, 400, "word " * 30 + "is more than the context length")
    assert isinstance(fault, ModelError) and "too long" in str(fault)
