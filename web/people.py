"""Who has an account of the dashboard: their role, who they are on Discord, and their end. An owner's work."""

from __future__ import annotations

import re

from haven.access import WEB_OWNER, Act, Principal, Role, check
from haven.errors import BadInput, Conflict, NotFound
from haven.store import accounts as table
from haven.store.accounts import Account
from haven.store.database import Database, Transaction
from haven.store.events import record

NUMBER = re.compile(r"\d{15,20}")
ROLES = (Role.MEMBER, Role.REVIEWER, Role.OWNER)


async def there(database: Database, id: str) -> Account:
    """The account of that number, as it stands in an address. Raises NotFound."""
    account = await table.get(database, int(id)) if id.isascii() and id.isdigit() and len(id) < 16 else None
    if account is None:
        raise NotFound("There is no such account any more.", "Look at the list again.")
    return account


def role_of(name: str) -> Role:
    """The role that a form names. Raises BadInput for one that accounts do not have."""
    if (role := {one.name.lower(): one for one in ROLES}.get(name)) is None:
        raise BadInput(f"There is no role {name[:40]!r}.", "Choose member, reviewer or owner.")
    return role


async def set_role(database: Database, by: Principal, account: Account, role: Role) -> None:
    """It holds from their next step on. Raises Conflict where no owner would be left."""
    check(by, Act.SETTINGS)

    async def work(tx: Transaction) -> None:
        await table.set_role(tx, account.id, role)
        await _check_owned(tx)
        await record(tx, "account.role", account.principal_id, by.id, role=role.name.lower())

    await database.write(work)


async def link(database: Database, by: Principal, account: Account, number: str) -> None:
    """They are that person of Discord everywhere from now on, their conversations with them; with "" nobody of Discord
    any more.

    Raises BadInput for what is no id, Conflict where another account is linked to it, and while a change or a draft of
    theirs is open: nobody may decide their own under another name.
    """
    check(by, Act.SETTINGS)
    number = number.strip()
    if number and not NUMBER.fullmatch(number):
        raise BadInput(
            "A Discord id is 15 to 20 digits.",
            "In Discord: Settings, Advanced, Developer Mode; then right-click the person, Copy User ID.",
        )
    if not number and not account.principal_id.startswith("discord:"):
        return

    async def work(tx: Transaction) -> None:
        principal = f"discord:{number}" if number else await _own_principal(tx, account)
        if principal == account.principal_id:
            return
        if waiting := await table.open_work(tx, account.principal_id):
            raise Conflict(
                f"Something that {account.name} asked for is still open: {', '.join(waiting)}.",
                "Decide it first, or let them take it back.",
            )
        await table.link(tx, account.id, account.principal_id, principal)
        await record(tx, "account.linked", principal, by.id, before=account.principal_id)

    await database.write(work)


async def remove(database: Database, by: Principal, account: Account) -> None:
    """With their browsers and programs. What they did stays. Raises Conflict where no owner would be left."""
    check(by, Act.SETTINGS)

    async def work(tx: Transaction) -> None:
        await table.remove(tx, account.id)
        await _check_owned(tx)
        await record(tx, "account.removed", account.principal_id, by.id)

    await database.write(work)


async def _own_principal(tx: Transaction, account: Account) -> str:
    """Who an account is that is linked to nobody. An owner's counts as the owner's hand again where none does."""
    if account.role == Role.OWNER and not await table.is_taken(tx, WEB_OWNER):
        return WEB_OWNER
    return table.fresh_principal()


async def _check_owned(tx: Transaction) -> None:
    """What was done so far is undone where this raises."""
    if not await table.with_role(tx, Role.OWNER):
        raise Conflict("Nobody could log in as an owner any more.", "Make somebody else an owner first.")
