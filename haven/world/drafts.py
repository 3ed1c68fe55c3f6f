"""The approval queue: what a stranger, a member or a model proposes becomes true when somebody else approves it."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256

from haven.access import Act, Principal, Role, check
from haven.errors import AccessDenied, BadInput, Conflict, HavenError, NotFound
from haven.quoting import clean
from haven.settings import WorldSettings
from haven.store import events
from haven.store import world as world_table
from haven.store import world_drafts as table
from haven.store.database import Database, Transaction, now
from haven.store.world import Author, VersionRow
from haven.store.world_drafts import DraftRow, State
from haven.world import writing
from haven.world.differences import Difference, differences
from haven.world.entries import NEW, prepare, read
from haven.world.leaks import kinds_of, masked, masked_text
from haven.world.schema import THING, Thing, parent_of
from haven.world.writing import Terms

MOST = 10
"""Open drafts of one person, and as many tales beside them."""
MOST_AN_HOUR, HOUR_S = 40, 3600.0
"""Drafts of one person, those that were taken back as well: each is a card that everybody sees."""
TALES = "lorekeeper"
"""The tool of what a model has told somebody: it is counted apart, so that it takes up nobody's own proposals."""
MOST_OF_STRANGERS = 50
"""Open drafts of all people without a role together: whoever comes with many names does not fill the queue."""
MOST_BYTES = 200_000
MOST_REASON = 1_000
NAMED = 3
"""Fields that a sentence about a stale draft names."""


@dataclass(frozen=True)
class Draft:
    """What somebody proposes, from which face and with which tool. Times are seconds since 1970."""

    id: str
    at: float
    by_id: str
    by: str
    stranger: bool
    """They had no role when they proposed it."""
    face: str
    tool: str
    reason: str
    things: tuple[Thing, ...]
    """New records have ids that begin with `new-`."""
    made_from: Mapping[str, int]
    """The versions that it was made from, by id."""
    state: State
    decided_at: float | None
    decided_by: str
    why: str
    masked: tuple[str, ...] = ()
    """Kinds of secrets that were taken out just now: whoever proposed it is told, and should replace them."""


@dataclass(frozen=True)
class Decided:
    """What became of one draft of several: `problem` says why it stands as it stood; `ids` is what it made true."""

    id: str
    problem: HavenError | None = None
    ids: tuple[str, ...] = ()


def seal_of(drafts: Iterable[Draft]) -> str:
    """A few digits for exactly these drafts, word for word: whoever was shown them can say that it is these."""
    told = sorted([one.id, _dump(one.things), sorted(one.made_from.items())] for one in drafts)
    return sha256(json.dumps(told).encode()).hexdigest()[:8]


