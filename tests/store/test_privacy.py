"""Forgetting somebody: their words go, others' accounts stay, and their id is nowhere any more."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from haven.access import Principal, Role
from haven.errors import AccessDenied, BadInput, Conflict
from haven.privacy import Privacy
from haven.store import privacy as table
from haven.store.database import Database, Transaction, opened
from haven.store.ledger import DAY_S
from haven.store.privacy import SWITCHED

NUMBER = "123456789012345678"
ME, OTHER = f"discord:{NUMBER}", "discord:987654321098765432"
TODAY = 20_000 * DAY_S + 3_600.0
ANN = Principal(ME, "Ann", Role.MEMBER, "bot")
BOB = Principal(OTHER, "Bob", Role.MEMBER, "bot")
OWNER = Principal("unix:1000", "root", Role.OWNER, "cli")


def rows(state: str = "merged") -> list[tuple[str, dict[str, Any]]]:
    """Two of everything that is kept of people: one of Ann's, one of Bob's."""
    several = [*enumerate(((ME, "Ann"), (OTHER, "Bob")), 1)]
    return [
        row for number, (who, name) in several for row in (*work(number, who, name, state), *words(number, who, name))
    ]


def work(number: int, who: str, name: str, state: str) -> list[tuple[str, dict[str, Any]]]:
    """What others rest on."""
    id, at = f"{number:x}" * 4, {"at": TODAY - DAY_S}
    change = {"key": id, "kind": "fix", "title": "t", "request": f"{name} asked", "assistant": "a", "reasons": "[]"}
    change |= {"requester": who, "requester_name": name, "face": "bot", "state": state, "target": "main"}
    change |= {"decided_by": who, "stop": who, "created_at": 1.0, "updated_at": 1.0}
    change |= {"reason": f"{name} then {SWITCHED} on 3 May."}
    sent = {"process": "p", "principal": who, "purpose": "x", "tier": "cloud", "model": "m", "recipient": "r"}
    sent |= {"sent": zlib.compress(f"{name}'s words".encode()), "sent_sha256": "", "sent_chars": 3, "worst_usd": 0.5}
    # names change: who decided is known by their id alone
    approved = {"approved_by": f"{name} once", "approved_by_id": who}
    taken = {"acknowledged_by": f"{name} twice", "acknowledged_by_id": who}
    event = {"kind": "draft.approved", "subject": "theirs", "actor": who, "data": json.dumps({"by": name})}
    mention = {"kind": "note", "subject": "x", "actor": "haven", "data": json.dumps({"who": who, "t": f"<@{who[8:]}>"})}
    return [
        ("change", {"id": id, **change}),
        ("private_note", {"change_id": id, "words": f"{name}'s own", **at}),
        ("approval", {"change_id": id, "round": 1, "commit_id": "c", "principal": who, "name": name, **at}),
        ("reservation", {"id": number, **sent, **at}),
        ("settlement", {"id": number, "state": "settled", "usd": 0.25, **at}),
        ("reservation", {"id": number + 10, **sent, "at": TODAY}),
        ("settlement", {"id": number + 10, "state": "unknown", **at}),
        ("world_write", {"id": number, "by_id": who, "by_name": name, "tool": "x", "approved_by": "", **at}),
        ("world_write", {"id": number + 10, "by_id": "discord:5", "by_name": "Eve", "tool": "x", **at, **approved}),
        ("alert", {"id": id, "cause": id, "level": "urgent", "text": "t", "raised_at": 1.0, **taken}),
        ("switch", {"name": "cloud", "is_on": 0, "by_id": who, "by_name": f"{name} then", **at}),
        ("cap", {"name": "daily_usd", "usd": 1.0, "by_id": who, "by_name": name, **at}),
        ("event", event | at),
        ("event", mention | at),
        ("note", {"key": f"seen.{id}", "value": f"by <@{who[8:]}>"}),
    ]


def words(number: int, who: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    """What is somebody's own."""
    id, at, asked = f"{number:x}" * 4, {"at": TODAY - DAY_S}, f"what does {name} ask"
    done = {"kind": "answer", "face": "bot", "complexity": "simple", "hardness": 0.1, "tier": "local", "model": "m"}
    done |= {"words": asked, "prompt_version": "1", "score": 80, "pass_mark": 70}
    said = {"request": id, "move": "asks", "who": name, "whom": "table", "person": who, "words": "hello"}
    draft = {"id": id, "by_id": who, "by_name": name, "stranger": 0, "face": "bot", "tool": "x", "things": "[]"}
    decided = {"decided_by": f"{name} thrice", "decided_by_id": who, "decided_at": TODAY - DAY_S}
    watch = {"principal": who, "name": name, "face": "bot", "said": "s", "wants": "{}", "seen": 1}
    return [
        ("outcome", {"id": number, "principal": who, **done, **at}),
        ("verdict", {"outcome_id": number, "principal": who, "value": 1, **at}),
        ("reply_cache", {"exact": id, "asks": "", "words": asked, "reply": "{}", "expires": 9e9, **at}),
        ("waiting", {"id": id, "principal": who, "face": "bot", "task": "{}", "reason": "r", "state": "failed", **at}),
        ("job", {"kind": "waiting", "subject": id, "key": f"waiting:{id}", "run_at": 1.0}),
        ("transcript", {**said, **at}),
        ("world_draft", draft | at),
        ("world_draft", draft | at | {"id": f"to-{id}", "by_id": "discord:5", "by_name": "Eve"} | decided),
        ("watch", {"id": id, **watch, **at}),
        ("watch_told", {"watch": id, "thing": "t", "name": "T", **at}),
        ("card", {"face": "discord.answer", "subject": id, "data": json.dumps({"asker": who, "question": "q"})}),
        ("account", {"id": number, "principal": who, "name": name, "role": 1, "created_at": 1.0}),
        ("web_session", {"hash": id, "account": number, "created_at": 1.0, "seen_at": 1.0, "browser": f"{name}'s"}),
        ("api_token", {"hash": id, "account": number, "name": f"{name}'s", "scopes": "read", "created_at": 1.0}),
    ]


