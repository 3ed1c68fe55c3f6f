"""Alerts: one row from when something went wrong until it was over, one open row a cause."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from haven.store.database import Database, Row, Transaction

Read = Callable[..., Awaitable[list[Row]]]


@dataclass(frozen=True)
class Alert:
    """Times are seconds since 1970, None where it has not happened."""

    id: str
    cause: str
    """What is wrong, as a key: `disk`, `login:failures`."""
    level: str
    """`warning` or `urgent`."""
    text: str
    mend: str
    raised_at: float
    told_at: float | None = None
    """None: it came in quiet hours and is held back until they are over."""
    acknowledged_at: float | None = None
    acknowledged_by: str = ""
    calm_since: float | None = None
    """Since when it is seen no more; it is over when that lasts."""
    cleared_at: float | None = None
    clear_told_at: float | None = None
    acknowledged_by_id: str = ""


_NAMES = tuple(field.name for field in fields(Alert))


async def unfinished(read: Read) -> list[Alert]:
    """All that are not over, and those whose end nobody was told of yet; the oldest first."""
    found = await read(
        "select * from alert where cleared_at is null or clear_told_at is null order by raised_at, cause"
    )
    return [_alert(row) for row in found]


async def newest(database: Database, limit: int) -> list[Alert]:
    """Open and past ones, the newest first."""
    found = await database.rows("select * from alert order by raised_at desc, id limit ?", (limit,))
    return [_alert(row) for row in found]


async def get(read: Read, id: str) -> Alert | None:
    found = await read("select * from alert where id = ?", (id,))
    return _alert(found[0]) if found else None


async def save(tx: Transaction, alert: Alert) -> None:
    """Write the whole row, new or known."""
    kept = ", ".join(f"{name} = excluded.{name}" for name in _NAMES[1:])
    await tx.execute(
        f"insert into alert ({', '.join(_NAMES)}) values ({', '.join(f':{name}' for name in _NAMES)})"
        f" on conflict (id) do update set {kept}",
        asdict(alert),
    )


def _alert(row: Row) -> Alert:
    values: dict[str, Any] = {name: row[name] for name in _NAMES}
    return Alert(**values)