class Drafts:
    """One queue for all faces; every decision is a compare and swap in the transaction of what it does."""

    def __init__(self, database: Database, settings: WorldSettings, owners: Collection[str] = ()) -> None:
        """`owners`: their ids other than the shell's and the panel's."""
        self._database = database
        self._settings = settings
        self._owners = owners

    @property
    def strangers_may_propose(self) -> bool:
        """Whether the settings open the queue to people without a role."""
        return self._settings.strangers_may_propose

    async def propose(
        self,
        things: Sequence[Thing],
        by: Principal,
        tool: str,
        reason: str = "",
        *,
        expect: Mapping[str, int] | None = None,
        key: str = "",
    ) -> Draft:
        """Put records into the queue; it is on the disk when this returns. `key`: a second delivery is the same one.

        What could not be approved as it stands is refused at once, but for names that are taken: two people may
        propose one system. `expect`: the version of each id that the proposer has seen. Raises AccessDenied, Conflict
        (a version that is not the expected one), and BadInput where it changes nothing, is too large, or one too many.
        """
        check(by, Act.PROPOSE, strangers_may=self._settings.strangers_may_propose)
        safe = await asyncio.to_thread(masked, _numbered(things))
        numbered = [one.thing for one in safe]
        said, leaked_too = masked_text(clean(reason)[:MOST_REASON])
        leaked = tuple(sorted({*kinds_of(safe), *leaked_too}))
        row = DraftRow(
            id=f"draft-{secrets.token_hex(4)}",
            at=now(),
            by_id=by.id,
            by_name=by.name,
            stranger=by.role is Role.STRANGER,
            face=by.face,
            tool=tool,
            things=_dump(numbered),
            made_from={},
            reason=said,
            key=key,
        )
        terms = Terms(expect, allow_same_name=True)
        draft = await self._database.write(lambda tx: self._insert(tx, by, row, numbered, terms, leaked))
        return replace(draft, masked=leaked)

    async def _insert(
        self,
        tx: Transaction,
        by: Principal,
        row: DraftRow,
        things: Sequence[Thing],
        terms: Terms,
        leaked: Sequence[str],
    ) -> Draft:
        if row.key and (earlier := await table.by_key(tx.execute_fetchall, row.by_id, row.key)):
            return _draft(earlier)
        if await table.count_open(tx.execute_fetchall, row.by_id, tales=row.tool == TALES, tool=TALES) >= MOST:
            what = "tales that wait" if row.tool == TALES else "open drafts"
            raise BadInput(f"{row.by_name} has {MOST} {what}, which is the most.", "Wait until they are decided.")
        recent = await table.count_since(tx.execute_fetchall, row.by_id, row.at - HOUR_S)
        if by.role < Role.OWNER and recent >= MOST_AN_HOUR:
            raise BadInput(f"{row.by_name} has proposed {MOST_AN_HOUR} drafts within an hour.", "Try again later.")
        if row.stranger and await table.count_of_strangers(tx.execute_fetchall) >= MOST_OF_STRANGERS:
            raise BadInput("Too many proposals of people without a role wait here.", "Try again in some days.")
        checked = await writing.verify(tx, prepare(things), terms)
        if not checked.fresh:
            raise BadInput("That is recorded already, word for word.", "Change something, then propose it.")
        made_from = {id: one.version for id, one in checked.before.items()}
        row = replace(row, made_from=made_from)
        await table.insert(tx, row)
        names = [thing.name for thing in things[:5]]
        about = {"names": names, "count": len(things), "by": row.by_name, "face": row.face, "tool": row.tool}
        await events.record(tx, "draft.proposed", row.id, row.by_id, **about)
        if leaked:
            about = {"kinds": list(leaked), "by": row.by_name, "face": row.face}
            await events.record(tx, "draft.masked", row.id, row.by_id, **about)
        return _draft(row)

    async def get(self, id: str) -> Draft:
        """Raises NotFound."""
        return _draft(await _found(self._database.rows, id))

    async def get_many(self, ids: Iterable[str]) -> list[Draft]:
        """These drafts; those that are not there are left out."""
        rows = [await table.get(self._database.rows, id) for id in ids]
        return await asyncio.to_thread(lambda: [_draft(row) for row in rows if row is not None])

    async def diff(self, draft: Draft) -> list[Difference]:
        """What would differ from how the world is now, field by field."""
        now_there = await world_table.current(self._database.rows, [thing.id for thing in draft.things])
        referred = {parent_of(thing) for thing in draft.things} | {
            link for thing in draft.things for link in getattr(thing, "links", ())
        }
        names = {thing.id: thing.name for thing in draft.things if thing.id.startswith(NEW)}
        there = await world_table.current(self._database.rows, referred)
        names |= {id: read(row).name for id, row in there.items()}
        found = []
        for thing in draft.things:
            row = now_there.get(thing.id)
            found += differences(read(row) if row else None, thing, names)
        return found

    async def approve(
        self, ids: Iterable[str], by: Principal, *, seal: str = "", allow_same_name: bool = False
    ) -> list[Decided]:
        """Make each of them true by itself, in the order given: one that can't be leaves the others.

        Several at once need the `seal_of` what the person was shown, every word of it. Nobody approves their own,
        unless the settings say so. A draft of a record that was changed since is a Conflict that shows both. Raises
        AccessDenied where this person may approve nothing, BadInput without a seal, and Conflict for a wrong one.
        """
        check(by, Act.APPROVE_WORLD)
        wanted = list(dict.fromkeys(ids))
        if len(wanted) > 1:
            await self._check_seal(wanted, seal)
        return [await self._each(id, partial(self._approve, id, by, allow_same_name)) for id in wanted]

    async def reject(self, ids: Iterable[str], by: Principal, why: str = "") -> list[Decided]:
        """Turn each of them down; people may take back their own. Raises AccessDenied for one that is neither."""
        said = clean(why)[:MOST_REASON]
        return [await self._each(id, partial(self._reject, id, by, said)) for id in ids]

    async def list(self, state: State | None = "open", limit: int = 200) -> list[Draft]:
        """Open ones the oldest first; decided ones, or all (None), the newest first."""
        rows = await table.of(self._database.rows, state, limit)
        return await asyncio.to_thread(lambda: [_draft(row) for row in rows])

    async def count(self) -> int:
        """How many are open, however many `list` gives."""
        return await table.count(self._database.rows)

    def may_approve(self, draft: Draft, by: Principal) -> bool:
        """Whether it waits for this person, who has given what they are asked for."""
        may = self._settings.requester_may_approve
        try:
            check(by, Act.APPROVE_WORLD, requester=draft.by_id, requester_may_approve=may, owners=self._owners)
        except AccessDenied:
            return False
        return True

    async def _check_seal(self, ids: Sequence[str], seal: str) -> None:
        if not seal:
            raise BadInput(
                "Several drafts are approved together only once they were read.",
                "Look at them first: haven world approve ID ID shows every word of them.",
            )
        if seal != seal_of(await self.get_many(ids)):
            raise Conflict("These are not the drafts that were shown.", "Look at them again, then approve them.")

    async def _each(self, id: str, work: Callable[[Transaction], Awaitable[Decided]]) -> Decided:
        try:
            return await self._database.write(work)
        except HavenError as problem:
            return Decided(id, problem)

    async def _approve(self, id: str, by: Principal, allow_same_name: bool, tx: Transaction) -> Decided:
        row = await _open(tx, id)
        may = self._settings.requester_may_approve
        check(by, Act.APPROVE_WORLD, requester=row.by_id, requester_may_approve=may, owners=self._owners)
        things = _load(row.things)
        await _check_fresh(tx, row, things)
        author = Author(row.by_id, row.by_name, row.face, row.tool, by.name, by.id)
        kept = await writing.keep(tx, prepare(things), author, Terms(allow_same_name=allow_same_name))
        made = tuple(one.thing for one in kept)
        await table.decide(tx, id, "approved", by.id, by.name, write=max(one.write for one in kept))
        await _tell(tx, "draft.approved", row, by, ids=list(made), names=[thing.name for thing in things[:5]])
        return Decided(id, ids=made)

    async def _reject(self, id: str, by: Principal, why: str, tx: Transaction) -> Decided:
        row = await _open(tx, id)
        if by.id != row.by_id or (by.needs_pin and not by.pin_given):
            check(by, Act.APPROVE_WORLD)
        await table.decide(tx, id, "rejected", by.id, by.name, why)
        names = [thing.name for thing in _load(row.things)[:5]]
        await _tell(tx, "draft.rejected", row, by, why=why, names=names)
        return Decided(id)


