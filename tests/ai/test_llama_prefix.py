"""What was computed once is not computed again, after a restart either; and only Haven's own words reach the disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from haven.ai.providers.base import Call, Finish
from haven.ai.providers.llama import LlamaProvider
from haven.ai.providers.llama_native import NativeModel
from haven.ai.providers.llama_prefix import Parked, PrefixFolder
from haven.ai.task import Turn

pytestmark = pytest.mark.model
RULES = "You look after a star map of many worlds and answer in one short sentence. " * 5
PRIVATE = "Nobody may know that the hidden base lies at the cold moon. " * 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "prefixes"


async def asked(path: Path, folder: Path | None, *calls: Call, **options: Any) -> list[Finish]:
    """The finishes of these calls, one after the other, by a provider of their own: as after a restart."""
    provider = LlamaProvider(path, name="kept", context_tokens=1024, prefix_folder=folder, **options)
    try:
        return [item for call in calls async for item in provider.generate(call) if isinstance(item, Finish)]
    finally:
        await provider.close()


def question(text: str, *system: str, **options: Any) -> Call:
    return Call((Turn("user", text),), system or (RULES,), **{"max_tokens": 4, **options})


async def test_after_a_restart_the_rules_are_not_read_again(model_path: Path, folder: Path) -> None:
    before = await asked(model_path, folder, question("Name a moon."), question("Name a star."))
    (after,) = await asked(model_path, folder, question("What is the capital of France?", max_tokens=16))
    assert before[0].usage.cache_read == 0
    assert after.usage.cache_read > 60
    assert after.usage.input < 30
    assert "Paris" in after.text


def test_a_state_put_back_goes_on_as_if_nothing_had_happened(model_path: Path) -> None:
    native = NativeModel(model_path, threads=1, context_tokens=200, seats=2)
    try:
        tokens = native.tokenize("The star map shows a red star and two")
        native.decode(tokens, range(len(tokens)), [0] * len(tokens), [0] * len(tokens))
        saved, last = native.save(0), len(tokens)
        scores = native.decode(tokens[:1], [last], [0], [1])[0].copy()
        native.forget(0)
        assert native.restore(1, saved)
        assert np.array_equal(native.decode(tokens[:1], [last], [1], [1])[0], scores)
        assert not native.restore(1, saved[:-9])
    finally:
        native.close()


async def test_only_the_first_system_part_is_ever_written_and_only_when_it_comes_again(
    model_path: Path, tmp_path: Path
) -> None:
    await asked(model_path, tmp_path / "once", question("Name a moon."), question(PRIVATE, PRIVATE))
    assert not (tmp_path / "once").exists()
    written = []
    for number, words in enumerate(("Name a moon.", PRIVATE)):
        folder = tmp_path / str(number)
        await asked(model_path, folder, question(words), question(f"{words} So?"))
        await asked(model_path, folder, *[question("Go.", RULES, f"{words}{number}") for number in range(2)])
        written.append({file.name: (file.stat().st_size, file.stat().st_mode & 0o777) for file in folder.iterdir()})
    assert written[0] == written[1]  # the same files, whatever else was said
    assert [mode for _, mode in written[0].values()] == [0o600, 0o600]


def flip(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "harm",
    [flip, lambda content: content[:1000], lambda _: b"", lambda content: b"X" + content, lambda _: b"A text." * 999],
    ids=["one bit", "cut", "empty", "shifted", "foreign"],
)
async def test_a_damaged_file_is_removed_and_everything_is_read(
    model_path: Path, folder: Path, harm: Callable[[bytes], bytes]
) -> None:
    await asked(model_path, folder, question("Name a moon."), question("Name a star."))
    (file,) = folder.iterdir()
    file.write_bytes(harm(file.read_bytes()))
    (after,) = await asked(model_path, folder, question("Name a planet."))
    assert after.usage.cache_read == 0
    assert not file.exists()


async def test_what_another_model_wrote_is_not_used(model_path: Path, folder: Path) -> None:
    await asked(model_path, folder, question("Name a moon."), question("Name a star."))
    digest = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    (other,) = await asked(model_path, folder, question("Name a planet."), sha256=digest)
    assert other.usage.cache_read == 0


def state(size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.full(size, 7, np.uint8)


def test_the_folder_keeps_within_its_bound_and_gives_up_the_oldest(tmp_path: Path) -> None:
    folder = PrefixFolder(kept := tmp_path / "prefixes", "model", 1)
    lists = [list(range(number, number + 100)) for number in range(4)]
    for age, tokens in enumerate(lists):
        assert not folder.wants(tokens)
        assert folder.wants(tokens)
        folder.save(tokens, state(300_000))
        folder.close()
        for file in kept.iterdir():
            os.utime(file, (found := file.stat().st_mtime - 60, found))
        if age == 2:
            assert folder.load(lists[0]) is not None  # used just now, so that the second is the oldest
    assert [folder.load(tokens) is not None for tokens in lists] == [True, False, True, True]
    assert sum(file.stat().st_size for file in kept.iterdir()) <= 1_000_000


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


@pytest.mark.parametrize("make", [os.mkfifo, huge, lambda path: path.symlink_to("/dev/zero"), Path.mkdir])
def test_what_is_no_plain_file_of_a_fitting_size_is_neither_waited_for_nor_read(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    folder = PrefixFolder(kept := tmp_path / "prefixes", "model", 1)
    folder.save([1, 2, 3], state(10))
    folder.close()
    (file,) = kept.iterdir()
    file.unlink()
    make(file)
    assert folder.load([1, 2, 3]) is None
    assert file.is_dir() or (not file.is_symlink() and not file.exists())


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = PrefixFolder(tmp_path / "file", "model", 1)
    folder.save([1, 2, 3], state(10))
    folder.close()
    assert folder.load([1, 2, 3]) is None


@pytest.mark.parametrize("name", ["file/prefixes", "x" * 300], ids=["a file in the way", "too long a name"])
async def test_without_a_usable_folder_all_is_read_and_answered(model_path: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    async with asyncio.timeout(60):
        finishes = await asked(model_path, tmp_path / name, *[question("Name a moon.")] * 3)
    assert all(finish.usage.output for finish in finishes)


def test_memory_is_bounded_and_a_longer_state_replaces_its_beginning() -> None:
    parked = Parked(most=1000)
    parked.put([1, 2], state(400))
    parked.put([1, 2, 3], state(400))
    assert parked.bytes == 400
    assert parked.find([1, 2, 9]) == ((1, 2, 3), 2)
    assert parked.find([1, 2, 9], whole=True) == ((), 0)
    parked.put([5], state(400))
    parked.put([6], state(400))
    assert (parked.find([1, 2, 3])[1], parked.bytes) == (0, 800)
    parked.put([7], state(4000))
    assert parked.bytes == 0
