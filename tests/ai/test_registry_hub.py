"""Models from a hub: resumed where they were cut, checked against the published hash, pinned, never with a stray token.

The far end is tests/ai/hub_by_hand.py; the near end is the real huggingface_hub in its real child process.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from haven.ai.models.registry import Registry
from haven.errors import HavenError, ModelError, NotFound, Unavailable
from tests.ai.hub_by_hand import FILE, REPO, HubByHand, hub_by_hand, write_catalogue

WEIGHTS = b"GGUF" + bytes(range(256)) * 8000
OTHER = b"GGUF" + bytes(reversed(range(256))) * 8000
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
CUT = 3 << 18
"""Bytes: what a cut takes with it is less than one chunk of 256 KiB."""


@pytest.fixture
async def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HubByHand]:
    """The hub, and a shell full of other programs' tokens."""
    monkeypatch.setenv("HAVEN_CACHE", str(tmp_path / "shared"))
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_shell")
    monkeypatch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", "1")
    home = Path(os.environ["HOME"])
    (home / ".cache/huggingface").mkdir(parents=True)
    (home / ".cache/huggingface/token").write_text("hf_of_the_user")
    (home / ".netrc").write_text("machine 127.0.0.1 login me password hunter22\n")
    async with hub_by_hand(WEIGHTS) as far:
        monkeypatch.setenv("HF_ENDPOINT", far.hub)
        yield far


def registry(folder: Path, *, repo: str = REPO, file: str = FILE, sha256: str = "") -> Registry:
    source = f'{{ kind = "hub", repo = "{repo}", file = "{file}" }}'
    catalogue = write_catalogue(folder / "c.toml", source, sha256=sha256, size=len(WEIGHTS) if sha256 else 0)
    return Registry(folder / "state", catalogue)


def kept(folder: Path) -> list[str]:
    models = folder / "state/models"
    return sorted(str(file.relative_to(models)) for file in models.rglob("*") if file.is_file())


async def refused(models: Registry, kind: type[HavenError], words: str) -> HavenError:
    with pytest.raises(kind, match=words) as caught:
        await models.install("tiny")
    assert "\n" not in caught.value.full
    return caught.value


async def test_the_published_hash_is_checked_and_pinned_and_bytes_are_told(tmp_path: Path, far: HubByHand) -> None:
    models, seen = registry(tmp_path), []
    path = await models.install("tiny", lambda done, whole: seen.append((done, whole)))
    assert path.read_bytes() == WEIGHTS and kept(tmp_path) == ["tiny.gguf", "tiny.json"]
    assert seen == sorted(seen) and {whole for _, whole in seen} == {len(WEIGHTS)} and seen[-1][0] == len(WEIGHTS)
    shelf = models.shelf("tiny")
    assert shelf.pin is not None and (shelf.trust, shelf.verified) == ("pinned", False)
    assert (shelf.pin.sha256, shelf.pin.bytes, shelf.pin.published) == (SHA256, len(WEIGHTS), True)
    assert shelf.pin.revision == next(iter(far.commits)) and models.sha256("tiny") == SHA256
    assert {one.path.partition("?")[0].rpartition("/")[2] for one in far.asked} == {FILE, shelf.pin.revision}
    assert not any(one.token for one in far.asked)
    before = len(far.asked)
    await models.install("tiny")
    assert len(far.asked) == before


async def test_a_gated_model_opens_with_the_owners_token_which_the_store_never_sees(
    tmp_path: Path, far: HubByHand
) -> None:
    far.key, models = "hf_of_the_owner", registry(tmp_path)
    error = await refused(models, Unavailable, "opens with an access token only")
    assert "secrets/huggingface_token" in error.mend and kept(tmp_path) == []
    with pytest.raises(Unavailable, match="the token that Haven has does not open it"):
        await models.install("tiny", token="hf_another")
    await models.install("tiny", token=far.key)
    assert far.asked[-2].token == f"Bearer {far.key}" and not any(one.token for one in far.fetched)


@pytest.mark.parametrize("fault", ["hang up", "stall"])
async def test_a_download_that_breaks_off_goes_on_by_itself(tmp_path: Path, far: HubByHand, fault: str) -> None:
    far.faults = [(fault, CUT)]
    assert (await registry(tmp_path).install("tiny")).read_bytes() == WEIGHTS
    assert [one.range for one in far.fetched] == ["", f"bytes={CUT}-"]


@pytest.mark.parametrize("fault", ["short", "die"])
async def test_a_cut_download_is_gone_on_with_at_the_next_try(tmp_path: Path, far: HubByHand, fault: str) -> None:
    far.faults, models = [(fault, CUT)], registry(tmp_path)
    error = await refused(models, Unavailable, "Tiny could not be downloaded")
    assert "goes on from there" in error.mend and kept(tmp_path) == [f".partial/tiny/{SHA256}.part"]
    far.down, seen = False, []
    assert (await models.install("tiny", lambda done, _: seen.append(done))).read_bytes() == WEIGHTS
    assert far.fetched[-1].range == f"bytes={CUT}-" and seen[0] == CUT
    assert not (tmp_path / "state/models/.partial").exists()


async def test_cancelling_ends_the_child_and_keeps_what_came(tmp_path: Path, far: HubByHand) -> None:
    far.faults, models = [("stall", CUT)], registry(tmp_path)
    seen: list[int] = []
    install = asyncio.create_task(models.install("tiny", lambda done, _: seen.append(done)))
    await asyncio.wait_for(far.stalled.wait(), 60)
    with pytest.raises(Unavailable, match="being downloaded already"):
        await models.install("tiny")
    install.cancel()
    with pytest.raises(asyncio.CancelledError):
        await install
    await asyncio.wait_for(far.hung_up.wait(), 60)
    assert kept(tmp_path) == [f".partial/tiny/{SHA256}.part"]
    await models.remove("tiny")
    assert kept(tmp_path) == []