async def _open(tx: Transaction, id: str) -> DraftRow:
    """Raises NotFound, and Conflict where it was decided already."""
    row = await _found(tx.execute_fetchall, id)
    if row.state != "open":
        raise Conflict(f"{id} was {row.state} by {row.decided_by} already.", "Nothing was done.")
    return row


async def _found(read: world_table.Read, id: str) -> DraftRow:
    row = await table.get(read, id)
    if row is None:
        raise NotFound(f"There is no draft {id!r}.", "See the open ones: haven world drafts")
    return row


async def _check_fresh(tx: Transaction, row: DraftRow, things: Sequence[Thing]) -> None:
    """Raises Conflict where a record was added, changed or removed since the draft was made."""
    there = await world_table.current(tx.execute_fetchall, [thing.id for thing in things])
    for thing in things:
        seen, found = row.made_from.get(thing.id), there.get(thing.id)
        if seen == (found.version if found is not None else None):
            continue
        if seen is None and found is not None:
            raise Conflict(f"{thing.id} was added by {found.by} since this was proposed.", "Reject the draft.")
        if found is None or seen is None:
            raise Conflict(
                f"{thing.name} was removed since this was proposed.", "Reject the draft, or undo the removal."
            )
        past = await world_table.history(tx.execute_fetchall, thing.id)
        raise Conflict(
            f"{thing.name} was changed by {found.by} since this was proposed: {_stale(past[seen - 1], found, thing)}.",
            "Reject it and propose it anew from how it is now.",
        )


def _stale(base: VersionRow, found: VersionRow, proposed: Thing) -> str:
    """What it was, is now, and would be, of the fields that were changed since."""
    was, current = read(base), read(found)
    wanted = {one.field: one.after for one in differences(was, proposed)}
    parts = []
    for one in differences(was, current)[:NAMED]:
        before, after = one.short(60)
        would = f", the draft says {wanted[one.field][:60]!r}" if one.field in wanted else ""
        parts.append(f"{one.field} was {before!r} and is {after!r} now{would}")
    return "; ".join(parts) or "it was changed and put back"


async def _tell(tx: Transaction, kind: str, row: DraftRow, by: Principal, **about: object) -> None:
    """`for` is the one who proposed it, on which face: they want to know."""
    await events.record(tx, kind, row.id, by.id, by=by.name, proposer=row.by_id, proposer_face=row.face, **about)


def _numbered(things: Sequence[Thing]) -> list[Thing]:
    """New records without an id get one, so that a diff can name them."""
    if not things:
        raise BadInput("There is nothing in this proposal.", "Say what is to be added or changed.")
    free = (f"{NEW}{number}" for number in range(1, 2 * len(things) + 2))
    taken = {thing.id for thing in things}
    unused = (id for id in free if id not in taken)
    return [thing if thing.id else thing.model_copy(update={"id": next(unused)}) for thing in things]


def _dump(things: Sequence[Thing]) -> str:
    text = json.dumps([thing.model_dump(mode="json", exclude_defaults=True) | {"kind": thing.kind} for thing in things])
    if len(text.encode()) > MOST_BYTES:
        raise BadInput(
            f"This proposal is larger than {MOST_BYTES // 1000} kB.",
            "Propose it in parts, or ask a reviewer to import it.",
        )
    return text


def _load(text: str) -> list[Thing]:
    return [THING.validate_python(one) for one in json.loads(text)]


def _draft(row: DraftRow) -> Draft:
    return Draft(
        id=row.id,
        at=row.at,
        by_id=row.by_id,
        by=row.by_name,
        stranger=row.stranger,
        face=row.face,
        tool=row.tool,
        reason=row.reason,
        things=tuple(_load(row.things)),
        made_from=row.made_from,
        state=row.state,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        why=row.why,
    )
