"""What somebody keeps beside their change for themselves and those who decide it: one text a change."""

from __future__ import annotations

from haven.store.database import Database, Transaction, now


async def put(tx: Transaction, change_id: str, words: str) -> None:
    """In place of what was there; "" leaves nothing."""
    await tx.execute("delete from private_note where change_id = ?", (change_id,))
    if words:
        await tx.execute("insert into private_note values (?, ?, ?)", (change_id, words, now()))


async def of(database: Database, change_id: str) -> str:
    """The words; empty where there are none."""
    row = await database.row("select words from private_note where change_id = ?", (change_id,))
    return str(row[0]) if row else ""
