"""What the tables hold of one person: found, handed out, and forgotten.

What is somebody's own goes. What others rest on (who approved a change, what was spent) keeps its rows and loses the
name: an id that names nobody takes its place.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

from haven.store.database import Database, Row, Transaction

NOBODY = "somebody who left"
ALIAS = "left:"
"""How the ids begin that take a person's place."""
EMPTY = "x'789c030000000001'"
"""Nothing, compressed."""
PER_KIND = 20_000
"""The most rows of a kind that are handed out: as much as a file may hold."""

HELD: Mapping[str, str] = {
    "round table": "select at, move, who, whom, assistant, words, why, tier, model, usd from transcript"
    " where person = :me",
    "outcomes": "select at, kind, words, tier, model, score, usd, face from outcome where principal = :me",
    "verdicts": "select at, outcome_id, value from verdict where principal = :me",
    "waiting requests": "select at, state, task, reason, reply from waiting where principal = :me",
    "changes": "select id, created_at as at, kind, title, request, state, evidence from change where requester = :me",
    "private notes": "select at, change_id, words from private_note"
    " where change_id in (select id from change where requester = :me)",
    "decisions": "select at, change_id, round, commit_id as 'commit' from approval where principal = :me"
    " union all select updated_at, id, round, merged from change where decided_by = :me",
    "drafts": "select at, id, state, reason, things from world_draft where by_id = :me",
    "approvals in the world": "select decided_at as at, id, state, why from world_draft where decided_by_id = :me"
    " union all select at, cast(id as text), 'approved', '' from world_write where approved_by_id = :me",
    "world writes": "select at, id, tool, face, approved_by from world_write where by_id = :me",
    "watches": "select at, id, said, wants from watch where principal = :me",
    "ledger lines": "select at, kind, purpose, model, recipient, charged as usd, sent from ledger"
    " where principal = :me",
    "switches and caps": "select at, name, is_on as 'set' from switch where by_id = :me"
    " union all select at, name, usd from cap where by_id = :me or person = :me",
    "account": "select created_at as at, id, name, role from account where principal = :me",
    "browsers": "select created_at as at, seen_at, browser from web_session"
    " where account in (select id from account where principal = :me)",
    "programs": "select created_at as at, used_at, name, scopes from api_token"
    " where account in (select id from account where principal = :me)",
    "messages": "select face, subject, data from card where instr(data, :quoted)",
    "events": "select at, kind, subject, data from event where actor = :me or subject = :me or instr(data, :quoted)",
}
"""Each kind of thing that is kept of a person."""

GOES = (
    "delete from web_session where account in (select id from account where principal = :me)",
    "delete from api_token where account in (select id from account where principal = :me)",
    "delete from account where principal = :me",
    "delete from reply_cache where words in (select words from outcome where principal = :me and words <> '')",
    "delete from transcript where person = :me",
    "delete from verdict where principal = :me",
    # The change is called after nobody by now.
    "delete from private_note where change_id in (select id from change where requester = :alias)",
    "update outcome set principal = :alias, words = '', vector = null, score_reasons = '[]', request = ''"
    " where principal = :me",
    "delete from job where kind = 'waiting' and subject in (select id from waiting where principal = :me)",
    "delete from waiting where principal = :me",
    "delete from watch_told where watch in (select id from watch where principal = :me)",
    "delete from watch where principal = :me",
    "delete from world_draft where by_id = :me",
    "delete from card where instr(data, :quoted) and json_extract(data, '$.asker') = :me",
    f"update reservation set sent = {EMPTY} where principal = :me and sent <> {EMPTY}",
)
"""Somebody's own words."""

STAYS = (
    # A word for a change that is still open must not count once more under another id.
    "delete from approval where principal = :me and change_id in (select id from change where state not in {closed})",
    "update or ignore approval set principal = :alias, name = :nobody where principal = :me",
    "update change set requester_name = :nobody where requester = :me",
    "update change set requester = :alias where requester = :me",
    "update change set decided_by = :alias where decided_by = :me",
    "update round set by_id = :alias where by_id = :me",
    "update change set stop = :alias where stop = :me",
    "update world_draft set decided_by_id = :alias, decided_by = :nobody where decided_by_id = :me",
    "update world_write set approved_by_id = :alias, approved_by = :nobody where approved_by_id = :me",
    "update world_write set by_id = :alias, by_name = :nobody where by_id = :me",
    "update alert set acknowledged_by_id = :alias, acknowledged_by = :nobody where acknowledged_by_id = :me",
    "update switch set by_id = :alias, by_name = :nobody where by_id = :me",
    "update cap set by_id = :alias, by_name = :nobody where by_id = :me",
    "update event set data = json_set(data, '$.by', :nobody)"
    " where actor = :me and json_extract(data, '$.by') is not null",
    "update event set actor = :alias where actor = :me",
)
"""What others rest on: the rows stay, and nobody can tell whose they were."""

SWITCHED = "switched the cloud off"
"""After somebody's name: why what waited did so. Other reasons name nobody."""
CLOSED = "('merged', 'rejected', 'cancelled', 'reverted')"
KEPT = frozenset({"cap", "leaving", "thing_version"})
"""Tables in which an id may be left: a cap that the owner has set for somebody, and the records of the world, which
are never rewritten. `leaving`, and the ledger's two with it, only until the day is over."""