async def test_a_store_that_knows_no_ranges_begins_again(tmp_path: Path, far: HubByHand) -> None:
    far.faults, far.ranges = [("hang up", CUT)], False
    assert (await registry(tmp_path).install("tiny")).read_bytes() == WEIGHTS


async def test_other_bytes_than_the_hub_publishes_are_thrown_away(tmp_path: Path, far: HubByHand) -> None:
    far.claimed = {next(iter(far.commits)): "0" * 64}
    await refused(registry(tmp_path), ModelError, "not the file that the hub publishes")
    assert kept(tmp_path) == []


async def test_a_spoilt_part_does_not_stay_in_the_way(tmp_path: Path, far: HubByHand) -> None:
    part = tmp_path / f"state/models/.partial/tiny/{SHA256}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(CUT))
    await refused(registry(tmp_path), ModelError, "not the file that the hub publishes")
    assert (await registry(tmp_path).install("tiny")).read_bytes() == WEIGHTS


async def test_a_page_instead_of_a_model_is_refused(tmp_path: Path, far: HubByHand) -> None:
    far.publish(b"<html>Sign in</html>")
    await refused(registry(tmp_path), ModelError, "not a model")
    assert kept(tmp_path) == []


async def test_a_file_without_a_published_hash_is_pinned_by_its_own(tmp_path: Path, far: HubByHand) -> None:
    far.large, models = False, registry(tmp_path)
    await models.install("tiny")
    pin = models.shelf("tiny").pin
    assert pin is not None and (pin.sha256, pin.published) == (SHA256, False)


@pytest.mark.parametrize(
    ("repo", "file", "kind", "words"),
    [
        (REPO, "no-such.gguf", NotFound, "The hub has no such file: no-such.gguf in maker/tiny-GGUF"),
        ("maker/nothing", FILE, Unavailable, "Tiny is closed, or the hub does not know it"),
    ],
)
async def test_what_the_hub_does_not_have_is_said(
    tmp_path: Path, far: HubByHand, repo: str, file: str, kind: type[HavenError], words: str
) -> None:
    await refused(registry(tmp_path, repo=repo, file=file), kind, words)
    assert kept(tmp_path) == []


async def test_no_hub_is_one_sentence(tmp_path: Path, far: HubByHand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    await refused(registry(tmp_path), Unavailable, "Tiny could not be downloaded")


async def test_what_is_pinned_comes_back_and_nothing_else(tmp_path: Path, far: HubByHand) -> None:
    models = registry(tmp_path)
    path = await models.install("tiny")
    commit = next(iter(far.commits))
    far.publish(OTHER)
    path.unlink()
    assert (await models.install("tiny")).read_bytes() == WEIGHTS
    path.unlink()
    far.commits[commit], fetched = OTHER, len(far.fetched)
    error = await refused(models, ModelError, "The hub now publishes another file")
    assert error.mend.endswith("haven models update tiny") and len(far.fetched) == fetched


async def test_the_catalogues_own_hash_wins_over_the_hubs(tmp_path: Path, far: HubByHand) -> None:
    far.publish(OTHER)
    await refused(registry(tmp_path, sha256=SHA256), ModelError, "The hub now publishes another file")
    assert far.fetched == []


async def test_a_damaged_pin_is_not_taken_for_none(tmp_path: Path, far: HubByHand) -> None:
    models = registry(tmp_path)
    await models.install("tiny")
    (tmp_path / "state/models/tiny.json").write_text("{")
    error = await refused(models, ModelError, "no longer knows which file it trusted")
    assert "haven models remove tiny" in error.mend
    assert (await models.validate("tiny")).hash_ok is False


async def test_an_update_that_does_not_work_changes_nothing(tmp_path: Path, far: HubByHand) -> None:
    models = registry(tmp_path)
    with pytest.raises(NotFound, match="not installed"):
        await models.update("tiny")
    await models.install("tiny")
    assert not (await models.update("tiny")).changed
    far.publish(OTHER)
    before = kept(tmp_path)
    with pytest.raises(ModelError, match="The new Tiny was not taken"):
        await models.update("tiny")
    assert models.path("tiny").read_bytes() == WEIGHTS and models.sha256("tiny") == SHA256
    assert kept(tmp_path) == before
    with pytest.raises(NotFound, match="No earlier file"):
        await models.rollback("tiny")


@pytest.mark.model
async def test_an_update_is_tried_first_and_can_be_taken_back(tmp_path: Path, far: HubByHand, model_path: Path) -> None:
    models = registry(tmp_path)
    await models.install("tiny")
    newer = model_path.read_bytes()
    far.publish(newer)
    done = await models.update("tiny")
    assert done.changed and done.pin is not None and done.pin.previous is not None
    assert done.pin.previous.sha256 == SHA256 and models.path("tiny").stat().st_size == len(newer)
    assert (await models.validate("tiny")).answers
    assert kept(tmp_path) == ["tiny.gguf", "tiny.json", "tiny.previous.gguf"]
    await models.rollback("tiny")
    assert models.path("tiny").read_bytes() == WEIGHTS and models.sha256("tiny") == SHA256
    await models.rollback("tiny")
    assert models.path("tiny").stat().st_size == len(newer)
    (tmp_path / "state/models/tiny.previous.gguf").unlink()
    (tmp_path / "state/models/tiny.previous.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match="damaged"):
        await models.rollback("tiny")
    await models.remove("tiny")
    assert kept(tmp_path) == []


def test_the_command_starts_without_huggingface_hub() -> None:
    script = "import sys, haven.cli; sys.exit('huggingface_hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
