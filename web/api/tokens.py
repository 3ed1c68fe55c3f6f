"""Tokens of programs: made for a person, shown once, kept as a hash."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from haven.errors import BadInput, Conflict
from haven.quoting import clean
from haven.store import accounts as table
from haven.store.accounts import Account
from haven.store.database import Database, Transaction
from web.accounts import NAME_CHARS, digest
from web.api.endpoint import Scope

MOST = 20
"""Of one person."""
MARK = "haven_"
"""How each begins, so that people, and programs that look for secrets, know one."""


async def make(database: Database, account: Account, name: str, scopes: Iterable[str]) -> str:
    """A new one; nobody can see it again. Raises BadInput, and Conflict where there are too many."""
    flat, wanted = " ".join(clean(name).split()), {*scopes}
    if len(flat) not in NAME_CHARS:
        raise BadInput("A name is 1 to 40 characters.", "Choose another one.")
    kept = tuple(scope.value for scope in Scope if scope in wanted)
    if len(kept) != len(wanted) or not kept:
        raise BadInput("A token needs at least one of the scopes there are.", "Choose what it may be used for.")
    secret = MARK + secrets.token_urlsafe(32)

    async def work(tx: Transaction) -> None:
        await table.add_token(tx, digest(secret), account.id, flat, kept)
        if await table.count_tokens(tx, account.id) > MOST:
            raise Conflict(f"You have {MOST} tokens already.", "Take one back first.")

    await database.write(work)
    return secret
