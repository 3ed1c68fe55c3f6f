"""People of the dashboard, the browsers that they are logged in with, and the programs that speak for them."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass

from haven.errors import Conflict
from haven.store.database import Database, Row, Transaction, now
from haven.store.privacy import open_changes

SEEN_S = 300.0
"""A session's last use is written at most so often."""
FOLLOWS = (
    "update transcript set person = :now where person = :before",
    "update card set data = json_set(data, '$.asker', :now) where json_extract(data, '$.asker') = :before",
    "update waiting set principal = :now, task = json_set(task, '$.principal.id', :now) where principal = :before",
    "update outcome set principal = :now where principal = :before",
    "update verdict set principal = :now where principal = :before",
    "update watch set principal = :now where principal = :before",
    "update cap set person = :now where person = :before",
    "update change set requester = :now where requester = :before",
    "update change set decided_by = :now where decided_by = :before",
    "update round set by_id = :now where by_id = :before",
    "update or ignore approval set principal = :now where principal = :before",
    "delete from approval where principal = :before",  # of a commit that they approved on Discord too: one word
    "update or ignore world_draft set by_id = :now where by_id = :before",
    "update world_draft set decided_by_id = :now where decided_by_id = :before",
)
"""What goes along when an account becomes a person of Discord: one person is one id, whose words count once. The
ledger and the world's history stay as they were written."""


@dataclass(frozen=True)
class Account:
    """A person of the dashboard. `password`, `pin` and `invitation` are hashes, "" where there is none."""

    id: int
    principal_id: str
    name: str
    role: int
    """As `haven.access.Role` counts them."""
    password: str
    pin: str
    invitation: str
    invited_until: float
    created_at: float


@dataclass(frozen=True)
class Session:
    """A browser that is logged in."""

    hash: str
    account: int
    created_at: float
    seen_at: float
    browser: str


@dataclass(frozen=True)
class Token:
    """A program that speaks for a person."""

    id: int
    account: int
    name: str
    scopes: tuple[str, ...]
    created_at: float
    used_at: float | None


async def every(database: Database) -> list[Account]:
    """By name."""
    return [_account(row) for row in await database.rows("select * from account order by name", ())]


async def get(database: Database, id: int) -> Account | None:
    row = await database.row("select * from account where id = ?", (id,))
    return _account(row) if row else None


async def named(database: Database, name: str) -> Account | None:
    """Whatever the case."""
    row = await database.row("select * from account where name = ?", (name,))
    return _account(row) if row else None


async def of_principal(database: Database, principal: str) -> Account | None:
    row = await database.row("select * from account where principal = ?", (principal,))
    return _account(row) if row else None


async def invited(database: Database, code_hash: str) -> Account | None:
    """Whose unused invitation this is, if it still holds."""
    sql = "select * from account where invitation = ? and invitation <> '' and invited_until > ?"
    row = await database.row(sql, (code_hash, now()))
    return _account(row) if row else None


async def is_invited(tx: Transaction, id: int, code_hash: str) -> bool:
    """Whether that invitation is still theirs: it may have been used meanwhile, or another one given."""
    sql = "select 1 from account where id = ? and invitation = ?"
    return bool(await tx.execute_fetchall(sql, (id, code_hash)))


async def add(tx: Transaction, name: str, role: int, principal: str = "") -> int:
    """The new account's id; without a `principal` it gets one of its own. Raises Conflict for a name that is taken."""
    try:
        cursor = await tx.execute(
            "insert into account (principal, name, role, created_at) values (?, ?, ?, ?)",
            (principal or fresh_principal(), name, role, now()),
        )
    except sqlite3.IntegrityError:
        raise Conflict("Somebody has that name already.", "Choose another one.") from None
    return int(cursor.lastrowid or 0)


def fresh_principal() -> str:
    """An id that nobody ever had: what somebody who left did must not become the next one's."""
    return f"web:{10**8 + secrets.randbelow(9 * 10**8)}"


async def set_password(tx: Transaction, id: int, hash: str) -> list[str]:
    """An invitation is used up with it, every browser of theirs is logged out, and every token ends: whoever knew the
    old password may have made one. The names of these."""
    await tx.execute("update account set password = ?, invitation = '' where id = ?", (hash, id))
    await tx.execute("delete from web_session where account = ?", (id,))
    ended = await tx.execute_fetchall("delete from api_token where account = ? returning name", (id,))
    return [str(row[0]) for row in ended]


async def set_pin(tx: Transaction, id: int, hash: str) -> None:
    await tx.execute("update account set pin = ? where id = ?", (hash, id))


async def invite(tx: Transaction, id: int, code_hash: str, until: float) -> None:
    await tx.execute("update account set invitation = ?, invited_until = ? where id = ?", (code_hash, until, id))


async def set_role(tx: Transaction, id: int, role: int) -> None:
    await tx.execute("update account set role = ? where id = ?", (role, id))


async def link(tx: Transaction, id: int, before: str, principal: str) -> None:
    """Be that person everywhere from now on, who was `before`. Raises Conflict where another account is."""
    try:
        await tx.execute("update account set principal = ? where id = ?", (principal, id))
    except sqlite3.IntegrityError:
        raise Conflict("Another account is that person already.", "Unlink that one first.") from None
    if before.startswith("web:"):  # what was said on Discord stays with whom of Discord it was said by
        for sql in FOLLOWS:
            await tx.execute(sql, {"before": before, "now": principal})


