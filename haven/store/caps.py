"""What the owner caps while Haven runs: rows are only added, the newest of each name and person counts."""

from __future__ import annotations

from dataclasses import dataclass

from haven.store import events
from haven.store.database import Database, Transaction, now

NEWEST = "select * from cap where id in (select max(id) from cap group by name, person) and usd is not null"


@dataclass(frozen=True)
class Cap:
    """US dollars; `person` is "" for everybody, and `usd` None gives the word back to the settings."""

    name: str
    usd: float | None
    person: str = ""
    at: float = 0.0
    by_id: str = ""
    by_name: str = ""


async def put(tx: Transaction, cap: Cap) -> None:
    """It holds from the next call on; its event is written with it."""
    await tx.execute(
        "insert into cap (name, person, usd, at, by_id, by_name) values (?, ?, ?, ?, ?, ?)",
        (cap.name, cap.person, cap.usd, now(), cap.by_id, cap.by_name),
    )
    await events.record(tx, "cap.set", cap.name, cap.by_id, by=cap.by_name, person=cap.person, usd=cap.usd)


async def in_force(tx: Transaction, person: str) -> dict[tuple[str, str], float]:
    """By name and person: those of everybody and of one."""
    rows = await tx.execute_fetchall(f"{NEWEST} and person in ('', ?)", (person,))
    return {(row["name"], row["person"]): float(row["usd"]) for row in rows}


async def all_in_force(database: Database) -> list[Cap]:
    """Those of everybody first."""
    rows = await database.rows(f"{NEWEST} order by person, name")
    return [Cap(row["name"], row["usd"], row["person"], row["at"], row["by_id"], row["by_name"]) for row in rows]
