"""Scribe keeps the records: data entry, summaries, tags, imports and exports, documentation.

What it reads out of a text becomes a draft that somebody approves; it never writes a record itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistants.base import Assistant
from assistants.findings import Findings, Nature, Source
from assistants.local_words import LocalWords
from assistants.scribing.bulk import Bulk, Preview, is_ordered, ordered
from assistants.scribing.corrections import corrected
from assistants.scribing.digest import Digest, Happened, digest, shown_of
from assistants.scribing.doubts import SecondReader
from assistants.scribing.handing import is_handed_in
from assistants.scribing.looks import Aim, look_in
from assistants.scribing.quality import looked
from assistants.scribing.records import Report, read_report
from assistants.scribing.summaries import SENTENCES, summary
from assistants.scribing.tagging import Given, Vocabulary, shipped_tags, tags_of, text_of, without_names, without_tags
from haven.access import Act, Principal, Role, check
from haven.ai.engine import Engine
from haven.ai.judging.embed import Embedder
from haven.changes.decisions import Changes
from haven.changes.states import State
from haven.errors import AccessDenied, BadInput, Conflict, NotFound
from haven.quoting import clean
from haven.store.database import now
from haven.world.differences import Difference, differences
from haven.world.drafts import Draft, Drafts
from haven.world.gazetteer import Atlases, Gazetteer
from haven.world.names import Names
from haven.world.passages import sentences
from haven.world.schema import Discovery, Kind, Lore, Thing
from haven.world.words import fold
from haven.world.world import World

SCRIBE = Assistant(
    name="scribe",
    title="Scribe",
    job="data entry, records, summaries, tags, import and export of data, documentation",
    colour="#98c379",
    words=(
        *(
            "record",
            "summar",
            "tag",
            "document",
            "docstring",
            "readme",
            "guide",
            "import",
            "csv",
            "json",
            "digest",
            "entry",
        ),
        *("entries", "form", "field", "spreadsheet", "database", "duplicate", "typo", "spelling", "report", "template"),
    ),
)
TOOL = "scribe"
SHOWN = 12
"""Differences, findings or jobs that one answer names."""
MOST_REASON = 300
DAY = 86_400
"""Seconds."""
_SUMMARY = re.compile(r"\b(?:summar\w+|sum up|in short|tl;?dr)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Recorded:
    """What became of a text: `draft` is None where nothing can be proposed yet, as `report.questions` say."""

    report: Report
    draft: Draft | None
    diff: tuple[Difference, ...] = ()


class Scribe:
    """One for all faces. Everything here works with no model."""

    def __init__(
        self,
        world: World,
        drafts: Drafts,
        atlases: Atlases,
        changes: Changes | None = None,
        *,
        tags: Path | None = None,
        embedder: Embedder | None = None,
        engine: Engine | None = None,
        names: Names | None = None,
    ) -> None:
        """`tags`: the owner's own list of tags. Raises SettingsError where that can't be used."""
        self._world = world
        self._drafts = drafts
        self._atlases = atlases
        self._changes = changes
        self._tags = Vocabulary.load(tags) if tags else shipped_tags()
        self._embedder = embedder
        self._names = names
        self._second = SecondReader(engine) if engine is not None else None
        self._words = LocalWords(engine) if engine is not None else None

    async def read(self, text: str, principal: Principal) -> Report:
        """A text as records, and nothing is proposed. Raises BadInput where it names none, and AccessDenied."""
        check(principal, Act.READ)
        return await self._read(text, principal)

    async def _read(self, text: str, principal: Principal) -> Report:
        report = await self._atlases.ask(
            lambda gazetteer: read_report(corrected(clean(text)), gazetteer, principal.name)
        )
        if report.doubts and self._second is not None:
            report = await self._settled(report, self._second, principal)
        return replace(report, questions=(*report.questions, *(one.question for one in report.doubts)))

    async def _settled(self, report: Report, second: SecondReader, by: Principal) -> Report:
        """With what the local model reads where the rules are in doubt; as it was without one."""
        own = {one.id: one for one in report.things}
        known = await self._world.get_many([one.id for one in report.doubts if one.id not in own])
        done = await second.settled([*own.values(), *known.values()], report.doubts, by)
        changed = tuple(one for one in done.things if known.get(one.id) != one)
        return replace(report, things=changed, doubts=done.left, notes=(*report.notes, *done.notes))

    async def record(self, text: str, principal: Principal, *, key: str = "") -> Recorded:
        """Propose what a text says. `key`: a second delivery of the same text is the same draft.

        Raises BadInput where it names no record or says nothing new, Conflict where a record was changed meanwhile,
        and AccessDenied.
        """
        seen = await self._world.stamp()
        check(principal, Act.PROPOSE, strangers_may=self._drafts.strangers_may_propose)
        report = await self._read(text, principal)
        if principal.role is Role.STRANGER and not _is_new(report):
            raise AccessDenied(
                f"{principal.name} has no role here, and may propose what is new, but no change of what is recorded.",
                "Ask the owner of this Haven to add you, or tell a member what should be changed.",
            )
        if not report.things:
            if not _asks_which(report):
                raise BadInput("This text says nothing that is not recorded already.", "Say what is new in it.")
            return Recorded(report, None)
        known = [one.id for one in report.things if not one.id.startswith("new-")]
        expect = {id: (await self._world.get(id)).version for id in known}
        if set(await self._world.changed_since(seen)) & set(known):  # changed between reading it and its version
            return await self.record(text, principal, key=key)
        short = [
            f"{one.name}, in short: {said}" for one in report.things if (said := await self.in_short(one, principal))
        ]
        report = replace(report, notes=(*report.notes, *short))
        reason = " ".join(clean(text).split())[:MOST_REASON]
        draft = await self._drafts.propose(report.things, principal, TOOL, reason, expect=expect, key=key)
        return Recorded(report, draft, tuple(await self._drafts.diff(draft)))

    async def in_short(self, thing: Thing, by: Principal) -> str:
        """One sentence for a text of several: the local model's where it says what the text does, else one of its own.

        "" where the text is short enough, or there is none.
        """
        found = summary(thing, 1)
        if not found or len(sentences(thing)) <= SENTENCES:
            return ""
        whole = " ".join(one.text for one in sentences(thing))
        said = await self._words.summary(thing.name, whole, by) if self._words is not None else ""
        return said or found[0].text

    async def tags_for(self, thing: Thing) -> list[Given]:
        """Tags of the closed list for a record, the surest first."""
        text = text_of(thing)
        met = await self._names.mentions(text) if self._names is not None else []
        return await tags_of(without_names(text, met, thing.id), self._tags, self._embedder)

    async def untagged(self, limit: int = 50) -> list[tuple[Discovery | Lore, list[Given]]]:
        """Discoveries and lore without tags, and what each could have; those that nothing fits are left out."""
        found = without_tags(await self._world.things(Kind.DISCOVERY, Kind.LORE))
        made = [(one, await self.tags_for(one)) for one in found[: 4 * limit]]
        return [(one, given) for one, given in made if given][:limit]

    async def propose_tags(self, chosen: Sequence[tuple[Discovery | Lore, Sequence[Given]]], by: Principal) -> Draft:
        """One draft with the tags of all of these. Raises BadInput, Conflict and AccessDenied."""
        things = [one.model_copy(update={"tags": tuple(tag.tag for tag in given)}) for one, given in chosen]
        return await self._drafts.propose(things, by, TOOL, "tags for records that have none")

    async def preview(self, edit: Callable[[Gazetteer], Bulk]) -> Preview:
        """What a bulk edit would change; nothing is written. Raises what the edit raises."""
        stamp = await self._world.stamp()

        def work(gazetteer: Gazetteer) -> Preview:
            bulk = edit(gazetteer)
            found = (differences(gazetteer.things.get(one.id), one) for one in bulk.things)
            return Preview(bulk, tuple(difference for some in found for difference in some), stamp)

        return await self._atlases.ask(work)

    async def propose_bulk(self, preview: Preview, by: Principal, *, key: str = "") -> Draft:
        """The bulk edit as one draft, the same for a second delivery of `key`.

        Raises AccessDenied, BadInput where it removes records or is too large, and Conflict: a record was changed since
        the preview.
        """
        if preview.bulk.gone:
            raise BadInput("A draft can't remove records.", "Ask a reviewer to merge them: haven world bulk merge")
        if {one.id for one in preview.bulk.things}.intersection(await self._world.changed_since(preview.stamp)):
            raise Conflict("One of these records was changed since the preview.", "Look at a new one, then propose it.")
        return await self._drafts.propose(preview.bulk.things, by, TOOL, preview.bulk.said, key=key)

    async def _ordered(self, words: str, by: Principal, key: str) -> Findings | None:
        """The bulk edit that the words order, as a draft; None where they order none."""
        if not is_ordered(words):
            return None
        try:
            preview = await self.preview(lambda gazetteer: ordered(gazetteer, words) or Bulk("", ()))
            draft = await self.propose_bulk(preview, by, key=key)
        except (BadInput, NotFound) as refused:
            return Findings(refused.full)
        sources = tuple(Source(one.id, one.name, one.kind.value) for one in draft.things[:SHOWN])
        return Findings("\n".join((preview.bulk.said, *_draft_said(draft, preview.diff))), sources)

    async def digest(self, days: float = 7, until: float | None = None) -> Digest:
        """What happened in that many days; `until`: seconds since 1970, now where it is None."""
        end = now() if until is None else until
        since = end - days * DAY
        fates = await self._world.fates(since, end)
        told = await self._world.as_then(shown_of(fates))
        happened = Happened(fates, told, await self._world.wrote(since, end))
        drafts = await self._drafts.list()
        changes = await self._changes.list([State.MERGED], limit=100) if self._changes is not None else []
        merged = [one for one in changes if since <= one.updated_at <= end]
        return await self._atlases.ask(lambda gazetteer: digest(happened, gazetteer, drafts, merged, since, end))

    async def act(self, question: str, principal: Principal, *, key: str = "") -> Findings | None:
        """Record what a person hands in, or propose what is ordered; else as `answer`.

        A second delivery of one `key` is the same draft.
        """
        check(principal, Act.ASK)
        if is_handed_in(question):
            try:
                return _kept(await self.record(question, principal, key=key))
            except BadInput as refused:
                return Findings(refused.full, kind=Nature.NOT_RECORDED)
        if (edit := await self._ordered(question, principal, key)) is not None:
            return edit
        return await self.answer(question, principal)

    async def answer(self, question: str, principal: Principal) -> Findings | None:
        """A summary, what is new, grades, gaps, oddities, what to do; None for everything else. Nothing is kept."""
        check(principal, Act.ASK)
        if _SUMMARY.search(question) and (found := await self._atlases.ask(lambda all: _summarised(question, all))):
            return found
        look = await self._atlases.ask(lambda gazetteer: look_in(question, gazetteer))
        if look is None:
            return None
        if look.aim is Aim.NEWS:
            return Findings((await self.digest(look.days)).text, query=f"digest of {look.days:g} days")
        return await self._atlases.ask(lambda gazetteer: looked(look, gazetteer))


def _is_new(report: Report) -> bool:
    """Whether it says something of new records alone; what is recorded of others would show in what it changes."""
    return all(one.id.startswith("new-") for one in report.things) and bool(report.things or _asks_which(report))


def _asks_which(report: Report) -> bool:
    """Whether it must be said first which record is meant, or where it belongs."""
    return any("belong" in one or "is meant" in one for one in report.questions)


def _kept(recorded: Recorded) -> Findings:
    lines = _draft_said(recorded.draft, recorded.diff) if recorded.draft is not None else []
    lines += said_of(recorded.report)
    things = recorded.draft.things if recorded.draft is not None else ()
    sources = tuple(Source(one.id, one.name, one.kind.value) for one in things if not one.id.startswith("new-"))
    kind = Nature.FACT if recorded.draft is not None else Nature.ASK_BACK
    return Findings("\n".join(lines), sources, kind)


def _draft_said(draft: Draft, diff: Sequence[Difference]) -> list[str]:
    lines = [f"Proposed as {draft.id}; it becomes true when somebody approves it:"]
    for one in diff[:SHOWN]:
        before, after = one.short(80)
        lines.append(f"- {one.record}, {one.field}: {f'{before} → ' if before else ''}{after or '(empty)'}")
    more = len(diff) - SHOWN
    return [*lines, f"- and {more} field{'s' * (more != 1)} more"] if more > 0 else lines


def said_of(report: Report) -> list[str]:
    """What a person should know of a report beside its records."""
    lines = [f"Question: {one}" for one in report.questions[:SHOWN]]
    lines += [f"Note: {one}" for one in report.notes[:SHOWN]]
    if report.unread:
        lines.append(f"Not understood, and so in no field: {', '.join(report.unread[:30])}")
    return lines


def _summarised(question: str, gazetteer: Gazetteer) -> Findings | None:
    """The summary of the record that the words name, the longest name first."""
    named = [
        one for one in gazetteer.things.values() if any(_names(question, name) for name in (one.name, *one.aliases))
    ]
    if not named:
        return None
    order = (Kind.LORE, Kind.DISCOVERY)
    thing = max(named, key=lambda one: (len(one.name), one.kind in order, one.id))
    found = summary(thing)
    if not found:
        said = f"{thing.name} has no text that could be summed up."
        return Findings(said, (Source(thing.id, thing.name),), Nature.NOT_RECORDED)
    sources = tuple(Source(thing.id, thing.name, one.where, one.text) for one in found)
    return Findings(" ".join(one.text for one in found), sources, Nature.QUOTATION, f"summary of {thing.name}")


def _names(question: str, name: str) -> bool:
    return f" {fold(name)} " in f" {fold(question)} "
