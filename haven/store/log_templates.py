"""Templates of log lines that were seen before, so that a new one stands out; no line itself is kept."""

from __future__ import annotations

from collections.abc import Collection

from haven.store.database import Database, Transaction

KEEP_S = 90 * 86_400
"""One that was not seen for so long counts as new again."""


async def known_since(database: Database, source: str) -> float | None:
    """When the first template of this source was seen; None where it was never read."""
    row = await database.row("select min(first_at) from log_template where source = ?", (source,))
    return row[0] if row else None


async def first_seen(database: Database, source: str) -> dict[str, float]:
    """Each known template of a source, and when it was seen first."""
    rows = await database.rows("select template, first_at from log_template where source = ?", (source,))
    return {row["template"]: row["first_at"] for row in rows}


async def see(database: Database, source: str, templates: Collection[str], at: float) -> None:
    """Remember that these were seen at the moment `at`; forget what was not seen for long."""

    async def work(tx: Transaction) -> None:
        await tx.executemany(
            "insert into log_template values (?, ?, ?, ?) on conflict do update set last_at = excluded.last_at",
            [(source, template, at, at) for template in templates],
        )
        await tx.execute("delete from log_template where last_at < ?", (at - KEEP_S,))

    await database.write(work, quiet=True)
