"""What a round is shown: the same bytes in front for all rounds, the present text of what was changed behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from haven.changes.git.repository import Repository
from haven.changes.looked_at import files_of, with_files
from haven.changes.rounds.prompting import Prompts, requester
from haven.errors import BadInput
from haven.store import changes as table
from haven.store.changes import Change, Round
from tests.changes import sources
from tests.e2e.branching import GREEN, LIGHT, WISH, small_house
from tests.e2e.house import Home

MANY = {f"part{n}.py": f"def piece_{n}(star):\n    return star * {n}\n" + "# filler\n" * 60 for n in range(40)}


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with small_house(tmp_path, working=False) as ready:
        yield ready


def repository(home: Home) -> Repository:
    assert home.house.repository is not None
    return home.house.repository


async def begun(home: Home) -> Change:
    """A change whose base is the newest commit."""
    await repository(home).fetch("main")
    change = await home.ask_for(WISH)
    return replace(change, base=await repository(home).tip("main"), branch=f"haven/change-{change.id}")


async def round_two(home: Home, change: Change) -> tuple[Round, str]:
    """After a first round that made light.py green, a second one that repairs it."""
    tree = await repository(home).worktree(change.id, change.branch, change.base)
    (tree / "light.py").write_text(GREEN, encoding="utf-8")
    commit = await repository(home).commit(tree, "First")
    await repository(home).remove_worktree(change.id)
    return Round(change.id, 2, "repair", "test_one: it is dark"), commit


async def test_all_rounds_share_their_system_parts_byte_for_byte(home: Home) -> None:
    change = await begun(home)
    first = await Prompts(repository(home), home.house.settings).task(
        change, await table.round_of(home.house.database, change), change.base, requester(change)
    )
    current, parent = await round_two(home, change)
    # Another process, as after a restart: it has chosen nothing yet.
    second = await Prompts(repository(home), home.house.settings).task(change, current, parent, requester(change))
    assert first.system == second.system, "else the far end reads all of it afresh"
    assert LIGHT.strip() in second.system[-1] and first.tool == second.tool
    (turn,) = second.turns
    assert GREEN.strip() in turn.text and "replaces what is shown of them above" in turn.text
    assert "-    return star\n+    return star + 0" in turn.text and "it is dark" in turn.text
    assert turn.text.index("<request>") < turn.text.index("<diff>") < turn.text.index("<failures>")


async def test_a_newer_commit_on_the_target_does_not_move_what_a_change_is_shown(home: Home) -> None:
    change = await begun(home)
    prompts = Prompts(repository(home), home.house.settings)
    before = await prompts.context(change)
    sources.commit(home.project, {"light.py": GREEN})
    await repository(home).fetch("main")
    assert (await Prompts(repository(home), home.house.settings).context(change)).text == before.text


async def test_a_model_may_look_around_only_where_it_was_not_shown_everything(home: Home) -> None:
    prompts = Prompts(repository(home), home.house.settings)
    change = await begun(home)
    assert await prompts.tools(change, change.base) == {}
    sources.commit(home.project, MANY)
    change = await begun(home)
    _, parent = await round_two(home, change)
    tools = {tool.name: handler for tool, handler in (await prompts.tools(change, parent)).items()}
    assert list(tools) == ["search", "read", "list"]
    assert "part7.py:1: def piece_7(star):" in await tools["search"]({"text": "piece_7"})
    assert GREEN.strip() in await tools["read"]({"path": "light.py"}), "as the earlier round has left it"
    with pytest.raises(BadInput, match="no file"):
        await tools["read"]({"path": "../../etc/passwd"})


async def test_a_small_model_is_shown_little(home: Home) -> None:
    sources.commit(home.project, MANY)
    change = await begun(home)
    prompts = Prompts(repository(home), home.house.settings)
    current = await table.round_of(home.house.database, change)
    small = await prompts.small_task(change, current, requester(change))
    whole = await prompts.task(change, current, change.base, requester(change))
    assert small.max_tokens < whole.max_tokens and "light.py" in small.system[-1]
    assert len("".join(small.system[1:])) < 6_000 < len("".join(whole.system[1:]))


async def test_a_file_that_is_asked_for_by_name_comes_first_however_little_its_words_fit(home: Home) -> None:
    sources.commit(home.project, MANY)
    change = replace(await begun(home), request=with_files(WISH, "part33.py\n./light.py, nowhere.py"))
    first, second, *_ = (await Prompts(repository(home), home.house.settings).context(change)).files
    assert (first.path, first.reasons[0], first.whole) == ("part33.py", "asked for by name", True)
    assert second.path == "light.py" and files_of(change.request) == ("part33.py", "light.py", "nowhere.py")