async def held(database: Database, person: str) -> dict[str, int]:
    """How many rows of each kind there are."""
    found = {}
    for kind, sql in HELD.items():
        row = await database.row(f"select count(*) from ({sql})", _about(person))
        found[kind] = int(row[0]) if row else 0
    return found


async def given(database: Database, person: str) -> dict[str, list[dict[str, Any]]]:
    """All of it, as it stands there; texts of JSON are read."""
    return {
        kind: [_told(row) for row in await database.rows(f"{sql} limit {PER_KIND}", _about(person))]
        for kind, sql in HELD.items()
    }


async def open_changes(tx: Transaction, person: str) -> list[str]:
    """Ids of the person's changes that are not over."""
    sql = f"select id from change where requester = ? and state not in {CLOSED} order by created_at"
    return [str(row[0]) for row in await tx.execute_fetchall(sql, (person,))]


async def is_asking(tx: Transaction, person: str) -> bool:
    """Whether a call for the person is under way."""
    sql = "select 1 from open_call join reservation using (id) where principal = ? limit 1"
    return bool(await tx.execute_fetchall(sql, (person,)))


async def forget(tx: Transaction, person: str, alias: str, today: int) -> None:
    """Let the person's own words go, and their id and names from what stays; `today` is a day of the ledger."""
    values = {**_about(person), "alias": alias, "nobody": NOBODY}
    names = await tx.execute_fetchall("select distinct by_name from switch where by_id = :me", values)
    for row in names:  # before the switch itself forgets them
        await _everywhere(tx, f"{row[0]} {SWITCHED}", f"{NOBODY} {SWITCHED}")
    for sql in (*STAYS, *GOES):
        await tx.execute(sql.format(closed=CLOSED), values)
    await _sweep(tx, person, alias)
    newest = "select coalesce(max(cast(at / 86400 as integer)), 0) from reservation where principal = :me"
    last = max(today, *(int(row[0]) for row in await tx.execute_fetchall(newest, values)))
    await tx.execute("insert or replace into leaving values (?, ?, ?)", (person, alias, last))
    await finish(tx, today)


async def finish(tx: Transaction, today: int) -> int:
    """The ledger's lines of those whose last day is over lose their id; how many people are gone for good."""
    gone = 0
    for row in await tx.execute_fetchall("select principal, alias, day from leaving"):
        person, alias, last = row[0], row[1], row[2]
        still = "select cast(at / 86400 as integer) from reservation where principal = :me"
        values = {"me": person, "alias": alias, "last": last, "today": today}
        await tx.execute(
            "update reservation set principal = :alias where principal = :me and cast(at / 86400 as integer)"
            " between 0 and min(:last, :today - 1) and id not in (select id from open_call)",
            values,
        )
        over = f"from spending where principal = :me and day <= :last and day not in ({still})"
        await tx.execute(f"insert into spending select day, :alias, usd {over}", values)
        await tx.execute(f"delete {over}", values)
        left = "select 1 from spending where principal = :me and day <= :last union all select 1 from reservation"
        if not await tx.execute_fetchall(f"{left} where principal = :me and at < (:last + 1) * 86400", values):
            await tx.execute("delete from leaving where principal = :me", values)
            gone += 1
    return gone


async def _sweep(tx: Transaction, person: str, alias: str) -> None:
    """Wherever else the id stands in a text, such as a mention or somebody's note of it."""
    number = person.removeprefix("discord:") if person.startswith("discord:") else ""
    for table, name in await _texts(tx):
        if number:  # eighteen digits are nobody else's
            await tx.execute(
                f"update or ignore {table} set {name} = replace(replace({name}, ?1, ?2), ?3, '0')"
                f" where instr({name}, ?3)",
                (person, alias, number),
            )
        else:
            await tx.execute(
                f"update or ignore {table} set {name} = case when {name} = ?1 then ?2"
                f" else replace({name}, ?3, ?4) end where {name} = ?1 or instr({name}, ?3)",
                (person, alias, f'"{person}"', f'"{alias}"'),
            )


async def _everywhere(tx: Transaction, before: str, after: str) -> None:
    for table, name in await _texts(tx):
        sql = f"update or ignore {table} set {name} = replace({name}, ?1, ?2) where instr({name}, ?1)"
        await tx.execute(sql, (before, after))


async def _texts(tx: Transaction) -> list[tuple[str, str]]:
    """Every table with each column of texts that may be changed."""
    skipped = KEPT | {"reservation", "settlement", "spending", "world_write"}
    tables = await tx.execute_fetchall(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
    )
    return [
        (f'"{table}"', f'"{column[0]}"')
        for table in sorted({str(row[0]) for row in tables} - skipped)
        for column in await tx.execute_fetchall(f"select name from pragma_table_info('{table}') where type = 'TEXT'")
    ]


def _about(person: str) -> dict[str, Any]:
    return {"me": person, "quoted": f'"{person}"'}


def _told(row: Row) -> dict[str, Any]:
    return {name: _read(name, row[name]) for name in row.keys()}  # noqa: SIM118 - a Row iterates values


def _read(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return zlib.decompress(value).decode("utf-8", "replace")
    if isinstance(value, str) and name in {"data", "task", "reply", "things", "wants"} and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
