"""`haven change context`: what a model would be shown for a request, and why; nothing is asked and nothing leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from haven.ai.money import tokens
from haven.changes.context import Context, choose
from haven.changes.context.history import past_commits
from haven.changes.git.command import git
from haven.changes.git.repository import Repository
from haven.changes.project_file import PROJECT_FILE, read_project_file
from haven.changes.proposal import clean
from haven.commands.session import Json, err, out, print_json
from haven.errors import BadInput
from haven.settings import Settings, load
from haven.store.code_index import CodeIndex

SHOWN = 15
"""Files of the ranking that people see; --json has them all."""

Request = Annotated[str, typer.Argument(help="What you would like, in a sentence or two.")]
Repo = Annotated[Path | None, typer.Option("--repo", help="Another git repository than the project's own.")]
Budget = Annotated[int, typer.Option("--budget", min=0, help="Tokens; otherwise as the settings say.")]
Commit = Annotated[str, typer.Option("--commit", help="A commit or branch of that repository.")]


def context(
    request: Request, repo: Repo = None, budget: Budget = 0, commit: Commit = "HEAD", as_json: Json = False
) -> None:
    """Print which files matter for a request, and the exact text that a model would be shown."""
    settings = load()
    folder = repo or settings.project.repository
    if folder is None:
        raise BadInput("No repository is named.", "Give one with --repo, or set [project] repository.")
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder.")
    words = clean(request)
    if not words.strip():
        raise BadInput("The request is empty.", "Say in a sentence what you would like.")
    chosen = asyncio.run(_chosen(words, folder, commit, budget or settings.changes.context_tokens, settings))
    if as_json:
        print_json(_told(chosen))
        return
    err.print(f"{chosen.considered} files were looked at; {chosen.tokens} tokens. The best:")
    for one in chosen.ranked[:SHOWN]:
        err.print(f"  {one.score:7.2f}  {one.path}  ({'; '.join(one.reasons)})")
    out.print(chosen.text)


async def _chosen(request: str, folder: Path, commit: str, budget: int, settings: Settings) -> Context:
    repository = Repository(folder, folder, settings.project.target_branch)
    spec = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}")
    found = await git(*spec, at=repository.bare, accept=(0, 1, 128))
    if found.code == 1:
        raise BadInput(
            f"{folder} has no commit or branch {commit}.", "Name one with --commit, or commit something there."
        )
    if found.code:
        none = "not a git repository" in found.error
        why = f"{folder} is not a git repository, or not the top of one" if none else f"git can't use it: {found.error}"
        raise BadInput(f"{why}.", "Name the top of one with --repo.")
    at = found.text
    index = CodeIndex(settings.paths.state_dir / "cache" / "code_index.db")
    past = await past_commits(repository.bare, at, index)

    async def read(paths: list[str]) -> Mapping[str, bytes]:
        return await repository.read_many(at, paths)

    hints = read_project_file(await repository.read(at, PROJECT_FILE)).context_hints
    files = await repository.list_files(at)
    return await choose(request, files, read, budget, tokens.count, index, history=past, hints=hints)


def _told(chosen: Context) -> dict[str, object]:
    """As JSON: the ranking with scores and reasons, and the exact text."""
    return {
        "ranking": [asdict(one) for one in chosen.ranked],
        "files": [{"path": one.path, "whole": one.whole} for one in chosen.files],
        "tokens": chosen.tokens,
        "considered": chosen.considered,
        "left_out": dict(chosen.left_out),
        "text": chosen.text,
    }