async def is_taken(tx: Transaction, principal: str) -> bool:
    """Whether somebody has that id."""
    return bool(await tx.execute_fetchall("select 1 from account where principal = ?", (principal,)))


async def open_work(tx: Transaction, principal: str) -> list[str]:
    """Ids of the person's changes and drafts that wait for a decision: nobody decides them under another id."""
    sql = "select id from world_draft where by_id = ? and state = 'open' order by at"
    drafts = [str(row[0]) for row in await tx.execute_fetchall(sql, (principal,))]
    return [*await open_changes(tx, principal), *drafts]


async def remove(tx: Transaction, id: int) -> None:
    """With its sessions and tokens."""
    for sql in ("web_session where account", "api_token where account", "account where id"):
        await tx.execute(f"delete from {sql} = ?", (id,))


async def with_role(tx: Transaction, role: int) -> int:
    """How many accounts of that role have a password."""
    sql = "select count(*) from account where role = ? and password <> ''"
    return int((await tx.execute_fetchall(sql, (role,)))[0][0])


async def is_last_owner(tx: Transaction, principal: str) -> bool:
    """Whether nobody else can log in as an owner."""
    sql = "select count(*), coalesce(sum(principal = ?), 0) from account where role = 3 and password <> ''"
    [row] = await tx.execute_fetchall(sql, (principal,))
    return tuple(row) == (1, 1)


async def may_log_in(database: Database, role: int) -> bool:
    """Whether somebody of that role can."""
    sql = "select 1 from account where role = ? and password <> '' limit 1"
    return await database.row(sql, (role,)) is not None


async def log_in(tx: Transaction, hash: str, account: int, browser: str, keep: int) -> None:
    """A new session; beyond `keep` of a person the ones that were not used for longest end."""
    await tx.execute("insert into web_session values (?, ?, ?, ?, ?)", (hash, account, now(), now(), browser))
    await tx.execute(
        "delete from web_session where account = ?1 and hash not in"
        " (select hash from web_session where account = ?1 order by seen_at desc, created_at desc limit ?2)",
        (account, keep),
    )


async def log_out(tx: Transaction, hash: str) -> None:
    await tx.execute("delete from web_session where hash = ?", (hash,))


async def session(database: Database, hash: str, idle_s: float, longest_s: float) -> tuple[Session, Account] | None:
    """The session and whose it is, unless it was idle for too long or is too old."""
    sql = "select * from web_session where hash = ? and seen_at > ? and created_at > ?"
    row = await database.row(sql, (hash, now() - idle_s, now() - longest_s))
    if row is None or (account := await get(database, row["account"])) is None:
        return None
    found = _session(row)
    if now() - found.seen_at > SEEN_S:
        work = "update web_session set seen_at = ? where hash = ?"
        await database.write(lambda tx: tx.execute(work, (now(), hash)), quiet=True)
    return found, account


async def sessions(database: Database, account: int) -> list[Session]:
    """The newest use first."""
    sql = "select * from web_session where account = ? order by seen_at desc"
    return [_session(row) for row in await database.rows(sql, (account,))]


async def log_out_others(tx: Transaction, account: int, but: str = "") -> None:
    """Every browser of theirs, but the session of that hash."""
    await tx.execute("delete from web_session where account = ? and hash <> ?", (account, but))


async def drop_old(tx: Transaction, idle_s: float, longest_s: float) -> None:
    """Sessions that are over."""
    sql = "delete from web_session where seen_at < ? or created_at < ?"
    await tx.execute(sql, (now() - idle_s, now() - longest_s))


async def add_token(tx: Transaction, hash: str, account: int, name: str, scopes: tuple[str, ...]) -> int:
    cursor = await tx.execute(
        "insert into api_token (hash, account, name, scopes, created_at) values (?, ?, ?, ?, ?)",
        (hash, account, name, " ".join(scopes), now()),
    )
    return int(cursor.lastrowid or 0)


async def tokens(database: Database, account: int) -> list[Token]:
    """The oldest first."""
    sql = "select * from api_token where account = ? order by id"
    return [_token(row) for row in await database.rows(sql, (account,))]


async def count_tokens(tx: Transaction, account: int) -> int:
    rows = await tx.execute_fetchall("select count(*) from api_token where account = ?", (account,))
    return int(next(iter(rows))[0])


async def token(database: Database, hash: str) -> tuple[Token, Account] | None:
    """The token and for whom it speaks."""
    row = await database.row("select * from api_token where hash = ?", (hash,))
    if row is None or (account := await get(database, row["account"])) is None:
        return None
    if row["used_at"] is None or now() - row["used_at"] > SEEN_S:
        work = "update api_token set used_at = ? where id = ?"
        await database.write(lambda tx: tx.execute(work, (now(), row["id"])), quiet=True)
    return _token(row), account


async def drop_token(tx: Transaction, id: int, account: int) -> None:
    await tx.execute("delete from api_token where id = ? and account = ?", (id, account))


def _account(row: Row) -> Account:
    return Account(
        id=row["id"],
        principal_id=row["principal"],
        name=row["name"],
        role=row["role"],
        password=row["password"],
        pin=row["pin"],
        invitation=row["invitation"],
        invited_until=row["invited_until"],
        created_at=row["created_at"],
    )


def _session(row: Row) -> Session:
    return Session(row["hash"], row["account"], row["created_at"], row["seen_at"], row["browser"])


def _token(row: Row) -> Token:
    scopes = tuple(str(row["scopes"]).split())
    return Token(row["id"], row["account"], row["name"], scopes, row["created_at"], row["used_at"])
