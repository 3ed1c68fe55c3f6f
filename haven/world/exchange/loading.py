"""Bringing files into the world: each one whole or not at all, what is there already skipped, and a report of it all.

A file that was brought in is known by the hash of its content, so an import that was killed goes on where it was.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from haven.access import Act, Principal, check
from haven.errors import AccessDenied, BadInput, HavenError
from haven.store import notes
from haven.store.database import Database, now
from haven.world.exchange import formats
from haven.world.exchange.duplicates import Known
from haven.world.exchange.merging import Merging, Plan, as_drafts
from haven.world.exchange.pieces import MAX_TOGETHER, Piece, in_folder, read_file
from haven.world.exchange.report import Defect, Entry, ImportReport, Note, Outcome, Reading
from haven.world.leaks import Masked, masked, masked_text, was_masked
from haven.world.world import World

if TYPE_CHECKING:
    from haven.world.drafts import Drafts

TOOL = "import"
MARKDOWN = (".md", ".markdown")


@dataclass(frozen=True)
class Progress:
    """How far an import is: the file, how many are done of how many, and what is being done to how many records."""

    file: str
    done: int
    files: int
    doing: str = "reading"
    records: int = 0


Tell = Callable[[Progress], None]
"""Called from the loop and from threads."""
Say = Callable[[str, int], None]


@dataclass(frozen=True)
class Options:
    """How an import is done.

    `strict`: nothing of a file is taken where one of its records is refused. `again`: read it though it was read
    before. `update`: records that are there are filled in; an edited export of Haven's own replaces them.
    """

    format: str = ""
    dry_run: bool = False
    update: bool = False
    strict: bool = False
    again: bool = False


@dataclass(frozen=True)
class _Unit:
    """What is taken whole: a file, an archive, or the Markdown files of a folder, which link to each other."""

    name: str
    paths: tuple[tuple[str, Path], ...]
    """Name for people, and path."""
    follow: bool = False


class _Run:
    """One import: who, how, what is known so far, and what became of it."""

    def __init__(self, by: Principal, options: Options, *, alone: bool) -> None:
        """`alone`: there is one file, so what is wrong with it is an error."""
        self.by = by
        self.options = options
        self.alone = alone
        self.report = ImportReport(dry_run=options.dry_run)
        self.known = Known()
        try:
            check(by, Act.EDIT_WORLD)
            self.direct = True
        except AccessDenied:
            self.direct = False  # it goes into the queue of drafts, which says no to strangers


class Importer:
    """Brings files into the world, or into the queue of drafts for somebody who may not write it."""

    def __init__(self, world: World, drafts: Drafts, database: Database) -> None:
        self._world = world
        self._drafts = drafts
        self._database = database

    async def bring_in(
        self, path: Path, by: Principal, options: Options | None = None, tell: Tell | None = None
    ) -> ImportReport:
        """Read a file, a folder or an archive into the world; what became of each record.

        Of several files, one that can't be read is an entry that is refused. Raises BadInput where there is nothing at
        `path`, what the only file of an import raises, and AccessDenied where `by` may not even propose.
        """
        units = await asyncio.to_thread(_units, path)
        run = _Run(by, options or Options(), alone=len(units) == 1)
        with _no_pauses():
            try:
                for done, unit in enumerate(units):
                    await self._one(run, unit, _teller(tell, unit, done, len(units)))
            finally:
                await asyncio.to_thread(run.known.clear)  # to let go of so many records takes its time as well
        return run.report

    async def _one(self, run: _Run, unit: _Unit, say: Say) -> None:
        """One file; where it can't be taken and is not the only one, that is an entry of the report."""
        if not run.known or not run.direct:  # what was proposed is not there for the next one
            run.known.clear()
            await asyncio.to_thread(run.known.fill, await self._world.things())
        try:
            await self._take(run, unit, say)
        except AccessDenied:
            raise
        except HavenError as error:
            if run.alone:
                raise
            run.report.add([Entry(unit.name, Outcome.REFUSED, "", unit.name, (error.full,))])
            run.known.clear()  # it knows what did not come

    async def _take(self, run: _Run, unit: _Unit, say: Say) -> None:
        say("reading", 0)
        pieces, digest = await asyncio.to_thread(_pieces, unit)
        key = _key(digest, run.options)
        before = await notes.get(self._database, key)
        if before and not run.options.again:
            run.report.known_files += 1
            said = f"the same content was imported on {before}"
            run.report.add([Entry(unit.name, Outcome.REMARK, "", unit.name, (said,))])
            return
        found = await asyncio.to_thread(_found, pieces, run.options.format, lambda count: say("reading", count))
        leaked: set[str] = set()
        found = await asyncio.to_thread(_without_secrets, found, leaked)
        say("comparing", len(found))
        gone = await self._world.removed_ids()
        plan = await asyncio.to_thread(Merging(run.known, run.options.update, gone).plan, found)
        run.report.files += 1
        if run.options.strict and plan.refused:
            raise BadInput(_refusals(plan), "Mend them, or import it without --strict.")
        if run.options.dry_run:
            if run.direct and run.alone:  # what comes before it in a folder is not there yet
                await self._world.verify(plan.things, allow_same_name=plan.same_name)
        else:
            say("writing", len(plan.things))
            plan = await self._keep(plan, unit, run, tuple(sorted(leaked)))
            if run.direct:
                await notes.put(self._database, key, datetime.fromtimestamp(now()).strftime("%Y-%m-%d %H:%M"))
        run.report.add(plan.entries, found)
        if all(one.outcome is Outcome.REMARK for one in plan.entries):
            run.report.add([Entry(unit.name, Outcome.REMARK, "", unit.name, ("it holds no records",))])
        await asyncio.to_thread(found.clear)

    async def _keep(self, plan: Plan, unit: _Unit, run: _Run, masked: tuple[str, ...]) -> Plan:
        """Write it all in one transaction, or propose it."""
        if not plan.things:
            return plan
        if run.direct:
            world, same = self._world, plan.same_name
            await world.put(plan.things, run.by, TOOL, allow_same_name=same, imported=unit.name, masked=masked)
            return plan
        await self._drafts.propose(as_drafts(plan), run.by, TOOL, f"imported from {unit.name}")
        taken = (Outcome.ADDED, Outcome.CHANGED, Outcome.REPAIRED)
        waiting = [replace(one, outcome=Outcome.PROPOSED) if one.outcome in taken else one for one in plan.entries]
        return Plan(plan.things, waiting)