async def filled(database: Database, state: str = "merged") -> None:
    async def work(tx: Transaction) -> None:
        for name, row in rows(state):
            marks = ", ".join("?" * len(row))
            await tx.execute(f'insert into "{name}" ({", ".join(row)}) values ({marks})', [*row.values()])
        await tx.execute("update event set subject = 'to-1111' where actor = ?", (ME,))

    await database.write(work)


async def where(database: Database, text: str) -> set[str]:
    """Every table in whose text columns this stands."""
    found = set()
    for row in await database.rows("select name from sqlite_master where type = 'table'"):
        for column in await database.rows(f"select name from pragma_table_info('{row[0]}') where type = 'TEXT'"):
            if await database.rows(f'select 1 from "{row[0]}" where instr("{column[0]}", ?) limit 1', (text,)):
                found.add(str(row[0]))
    return found


async def test_who_is_forgotten_stands_nowhere_and_nobody_elses_row_is_touched(tmp_path: Path) -> None:
    clock = [TODAY]
    async with opened(tmp_path / "haven.db") as database:
        await filled(database)
        privacy = Privacy(database, lambda: clock[0])
        counts, exported = await privacy.held(ANN, ME), (await privacy.export(ANN, ME))["kept"]
        assert {kind: len(several) for kind, several in exported.items()} == counts and 0 not in counts.values()
        assert exported["ledger lines"][0]["sent"] == "Ann's words" and "Bob" not in json.dumps(exported)
        others = await privacy.export(BOB, OTHER)
        spent = await database.rows("select day, sum(usd) from spending group by day")
        assert await where(database, NUMBER) >= {"change", "event", "spending", "note", "card", "world_write"}

        assert await privacy.delete(ANN, ME) == counts
        today_only = {"reservation", "spending", "leaving"}  # today's limits count on it, and it is said so
        assert await where(database, NUMBER) == today_only
        assert await where(database, "Ann") == {"change"}, "the words of the request alone"
        again = await database.row("select sum(usd) from spending where principal = ? and day = 20000", (ME,))
        assert again is not None and again[0] == 0.5, "whoever leaves and comes back has no second budget"
        assert (await privacy.export(BOB, OTHER))["kept"] == others["kept"]
        assert await database.rows("select day, sum(usd) from spending group by day") == spent
        kept = await database.row("select requester, requester_name, decided_by, request from change where id = '1111'")
        assert kept is not None and kept["requester_name"] == table.NOBODY and kept["request"] == "Ann asked"
        assert kept["requester"] == kept["decided_by"] and kept["requester"].startswith(table.ALIAS)
        approved = await database.row("select name from approval where principal = ?", (kept["requester"],))
        assert approved is not None and approved[0] == table.NOBODY

        assert await privacy.finish() == 0, "the day is not over"
        clock[0] += DAY_S
        assert await privacy.finish() == 1
        assert await where(database, NUMBER) == set()
        assert await database.rows("select day, sum(usd) from spending group by day") == spent
        assert set((await privacy.held(OWNER, ME)).values()) == {0}


