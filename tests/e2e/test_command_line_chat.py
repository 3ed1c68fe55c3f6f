"""`haven chat`, through a pipe and on a real terminal."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest

from assistants.round_table import Request
from assistants.table.before import EARLIER_CHARS
from haven.ai.task import Where
from haven.commands.chat import Talk
from haven.commands.session import owner
from haven.demo.stand_in import Fault, FaultKind, StandIn
from haven.errors import NotFound
from tests.e2e.command import at_terminal, configured, haven
from tests.e2e.test_command_line_tasks import AWAY, with_model

SEATS = ["sentinel", "scribe"]
CANARY = "the amulet of Zephyria"
FIRST, SECOND, THIRD = "What is the Round Table?", "And why is it round?", "What is Haven?"


def cloud_at(stand_in: StandIn) -> str:
    return f'stand_in = true\nbase_url = "{stand_in.base_url}"\nsmall_model = ""'


def talk() -> Talk:
    return Talk(Request("", owner()))


def along(one: Talk, text: str = "Next?") -> list[str]:
    return [turn.text for turn in one.ask(text).earlier]


def test_what_was_private_or_local_never_goes_along_openly() -> None:
    one = talk()
    one.heard("first", "open answer")
    one.told("/private", SEATS)
    one.heard(CANARY, CANARY)
    assert along(one) == ["first", "open answer", CANARY, CANARY]
    one.told("/open", SEATS)
    one.told("/local", SEATS)
    one.heard("stays here", CANARY)
    assert CANARY in along(one)
    for where in ("/cloud", "/lan", "/auto"):
        said = one.told(where, SEATS)
        assert along(one) == ["first", "open answer"] and "stays here" in said
    one.told("/clear", SEATS)
    assert along(one) == []


def test_only_the_newest_of_a_long_conversation_goes_along() -> None:
    one = talk()
    for number in range(6):
        one.heard(f"question {number}", "x" * (EARLIER_CHARS // 3))
    assert [text for text in along(one) if text.startswith("question")] == ["question 4", "question 5"]


def test_what_is_set_on_the_way_holds_for_the_next_question() -> None:
    one = talk()
    assert "cloud" in one.told("/cloud", SEATS) and "scribe" in one.told("/who scribe", SEATS)
    request = one.ask("Go")
    assert (request.where, request.assistant, request.private, request.text) == (Where.CLOUD, "scribe", False, "Go")
    assert one.told("/who auto", SEATS).startswith("Whoever fits") and one.ask("Go").assistant is None
    with pytest.raises(NotFound, match="nope"):
        one.told("/who nope", SEATS)
    with pytest.raises(NotFound, match="/dance"):
        one.told("/dance", SEATS)


async def test_a_conversation_through_a_pipe(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, cloud_at(stand_in))
        lines = ("/who", "/dance", FIRST, SECOND, "/private", CANARY, "/open", "/clear", THIRD, "/quit", "never asked")
        ran = await haven(home, "chat", "--assistant", "scribe", typed="\n".join(lines))
        assert ran.status == 0, ran.err
        assert ran.out.count("The Round Table is where") == 1 and "stand-in, not Claude" in ran.err
        assert "There is no /dance here" in ran.err and "never leaves this house" in ran.err
        turns = [[turn["content"] for turn in request["messages"]] for request in stand_in.requests]
        assert [len(one) for one in turns] == [1, 3, 1]
        assert FIRST in json.dumps(turns[1][0]) and "The Round Table is where" in json.dumps(turns[1][1])
        assert SECOND in json.dumps(turns[1][2]) and CANARY not in json.dumps(stand_in.requests)
        assert not (home / "state/chat_history").exists(), "what comes through a pipe was not typed"


async def test_a_conversation_of_programs_has_a_line_of_json_for_each_question(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, cloud_at(stand_in))
        lines = (FIRST, "/private", CANARY, "x" * 9_000, "/open", SECOND)
        ran = await haven(home, "chat", "--json", "--assistant", "scribe", typed="\n".join(lines))
        one = await haven(home, "ask", "--json", "--assistant", "scribe", THIRD)
        first, private, long, second = map(json.loads, ran.out.splitlines())
        assert ran.status == 0 and first["answered"] and "The Round Table is where" in first["text"]
        assert set(first) == set(one.data) == set(second) and ">" not in ran.out
        assert not private["answered"] and "never leaves this house" in private["error"]
        assert not long["answered"] and "8,000 is the most" in long["error"]
        assert [len(request["messages"]) for request in stand_in.requests] == [1, 3, 1]


async def test_words_after_a_switch_are_asked_under_it(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, cloud_at(stand_in))
        lines = (f"/private {CANARY}", f"/clear {CANARY}", f"/open\t{FIRST}", f"/clear {SECOND}", "/")
        ran = await haven(home, "chat", "--assistant", "scribe", typed="\n".join(lines))
        assert ran.status == 0 and "never leaves this house" in ran.err and "There is no / here" in ran.err
        assert ran.out.count("The Round Table is where") == 1
        turns = [[turn["content"] for turn in request["messages"]] for request in stand_in.requests]
        assert [len(one) for one in turns] == [1, 1] and SECOND in json.dumps(turns[1])
        assert CANARY not in json.dumps(stand_in.requests)


async def test_a_conversation_at_a_terminal(tmp_path: Path) -> None:
    hanging = Fault(FaultKind.HANG)
    async with StandIn([hanging]) as stand_in:
        home = await configured(tmp_path, cloud_at(stand_in))
        async with at_terminal(home, "chat", "--assistant", "scribe") as terminal:
            await terminal.until("> ")
            terminal.type(f"{SECOND}\r")
            await asyncio.wait_for(hanging.reached.wait(), 60)
            terminal.type("\x03")
            await terminal.until("[stopped]")
            terminal.type(f"{FIRST}\r")
            await terminal.until("score")
            await terminal.until("> ")
            terminal.type(f"/privat {CANARY}\r/private {CANARY}\r")
            await terminal.until("private, auto")
            await terminal.until("never leaves this house")
            await terminal.until("> ")
            terminal.type(f"{CANARY}\r")
            await terminal.until("never leaves this house")
            await terminal.until("> ")
            terminal.type(f"/open\r /local {CANARY}\r")
            await terminal.until("open, local")
            await terminal.until("Local: it is not configured")
            await terminal.until("> ")  # else Ctrl+D is lost: it counts only where a line is being read
            await terminal.reads()
            terminal.type("\x04")
            assert await terminal.ended() == 0
        history = home / "state/chat_history"
        assert history.read_text(encoding="utf-8").splitlines() == [SECOND, FIRST]
        assert stat.S_IMODE(history.stat().st_mode) == 0o600
        async with at_terminal(home, "chat") as terminal:
            await terminal.until("> ")
            terminal.type("\x1b[A\x1b[A")  # twice the arrow up
            await terminal.until(FIRST)
        hanging.release.set()


@pytest.mark.model
async def test_ctrl_c_at_the_choice_cancels_the_question_and_the_conversation_goes_on(tmp_path: Path) -> None:
    async with StandIn([AWAY]) as stand_in:
        home = await with_model(tmp_path, cloud_at(stand_in))
        async with at_terminal(home, "chat", "--assistant", "scribe", "--where", "cloud") as terminal:
            await terminal.until("> ")
            terminal.type(f"{FIRST}\r")
            await terminal.until("[wait]: ")  # the prompt is there: a key before it would be the terminal's
            await terminal.reads()
            terminal.type("\x03")
            await terminal.until("[cancelled]")
            terminal.type("/who\r")
            await terminal.until("scribe answers. There are:")
            await terminal.until("> ")
            await terminal.reads()
            terminal.type("\x04")
            assert await terminal.ended() == 0
        waiting = await haven(home, "tasks", "waiting", "--json")
        assert [one["state"] for one in waiting.data] == ["cancelled"]


async def test_an_unknown_assistant_is_said_before_the_conversation(tmp_path: Path) -> None:
    ran = await haven(await configured(tmp_path), "chat", "--assistant", "nope", typed="hello")
    assert ran.status == 1 and "no assistant 'nope'" in ran.err and ran.err.count("\n") == 1
