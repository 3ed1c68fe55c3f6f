"""What a person switches while Haven runs: rows are only added, the newest of a name counts."""

from __future__ import annotations

from dataclasses import dataclass

from haven.store import events
from haven.store.database import Database, Transaction, now


@dataclass(frozen=True)
class Switched:
    """How a switch stands: since when, by whom and why. `at` is 0 where nobody has touched it: then it is on."""

    on: bool = True
    at: float = 0.0
    by_id: str = ""
    by_name: str = ""
    why: str = ""


async def state(database: Database, name: str) -> Switched:
    row = await database.row("select * from switch where name = ? order by id desc limit 1", (name,))
    return Switched(bool(row["is_on"]), row["at"], row["by_id"], row["by_name"], row["why"]) if row else Switched()


async def turn(tx: Transaction, name: str, switched: Switched) -> None:
    """Write how it stands from now on, with its event."""
    await tx.execute(
        "insert into switch (name, is_on, at, by_id, by_name, why) values (?, ?, ?, ?, ?, ?)",
        (name, switched.on, now(), switched.by_id, switched.by_name, switched.why),
    )
    turned = "on" if switched.on else "off"
    await events.record(tx, f"{name}.{turned}", name, switched.by_id, by=switched.by_name, why=switched.why)