async def test_nobody_takes_an_open_change_out_from_under_its_name(tmp_path: Path) -> None:
    async with opened(tmp_path / "haven.db") as database:
        await filled(database, state="review")
        privacy = Privacy(database, lambda: TODAY)
        with pytest.raises(Conflict, match="1111"):
            await privacy.delete(ANN, ME)
        assert "transcript" in await where(database, ME)
        await database.write(lambda tx: tx.execute("update change set state = 'cancelled' where id = '1111'"))
        # Bob's change is open, and Ann has approved it: that word must not count beside a new one of hers.
        approval = "insert into approval values ('2222', 1, 'c', ?, 'Ann', 1.0)"
        await database.write(lambda tx: tx.execute(approval, (ME,)))
        await privacy.delete(OWNER, ME)
        left = await database.rows("select principal from approval where change_id = '2222'")
        assert [row[0] for row in left] == [OTHER]
        told = await database.row("select actor, data from event where kind = 'person.left'")
        assert told is not None and told["actor"] == OWNER.id and NUMBER not in told["data"]


async def test_nobody_leaves_while_they_are_being_answered_and_nobody_keeps_the_writer_busy(tmp_path: Path) -> None:
    served = [True]
    async with opened(tmp_path / "haven.db") as database:
        await filled(database)
        privacy = Privacy(database, lambda: TODAY, lambda person: served[0] and person == ME)
        with pytest.raises(Conflict, match="being answered"):
            await privacy.delete(ANN, ME)
        served[0] = False
        left = (
            "insert into reservation (id, at, process, principal, purpose, tier, model, recipient, sent, sent_sha256,"
        )
        left += " sent_chars, worst_usd) values (99, ?, 'p', ?, 'x', 'cloud', 'm', 'r', x'', '', 0, 0)"
        await database.write(lambda tx: tx.execute(left, (TODAY, ME)))
        with pytest.raises(Conflict, match="being answered"):
            await privacy.delete(OWNER, ME)
        await database.write(lambda tx: tx.execute("delete from open_call"))
        assert (await privacy.delete(ANN, ME))["changes"] == 1
        watch = "insert into watch (id, at, principal, name, face, said, wants, seen)"
        await database.write(lambda tx: tx.execute(f"{watch} values ('w', 1, ?, 'A', 'bot', '', '', 1)", (ME,)))
        with pytest.raises(Conflict, match="within this hour"):
            await privacy.delete(ANN, ME)
        written = await database.row("select count(*) from event")
        stranger = Principal("discord:111111111111111111", "Zoe", Role.STRANGER, "bot")
        assert not any((await privacy.delete(stranger, stranger.id)).values())
        assert await database.row("select count(*) from event") == written, "nothing was looked through or written"


async def test_only_the_owner_asks_for_somebody_elses(tmp_path: Path) -> None:
    async with opened(tmp_path / "haven.db") as database:
        privacy = Privacy(database)
        for person in (OTHER, "panel"):
            with pytest.raises(AccessDenied):
                await privacy.held(ANN, person)
        with pytest.raises(BadInput):
            await privacy.delete(OWNER, "panel")
