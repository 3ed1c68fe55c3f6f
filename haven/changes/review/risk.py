"""What in a change deserves a second look. Pure: from the diff and the classes of its tests alone.

A mark takes a second tap before the merge; a note is only said. Deletions, changed tests and size are notes, for
otherwise nearly every honest change with tests would take two taps, and the second would mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from haven.changes.review.diffing import FileDiff, Line
from haven.quoting import visible
from haven.redact import LITERAL, Redaction

LARGE = 400
"""Changed lines; above, reviews find markedly fewer faults (SmartBear's study at Cisco, 2006)."""
MOST_SEARCHED = 400_000
"""Characters added to one file that are searched for secrets: a second or so; above, a person is asked to look."""
NAMED = 5
SYMLINK, SUBMODULE = "120000", "160000"

SECRETS = (
    r"(^|/)\.env(\.(?!example|sample|template|dist)[^/]*)?$|(^|/)(?!example|sample|template|dist)[^/]+\.env$"
    r"|\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|tfstate(\.backup)?)$|(^|/)\.(aws|azure|gnupg|kube|ssh)/"
    r"|(^|/)(id_(rsa|dsa|ecdsa|ed25519)|\.netrc|\.pgpass|\.htpasswd|\.pypirc|\.git-credentials|\.dockercfg|\.s3cfg|\.boto"
    r"|\.envrc|\.?credentials?|\.?secrets?|kubeconfig|\.[a-z]+_history|\.docker/config\.json)$"
    r"|(^|/)(credentials?|secrets?|service[-_]account|passwords?|private[-_]?keys?)[^/]*\.(json|ya?ml|toml|ini|txt|csv)$"
)
"""Names of files that hold secrets; case does not matter. They need a second tap, and no model gets to see them."""
RISKY_PATHS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE))
    for reason, pattern in (
        ("tells Haven which commands to run", r"^\.haven/"),
        (
            "runs on the build server",
            r"^(\.github|\.gitlab|\.circleci|\.ci|\.woodpecker|\.buildkite|\.tekton|\.gitea|\.forgejo)/"
            r"|(^|/)(\.gitlab-ci\.yml|\.travis\.yml|\.drone\.yml|\.woodpecker\.ya?ml|(azure|bitbucket)-pipelines\.ya?ml"
            r"|jenkinsfile|\.pre-commit-config\.yaml|\.?appveyor\.ya?ml|(cloudbuild|buildspec)\.ya?ml|action\.ya?ml)$",
        ),
        (
            "decides how tests run",
            r"(^|/)(conftest\.py|\.?pytest\.(ini|toml)|tox\.(ini|toml)|noxfile\.py|setup\.cfg|pyproject\.toml|\.coveragerc"
            r"|makefile|[^/]*\.pth|\.haven-test-results\.xml)$"
            # Names that stand in for pytest and its parts, or that Python or pytest load without being asked.
            r"|(^|/)(_?pytest|pluggy|iniconfig|packaging|pygments|(site|user)customize)(\.py|/)"
            r"|(^|/)[^/]+\.(dist|egg)-info/",
        ),
        (
            "runs by itself on a developer's machine",
            r"(^|/)\.(husky|githooks|vscode|idea|devcontainer)/|(^|/)(\.envrc|\.?lefthook\.ya?ml|justfile|taskfile\.ya?ml"
            r"|hatch_build\.py|vagrantfile)$",
        ),
        (
            "gives orders to models",
            r"(^|/)((haven|claude(\.local)?|agents?|gemini|copilot-instructions)\.md|\.(cursor|windsurf|cline)rules"
            r"|\.mcp\.json|\.aider[^/]*)$|(^|/)\.(claude|cursor|gemini|roo|windsurf|clinerules)/",
        ),
        (
            "names what gets installed",
            r"(^|/)([^/]*(requirements|constraints)[^/]*\.(txt|in)|setup\.(py|cfg)|pyproject\.toml|pipfile|package\.json"
            r"|cargo\.toml|go\.(mod|sum)|gemfile|composer\.json|pom\.xml|build\.gradle(\.kts)?|[^/]*\.lock"
            r"|package-lock\.json|pnpm-lock\.yaml|environment\.ya?ml|\.npmrc|pip\.conf|pylock[^/]*\.toml|uv\.toml|bun\.lockb|(pdm|pixi|hatch)\.toml"
            r"|go\.work|[^/]*\.csproj|packages\.config|mix\.exs|package\.swift|pubspec\.yaml|flake\.nix)$"
            r"|(^|/)requirements/",
        ),
        ("changes what git does with files", r"(^|/)\.git(attributes|modules)$"),
        ("changes a database", r"(^|/)(migrations?|alembic)/(?!readme|__init__)|\.sql$|(^|/)schema\.(rb|prisma)$"),
        (
            "decides how it is deployed",
            r"(^|/)(docker|container)file[^/]*$|(^|/)(docker-)?compose[^/]*\.ya?ml$|\.dockerignore$|(^|/)procfile$"
            r"|\.(service|socket|timer|mount|tf|tfvars)$|(^|/)(deploy|helm|charts|k8s|kubernetes|terraform|ansible)/"
            r"|(^|/)(fly|netlify|wrangler)\.toml$|(^|/)(vercel|app)\.json$|(^|/)(nginx|caddyfile|haproxy)[^/]*$"
            r"|(^|/)deploy([-_.][^/]*)?\.(sh|py|ya?ml)$|(^|/)crontab$",
        ),
        (
            "is where secrets are kept",
            rf"{SECRETS}|(^|/)secrets/",
        ),
    )
)
RUNNER = re.compile(
    r"\bpytest_plugins\b|\bdef\s+pytest_\w+|(?<![\w.])_pytest\.(runner|reports|python|main|junitxml|assertion|skipping)\b"
    r"|\bhookimpl\b|\bPYTEST_(ADDOPTS|PLUGINS)\b|\.haven-test-results"
)
"""What changes how tests run or what is told of them, in a file of any name."""
PROSE = re.compile(r"\.(md|markdown|rst|txt|adoc|po|html?|json|csv|toml|ya?ml)$", re.IGNORECASE)
"""Where words of two alphabets are a matter of language."""
CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
"""A Python file's declared encoding (PEP 263): in one of its first two lines."""
PLAIN_CODING = re.compile(
    r"utf[-_]?8([-_]sig)?|(us[-_]?)?ascii|(iso[-_]?8859[-_]|latin[-_]?)\d+|cp125\d|windows[-_]125\d", re.I
)
WORD, LATIN = re.compile(r"\w+"), re.compile(r"[A-Za-z]")
LOOKALIKE = re.compile(
    r"[\u0400-\u04ff\u03bf\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7]"
)
"""Cyrillic letters, and Greek ones that look like Latin."""
READ_AS_LATIN = re.compile(r"[\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d6a3]")
"""Wide and mathematical letters: to Python they are the plain ones."""
TEST_PATH = re.compile(r"(^|/)tests?/|(^|/)(test_[^/]*|[^/]*_test)\.\w+$|(^|/)[^/]*\.(test|spec)\.\w+$", re.IGNORECASE)


