"""Every word that the bot says, and every sentence of the core that people in Discord meet, has its German."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import bot
from assistants.round_table import FOUR
from bot import answers, cards, render_answers, render_changes, render_drafts, render_health, render_talk
from bot.commands import drafts, privacy, taking
from bot.language import languages, say, speaking
from bot.views import answer, buttons, listing, price
from bot.views import drafts as draft_views
from haven.ai.task import Tier
from haven.changes.proposal import Kind as Wanted
from haven.changes.review import STAND_IN
from haven.store.privacy import HELD
from haven.world.fields import fields_of
from haven.world.schema import Kind, noun

from . import literals

BOT = Path(bot.__file__).parent
ROOT = BOT.parent
SIGNS = ROOT / "assistants" / "table" / "signs.toml"
PLACE = re.compile(r"\{(\w+)\}")
FILES = sorted((BOT / "languages" / "de").glob("*.toml"))
SAID_FROM_TABLES = {
    *render_changes.STEPS.values(),
    *(done for _, done in render_changes.WAY),
    *(word for _, word in render_changes.LEVELS.values()),
    *cards.ENDS.values(),
    *answers.ENDS.values(),
    *(said for said, _ in render_answers.HELD.values()),
    render_answers.NOTHING,
    *render_drafts.STATES.values(),
    *render_drafts.NOTES,
    *render_health.LEVELS.values(),
    *render_talk.MOVES.values(),
    *render_talk.TIERS.values(),
    *listing.SHOWS.values(),
    *taking.KINDS.values(),
    *drafts.INSIDE.values(),
    *drafts.EXAMPLES.values(),
    *(label for table in (buttons.LOOKS, answer.LOOKS, price.LOOKS, privacy.LOOKS) for label, _ in table.values()),
    *(label for label, _ in draft_views.LOOKS.values()),
    drafts.TOLD,
    "notes: what else there is to say",
    privacy.WORD,
    *HELD,
    *(noun(kind, count) for kind in Kind for count in (1, 2)),
    *(name.replace("_", " ") for kind in Kind for name in fields_of(kind)),
    *(kind.value for kind in Wanted),
    *(tier.value for tier in Tier),
    *("Tests", "Risk", "Decide", STAND_IN, "by hand", "nobody"),
    *("request", "repair", "tweak", "conflict", "undo"),
}
MET = (
    *sorted(str(path.relative_to(ROOT)) for path in BOT.rglob("*.py")),
    "haven/access.py",
    "haven/privacy.py",
    *("haven/changes/decisions.py", "haven/changes/proposal.py", "haven/changes/moves.py"),
    *("haven/changes/landing/undoing.py", "haven/changes/review/pointing.py", "haven/changes/rounds/evidence.py"),
    *("haven/store/changes.py", "haven/ai/door.py", "haven/ai/breaker.py", "haven/ai/switch.py"),
    *("haven/ai/providers/llama_batch.py", "assistants/table/turns.py"),
    *("haven/ai/money/caps.py", "haven/ai/money/ledger.py", "haven/ai/models/registry.py"),
    *(f"haven/world/{name}.py" for name in ("drafts", "entries", "fields", "gazetteer", "leaks", "routes", "rules")),
    *(f"haven/world/{name}.py" for name in ("watches", "wishes", "world", "writing", "maps/scene", "maps/picture")),
    *("assistants/round_table.py", "assistants/waiting.py", "assistants/scribe.py", "assistants/sentry/alerts.py"),
    "assistants/scribing/records.py",
)
"""Modules whose errors reach people in Discord."""
COMPOSED = {
    *("adds 1 file", "changes 1 file", "removes 1 file", "moves 1 file"),
    *("approvals by different people", "more approval by another person"),
    "{name} switched the cloud off on {day} at {time}",
    "{name} switched the cloud off on {day} at {time}.",
}
"""Sentences whose words the core puts together one by one; of routes and what they leave out, the shapes alone."""
PUT_TOGETHER = re.compile(
    r"\{start\}|longest link|and so no distance|on another map|and of “|planet or system|^planet \{number"
    r"|^a (?:first|second|third) planet|^planets and their"
)
UNSAID = {"Haven", "src/map.py:12"}
"""What is the same in every language."""


def _table(name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in FILES:
        entries = tomllib.loads(path.read_text("utf-8")).get(name, {})
        assert not found.keys() & entries.keys(), f"twice: {found.keys() & entries.keys()}"
        found |= entries
    return found


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return _table("texts")


@pytest.fixture(scope="module")
def sentences() -> dict[str, str]:
    return _table("sentences")


def test_everything_that_is_said_has_german(texts: dict[str, str]) -> None:
    said = set[str]().union(*(literals.said(path) for path in BOT.rglob("*.py")))
    assert not sorted((said | SAID_FROM_TABLES) - texts.keys())


def test_no_german_is_left_of_what_is_said_no_more(texts: dict[str, str], sentences: dict[str, str]) -> None:
    folders = (BOT, ROOT / "haven", ROOT / "assistants")
    source = "\n".join(
        literals.shape(text) for folder in folders for path in folder.rglob("*.py") for text in literals.literals(path)
    )
    source += source.replace("_", " ") + SIGNS.read_text("utf-8")
    unused = [text for text in texts if literals.shape(text) not in source and text not in SAID_FROM_TABLES]
    for sentence in sentences:  # its fixed parts may come from several literals
        parts = (part.strip(" .,:;()") for long in PLACE.split(sentence)[::2] for part in long.split(". "))
        unused += [sentence for part in parts if part not in source]
    unused = [one for one in unused if one not in COMPOSED and not PUT_TOGETHER.search(one)]
    assert not unused


@pytest.mark.parametrize("module", MET)
def test_errors_that_people_meet_are_read_in_german(
    module: str, sentences: dict[str, str], texts: dict[str, str]
) -> None:
    known = {literals.shape(one) for one in (*sentences, *texts)}
    assert not sorted(one for one in literals.raised(ROOT / module) if one not in known)


@pytest.mark.parametrize("path", sorted(BOT.rglob("*.py")), ids=lambda path: str(path.relative_to(BOT)))
def test_no_words_reach_discord_unsaid(path: Path) -> None:
    assert not [(line, text) for line, text in literals.unsaid(path) if text not in UNSAID]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_translation_fits_where_the_english_does(path: Path) -> None:
    """Labels of buttons hold 80 characters, descriptions and choices 100; other places still take what has no value."""
    found = tomllib.loads(path.read_text("utf-8"))
    for english, other in found.get("texts", {}).items():
        most = 80 if len(english) <= 40 else 100 if path.stem == "commands" else 1_000
        assert len(PLACE.sub("12345678", other)) <= most, english
    for table in found.values():
        for english, other in table.items():
            assert set(PLACE.findall(english)) >= set(PLACE.findall(other)) and other.strip(), english


@pytest.mark.parametrize("language", languages())
def test_forms_have_room_for_their_labels(language: str) -> None:
    """Titles and labels hold 45 characters, what explains a field 100: more is cut."""
    with speaking(language):
        forms = [drafts.SubmitForm(kind) for kind in (None, *Kind)]
        every = [*forms, taking.AskForm(taking.Origin(1, 2), "text"), taking.ChangeForm("text")]
        cut = [form.title for form in every if form.title.endswith("…")]
        for form in every:
            for label in form.children:
                cut += [text for text in (label.text, label.description or "") if text.endswith("…")]  # type: ignore[attr-defined]
        for path in BOT.rglob("*.py"):
            cut += [text for text in _titles(path) if len(PLACE.sub("12345678", say(text))) > 45 >= len(text)]
    assert not cut


def _titles(path: Path) -> set[str]:
    """What is said into names such as `title` and `label`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Assign) and "label" in ast.unparse(node.targets[0]):
            found |= {one.args[0].value for one in ast.walk(node.value) if _is_said(one)}  # type: ignore[attr-defined]
    return found


def _is_said(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "say" and isinstance(node.args[0], ast.Constant)


def test_what_the_rules_heard_is_read_in_german(sentences: dict[str, str]) -> None:
    heard = {str(one["what"]) for one in tomllib.loads(SIGNS.read_text("utf-8"))["sign"]}
    assert heard and not sorted(heard - sentences.keys())


def test_assistants_keep_their_names(texts: dict[str, str]) -> None:
    assert all(texts[one.title] == one.title for one in FOUR)
