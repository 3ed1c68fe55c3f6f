"""The real `haven` command as a process of its own: what it prints, and with which exit status it ends."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.table import Table

from haven import cli
from haven.commands.session import Plain, stays_up
from haven.demo.stand_in import Fault, FaultKind, StandIn
from haven.errors import Unavailable
from haven.lock import only_one
from haven.settings import ANTHROPIC_KEY, load
from tests.e2e.command import configured, environment, give_key, haven
from tests.e2e.house import PNG

FOREIGN = {
    "ANTHROPIC_API_KEY": "sk-ant-" + "a-key-of-another-program",
    "ANTHROPIC_AUTH_TOKEN": "another-programs-token",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:9/elsewhere",
    "DISCORD_TOKEN": "another-programs-bot",
}
MISLEADING = {
    "HAVEN_CLOUD__BASE_URL": "http://127.0.0.1:9/elsewhere",
    "HAVEN_CLOUD__STAND_IN": "false",
    "HAVEN_PROJECT__REPOSITORY": "/nowhere",
}


async def test_a_change_is_asked_for_listed_shown_and_cancelled(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    change = (await haven(home, "change", "new", "Fix the zoom", "--no-wait", "--json")).data
    assert (change["state"], change["kind"], change["title"]) == ("queued", "fix", "Fix the zoom")
    assert [one["id"] for one in (await haven(home, "change", "list", "--json")).data] == [change["id"]]
    shown = await haven(home, "change", "show", change["id"])
    assert "Fix the zoom" in shown.out and "queued" in shown.out
    cancelled = await haven(home, "change", "cancel", change["id"])
    assert f"{change['id']} is cancelled" in cancelled.out
    assert (await haven(home, "change", "list")).out.startswith("No open changes")
    again = await haven(home, "change", "cancel", change["id"])
    assert again.status == 1 and "no longer fits" in again.err and again.err.count("\n") == 1


async def test_who_follows_a_change_hears_that_haven_has_stopped(tmp_path: Path) -> None:
    settings = load(await configured(tmp_path) / "haven.toml")
    with only_one(settings):
        following = asyncio.create_task(stays_up(settings, 0.001))
        done, _ = await asyncio.wait([following], timeout=0.05)
        assert not done
    with pytest.raises(Unavailable, match="has stopped"):
        await following


@pytest.mark.parametrize(
    "words",
    [
        ("change", "show", "nope"),
        ("change", "approve", "nope"),
        ("change", "prompt", "nope"),
        ("change", "reply", "nope", "no-such-file"),
        ("change", "reply", "nope", "."),
        ("models", "install", "nope"),
        ("ask", "Who are you?", "--assistant", "nope"),
    ],
)
async def test_what_is_not_there_is_one_line_and_status_1(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = await haven(await configured(tmp_path), *words)
    assert ran.status == 1 and ran.err.count("\n") == 1 and ran.out == ""


async def test_a_place_that_cant_be_written_is_named_and_no_log_is_promised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    home = await configured(tmp_path)
    settings = (home / "haven.toml").read_text(encoding="utf-8")
    (home / "haven.toml").write_text(settings.replace(f"{home}/state", f"{tmp_path}/file/state"), encoding="utf-8")
    ran = await haven(home, "tasks", "waiting")
    assert ran.status == 1 and f"{tmp_path}/file" in ran.err.replace("\n", "")
    assert "The log" not in ran.err and "Traceback" not in ran.err


def test_the_list_of_commands_needs_none_of_them() -> None:
    script = "import sys, haven.cli; sys.exit(bool({'haven.app', 'pydantic', 'aiohttp'} & set(sys.modules)))"
    assert subprocess.call([sys.executable, "-c", script]) == 0


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_list_says_of_each_command_what_it_says_itself(name: str) -> None:
    command = cli.load(name)
    about = cli.COMMANDS[name][1]
    assert command.name == name and command.help.startswith(about) and about.endswith(".")


def test_the_readme_names_every_command_and_all_but_a_few_speak_json() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    ends = [(name, end) for name in cli.COMMANDS for end in ends_of(cli.load(name))]
    assert [f"{name} {end.name}" for name, end in ends if not re.search(rf"\b{end.name}\b", readme)] == [
        "prepare prepare"  # of make demo and make test
    ]
    silent = {name for name, end in ends if not any("--json" in one.opts for one in end.params)}
    assert silent == {"setup", "up", "attach", "prepare"}


def ends_of(command: Any) -> Iterator[Any]:
    """The commands below this one that do something by themselves."""
    if not hasattr(command, "commands") or command.invoke_without_command:
        yield command
    for one in getattr(command, "commands", {}).values():
        yield from ends_of(one)


async def test_a_word_that_is_no_text_or_no_number_is_a_sentence(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    for words in (("show", "\udcff"), ("decide", "\udcff", "wait")):
        ran = await haven(home, "tasks", *words)
        assert ran.status == 1 and "not valid UTF-8" in ran.err and ran.err.count("\n") == 1
    assert (await haven(home, "tasks", "thumb", "9" * 23, "up")).status == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
async def test_output_that_nobody_takes_is_a_sentence_or_silence(tmp_path: Path, unbuffered: str) -> None:
    home = await configured(tmp_path)
    here = environment(home, PYTHONUNBUFFERED=unbuffered)
    for words, status, said in ((">/dev/full", 1, "No space left on device"), (">&-", 0, ""), ("| true", 0, "")):
        shell = f"{sys.executable} -m haven backup list --json {words}"
        ran = await asyncio.to_thread(subprocess.run, shell, shell=True, env=here, stderr=subprocess.PIPE, text=True)
        assert ran.returncode == status and said in ran.stderr and ran.stderr.count("\n") == (1 if said else 0)


async def test_what_others_said_does_not_steer_the_terminal(tmp_path: Path) -> None:
    ran = await haven(await configured(tmp_path), "tasks", "show", "\x1b]0;x\x07 \x1b[2J \u202e [red]no[/red]")
    said = ran.err.replace("\n", "")
    assert ran.status == 1 and "<U+001B>]0;x<U+0007> <U+001B>[2J <U+202E> [red]no[/red]" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_words_of_others_are_plain_in_lines_and_tables() -> None:
    shown = Plain()
    table = Table("a \x1b[2J head")
    table.add_row("\u202ecell")
    with shown.capture() as captured:
        shown.print(table)
        shown.print("line \x1b]0;x\x07", style="red")
        shown.print(shown.status("[bold]asks \x1b[2J \u202emodel").renderable)
    said = captured.get()
    assert "[bold]asks <U+001B>[2J <U+202E>model" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said) and "<U+202E>cell" in said and "line <U+001B>" in said


async def test_a_wrong_option_is_status_2(tmp_path: Path) -> None:
    assert (await haven(tmp_path, "ask", "x", "--where", "moon")).status == 2


async def test_an_answer_streams_and_says_where_it_comes_from(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, f'stand_in = true\nbase_url = "{stand_in.base_url}"')
        ran = await haven(home, "ask", "What is the Round Table?")
        assert ran.status == 0 and ran.out.count("The Round Table is where") == 1
        assert "stand-in, not Claude" in ran.err
        answer = (await haven(home, "ask", "What is Haven?", "--json")).data
        assert (answer["tier"], answer["stand_in"]) == ("cloud", True)
        private = await haven(home, "ask", "What is the Round Table?", "--private")
        assert private.status == 1 and "never leaves this house" in private.err
        assert len(stand_in.requests) == 2


async def test_keys_of_other_programs_are_no_keys_of_havens(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, f'base_url = "{stand_in.base_url}"')
        ran = await haven(home, "ask", "Who are you?", "--where", "cloud", **FOREIGN)
        assert ran.status == 1 and "No Claude key is set" in ran.err and stand_in.requests == []


async def test_a_change_over_budget_waits_and_says_why_and_nothing_is_sent(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, f'base_url = "{stand_in.base_url}"\nmonthly_usd = 0.001')
        give_key(home)
        change = (await haven(home, "change", "new", PNG, "--json")).data
        assert change["state"] == "waiting" and change["resume"] == "editing" and change["retry_at"]
        assert "this month's cap of 0.00 USD" in change["reason"] and "cloud.monthly_usd" in change["reason"]
        again = await haven(home, "change", "resume", change["id"])
        assert again.status == 0 and "is waiting" in again.out and "haven change prompt" in again.out
        assert stand_in.requests == []
        prompt = (await haven(home, "change", "prompt", change["id"], "--json")).data
        assert PNG in Path(prompt["file"]).read_text(encoding="utf-8")


async def test_a_plan_is_shown_with_its_price_and_skipped_and_the_work_is_stopped(tmp_path: Path) -> None:
    hanging = Fault(FaultKind.HANG)
    async with StandIn([hanging]) as stand_in:
        cloud = f'stand_in = true\nbase_url = "{stand_in.base_url}"'
        home = await configured(tmp_path, cloud, '[changes]\nplan_first = "price"')
        shown = await haven(home, "change", "new", PNG)
        assert "Plan" in shown.out and "A call costs at most" in shown.out and stand_in.requests == []
        assert "approve|tweak|skip|reject" in shown.out
        (change,) = (await haven(home, "change", "list", "--json")).data
        skipping = asyncio.create_task(haven(home, "change", "skip", change["id"], "--json"))
        await hanging.reached.wait()
        stopped = await haven(home, "change", "stop", change["id"], "--json")
        assert stopped.data["state"] == "cancelled" and "was stopped" in stopped.data["reason"]
        assert (await skipping).data["state"] == "cancelled"
        again = await haven(home, "change", "stop", change["id"])
        assert again.status == 1 and "nothing is under way" in again.err


async def test_a_call_under_way_counts_at_its_worst_and_the_next_one_is_refused(tmp_path: Path) -> None:
    hanging = Fault(FaultKind.HANG)
    async with StandIn([hanging]) as stand_in:
        home = await configured(tmp_path, f'base_url = "{stand_in.base_url}"\ndaily_usd = 0.01\nsmall_model = ""')
        give_key(home)
        asking = asyncio.create_task(haven(home, "ask", "Who are you?", "--where", "cloud", "--json"))
        reached = asyncio.create_task(hanging.reached.wait())
        await asyncio.wait((asking, reached), return_when=asyncio.FIRST_COMPLETED)
        assert reached.done(), (await asking).err
        refused = await haven(home, "ask", "Who are you?", "--where", "cloud")
        assert refused.status == 1 and "today's cap" in refused.err and "cloud.daily_usd" in refused.err
        assert len(stand_in.requests) == 1
        hanging.release.set()
        answer = (await asking).data
        assert 0 < answer["usd"] < 0.01 and not answer["stand_in"]


async def test_status_and_models_speak_json(tmp_path: Path) -> None:
    home = await configured(tmp_path)
    lines = {line["label"]: line for line in (await haven(home, "status", "--json")).data}
    assert "is not running" in lines["Haven"]["text"]
    assert "atlas" in lines["Project"]["text"] and "key" in lines["Cloud"]["text"]
    [small] = [one for one in (await haven(home, "models", "list", "--json")).data if one["name"] == "smollm2-135m"]
    assert small["installed"] is False


@pytest.mark.sandbox
@pytest.mark.model
async def test_the_demo_merges_and_prints_one_object(tmp_path: Path) -> None:
    ran = await haven(tmp_path, "demo", "--approve", "--json", **FOREIGN, **MISLEADING)
    assert ran.status == 0, ran.err
    told = ran.data
    assert told["merged"] and told["stand_in"] and told["state"] == "merged" and told["cost"]["usd"] == 0
    assert told["branch"].startswith(f"haven/change-{told['id']}-") and len(told["commit"]) == 40
    assert told["tests"]["new"] >= 1 and "regressed" not in told["tests"]
    assert set(told["tests_by_class"].values()) >= {"passing", "new"}
    assert told["route"]["tier"] == "cloud" and told["route"]["stand_in"]
    assert set(told["seconds"]) >= {"planning", "editing", "testing", "review", "merging"}
    log = Path(os.environ["XDG_STATE_HOME"]) / "haven/demo/haven.log"
    assert not log.exists() or "ERROR" not in log.read_text(encoding="utf-8")


@pytest.mark.model
async def test_the_demo_without_a_sandbox_shows_it_untested_and_merges_nothing(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("git", "git-upload-pack", "sh", "unshare", "setpriv", "mount"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    ran = await haven(tmp_path, "demo", "--approve", PATH=str(tools))
    assert ran.status == 3, ran.err
    assert "untested" in ran.out.lower() and "bubblewrap" in ran.err and "nothing was merged" in ran.err
    assert "stand-in, not Claude" in ran.out and "stand-in, not Claude" in ran.err


async def test_a_live_demo_without_a_key_sends_nothing(tmp_path: Path) -> None:
    ran = await haven(await configured(tmp_path), "demo", "--live", "--max-usd", "1", **FOREIGN)
    assert ran.status == 1 and "No Claude key is set" in ran.err and ran.err.count("\n") == 1


async def test_a_live_demo_names_its_price_before_anything_is_sent(tmp_path: Path) -> None:
    async with StandIn() as stand_in:
        home = await configured(tmp_path, f'base_url = "{stand_in.base_url}"')
        give_key(home)
        cheap = await haven(home, "demo", "--live", "--max-usd", "0.01")
        assert cheap.status == 1 and "claude-sonnet-5-5 may cost up to" in cheap.err and "--max-usd" in cheap.err
        unasked = await haven(home, "demo", "--live")  # nobody there to say yes
        assert unasked.status == 1 and "may cost up to" in unasked.err
        assert stand_in.requests == []
        copies = [file for file in tmp_path.rglob(ANTHROPIC_KEY) if file.parent != home / "config/secrets"]
        assert copies == [], "the key stays where the owner put it"