@dataclass(frozen=True)
class Risk:
    """Sentences for people; `marks` take a second tap, `notes` do not."""

    marks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def risk_of(files: Sequence[FileDiff], tests: Mapping[str, Any]) -> Risk:
    """Everything that a person should look at twice; `tests` is a Comparison as JSON. Takes CPU: not on the loop."""
    marks = [*risky_paths(path for file in files for path in (file.path, file.old_path) if path)]
    for file in files:
        marks += [f"{file.path}: {reason}" for reason in _risks_of(file)]
    weakened = [test for test, kind in sorted(dict(tests.get("classes") or {}).items()) if kind == "weakened"]
    if weakened:
        marks.append(f"fewer checks than before in {_counted(weakened, 'test')}: {_named(weakened)}")
    return Risk(tuple(marks), tuple(_notes(files)))


def risky_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """One line "path: reason" for every path that needs a second tap by its name; case does not matter."""
    marks = []
    for path in sorted(set(paths)):
        reasons = [reason for reason, pattern in RISKY_PATHS if pattern.search(path)]
        if reasons:
            marks.append(f"{path}: {', '.join(reasons)}")
    return tuple(marks)


def is_test(path: str) -> bool:
    """Whether a file holds tests, by its name."""
    return TEST_PATH.search(path) is not None


def secrets_in(added: Sequence[Line]) -> list[tuple[str, int | None]]:
    """Kind and line of everything that looks like a secret, never the secret itself."""
    text = "\n".join(line.text for line in added)
    redaction = Redaction()
    redaction.apply(text, personal=False)
    found = []
    for placeholder, value in redaction.values.items():
        kind = placeholder.strip("<>").rpartition("_")[0]
        if kind != LITERAL:
            found.append((kind.lower().replace("_", " "), added[text.count("\n", 0, text.find(value))].new))
    return sorted(found, key=lambda one: one[1] or 0)


def hidden_in(added: Sequence[Line]) -> int | None:
    """The first line with hidden characters; a byte order mark, where a file begins, is none."""
    shown = ((line, line.text.removeprefix("\ufeff") if line.new == 1 else line.text) for line in added)
    return next((line.new for line, text in shown if "<U+" in visible(text) and "<U+" not in text), None)