@contextmanager
def _no_pauses() -> Iterator[None]:
    """No collection of garbage: with so many new records each full one would hold everyone up for half a second."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _teller(tell: Tell | None, unit: _Unit, done: int, files: int) -> Say:
    def say(doing: str, records: int) -> None:
        if tell:
            tell(Progress(unit.name, done, files, doing, records))

    return say


def _refusals(plan: Plan) -> str:
    """Why a file is not taken where every record must be sound."""
    refused = [one for one in plan.entries if one.outcome is Outcome.REFUSED]
    told = "; ".join(f"{one.source}: {one.notes[0]}" for one in refused[:3])
    return f"{len(refused)} of its records are refused ({told}), so nothing of it was taken."


def _units(path: Path) -> list[_Unit]:
    if not path.exists():
        raise BadInput(f"There is nothing at {path}.", "Name a file, a folder or an archive.")
    if not path.is_dir():
        return [_Unit(path.name, ((path.name, path),), follow=True)]
    files = [(str(file.relative_to(path)), file) for file in in_folder(path)]
    pages = tuple(pair for pair in files if pair[1].suffix.casefold() in MARKDOWN)
    units = [_Unit(name, ((name, file),)) for name, file in files if (name, file) not in set(pages)]
    if pages:
        units.append(_Unit(f"{path.name} ({len(pages)} Markdown files)", pages))
    if not units:
        raise BadInput(f"{path} holds no files.", "Name a file, a folder or an archive.")
    return units


def _pieces(unit: _Unit) -> tuple[list[Piece], str]:
    """The files of a unit and the hash of them all. Raises BadInput where its only file can't be read."""
    pieces: list[Piece] = []
    total, size = hashlib.sha256(), 0
    for name, path in unit.paths:
        shown = name.encode("utf-8", "replace").decode()
        try:
            pieces.append(read_file(path, shown, follow=unit.follow))
        except BadInput as error:
            if len(unit.paths) == 1:
                raise
            pieces.append(Piece(shown, refused=error.full))
        size += len(pieces[-1].data)
        if size > MAX_TOGETHER:
            limit = MAX_TOGETHER // (1024 * 1024)
            raise BadInput(f"{unit.name} have more than {limit} MB together.", "Import the folder in parts.")
        total.update(f"{shown}\0{len(pieces[-1].data)}\0".encode())
        total.update(pieces[-1].data)
    return pieces, total.hexdigest()


def _found(pieces: Sequence[Piece], format: str, step: formats.Step) -> list[Reading]:
    """Every record of them. Raises BadInput where the only one can't be understood."""
    found: list[Reading] = []
    for piece in pieces:
        try:
            if piece.refused:
                raise BadInput(piece.refused)
            found += formats.read_file(piece, format, formats.ahead(step, len(found)))
        except BadInput as error:
            if len(pieces) == 1:
                raise
            found.append(Reading(piece.name, piece.name, refused=error.full))
    return found


def _without_secrets(found: Sequence[Reading], leaked: set[str]) -> list[Reading]:
    """The same with placeholders for secrets, which each such record says; one without room for them is refused.

    `leaked` is told of what kinds they are.
    """
    try:
        safe = iter(masked([one.thing for one in found if one.thing]))
    except BadInput as error:
        if len(found) == 1:
            return [replace(found[0], thing=None, refused=error.full)]
        return [safe for one in found for safe in _without_secrets([one], leaked)]
    return [_masked(one, next(safe), leaked) if one.thing else one for one in found]


def _masked(one: Reading, safe: Masked, leaked: set[str]) -> Reading:
    if not safe.kinds:
        return one
    leaked |= {*safe.kinds}
    note = Note(Defect.SECRET, was_masked(safe.kinds), repaired=True)
    return replace(one, name=masked_text(one.name)[0], thing=safe.thing, notes=(note, *one.notes))


def _key(digest: str, options: Options) -> str:
    """Under which the store remembers a file that was taken, and in which way."""
    return f"world.imported.{'update.' if options.update else ''}{digest}"