def misread_in(file: FileDiff) -> str:
    """Why what is added may do something else than it seems to, in a sentence, or ""."""
    for line in file.added_lines():
        coding = CODING.match(line.text) if file.path.endswith((".py", ".pyw")) and (line.new or 9) <= 2 else None
        if coding and not PLAIN_CODING.fullmatch(coding[1]):
            return (
                f"line {line.new} declares an unusual encoding ({coding[1]}): it may do something else than it seems to"
            )
        if not PROSE.search(file.path) and (word := mixed_in(line.text)):
            return f"line {line.new} mixes letters that look alike ({ascii(word)[1:-1]})"
    return ""


def mixed_in(line: str) -> str:
    """The first word, cut short, whose letters are not what they look like, or ""."""
    for word in () if line.isascii() else (found[0] for found in WORD.finditer(line)):
        if READ_AS_LATIN.search(word) or (LOOKALIKE.search(word) and LATIN.search(word)):
            return word[:40]
    return ""


@lru_cache(maxsize=64)
def _risks_of(file: FileDiff) -> tuple[str, ...]:
    """Kept for a while: a review is looked at again and again, and what is in a file stays the same."""
    return tuple(_risky_content(file))


def _risky_content(file: FileDiff) -> Iterator[str]:
    added = file.added_lines()
    if sum(len(line.text) for line in added) > MOST_SEARCHED:
        yield "too much is added to search it for secrets"
    elif found := secrets_in(added):
        kinds = ", ".join(sorted({kind for kind, _ in found}))
        yield f"holds what looks like a secret ({kinds}, line {found[0][1]})"
    if (number := hidden_in(added)) is not None:
        yield f"line {number} has hidden characters: it may read differently from what it does"
    if said := misread_in(file):
        yield said
    if (number := next((line.new for line in added if RUNNER.search(line.text)), None)) is not None:
        yield f"line {number} reaches into how tests run"
    if file.mode in {SYMLINK, SUBMODULE}:
        yield "points somewhere else (a symbolic link)" if file.mode == SYMLINK else "brings in another repository"


def _notes(files: Sequence[FileDiff]) -> Iterator[str]:
    gone = [file.path for file in files if file.status == "D"]
    if gone:
        yield f"removes {_counted(gone, 'file')}: {_named(gone)}"
    old_tests = [file.path for file in files if is_test(file.path) and file.status != "A"]
    if old_tests:
        yield f"changes tests that were there: {_named(old_tests)}"
    binary = [file.path for file in files if file.binary]
    if binary:
        yield f"holds {_counted(binary, 'binary file')} that no diff shows: {_named(binary)}"
    size = sum((file.added or 0) + (file.removed or 0) for file in files)
    if size > LARGE:
        yield f"changes {size:,} lines: above {LARGE} a reader misses more; ask for it in parts"


def _counted(found: Sequence[str], what: str) -> str:
    return f"{len(found)} {what}{'s' * (len(found) > 1)}"


def _named(found: Sequence[str]) -> str:
    return ", ".join(found[:NAMED]) + (f" and {len(found) - NAMED} more" if len(found) > NAMED else "")


# A wish for tests to go -----------------------------------------------------------------------------------------------

_REMOVE = r"(?:remov\w*|delet\w*|drop\w*|skip\w*|disabl\w*|xfail\w*|get(?:ting)? rid of|throw(?:ing)? (?:out|away))"
_GAP = r"[\s`'\"*]+"
_OTHER = r"(?:add|write|keep|update|run|rerun|fix|extend|improve|adapt|use|with)\b"
"""What begins another wish: "remove the export and update the tests" asks for none to go."""
_ASKED = re.compile(
    rf"(?P<not>\b(?:not|n't|never|without|don't|instead of)\W+(?:\w+\W+)?)?\b{_REMOVE}{_GAP}"
    rf"(?:(?!{_OTHER})[\w'-]+{_GAP}){{0,4}}?"
    r"(?:`?\w*\btest_\w+|tests\b|test\b(?=\s*(?:$|[.,;:!?)`]|(?:cases?|files?|functions?|modules?|suites?|class(?:es)?"
    r"|for|of|in|that|which|called|named|from|about|because|since|and|as)\b)))",
    re.IGNORECASE,
)
_TEST_NAME = re.compile(r"\btest_\w+", re.IGNORECASE)


def removal_asked(words: Iterable[str], lost: Iterable[str]) -> bool:
    """Whether people's own words ask for tests to go or to be skipped, and for no others than those that are `lost`.

    Where the words name tests (`test_x`), each lost one must be among them.
    """
    asked = [text for text in words if any(not match["not"] for match in _ASKED.finditer(text))]
    named = {name.lower() for text in asked for name in _TEST_NAME.findall(text)}
    meant = re.compile(rf"\b(?:{'|'.join(sorted(named))})\b", re.IGNORECASE)
    return bool(asked) and (not named or all(meant.search(test) for test in lost))
