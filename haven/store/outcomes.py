"""What became of every task, what people thought of it, and what was learned from that.

`tokens` and `reply_tokens` of a row are Haven's own counts (haven/ai/money/tokens.py), the same for every model.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from haven.store.database import Database, Row, Transaction


@dataclass(frozen=True)
class Outcome:
    """One finished task. A private one has no words, no vector and no reasons: the table refuses them."""

    at: float
    principal: str
    face: str
    kind: str
    request: str
    private: bool
    words: str
    vector: bytes | None
    tokens: int
    reply_tokens: int
    complexity: str
    hardness: float
    hybrid: bool
    cached: bool
    tried: list[list[Any]]
    """Each model that was asked, in order: tier, model, score or None."""
    tier: str
    model: str
    prompt_version: str
    score: int
    score_reasons: list[str]
    pass_mark: int
    local_score: int | None
    usd: float
    input_tokens: int
    output_tokens: int
    seconds: float
    stand_in: bool
    change_id: str | None


@dataclass(frozen=True)
class Past:
    """An open task of before, for guessing how the next one will go; `vector` is little-endian float32."""

    kind: str
    words: str
    vector: bytes | None
    tokens: int
    hardness: float
    tier: str
    score: int
    local_score: int | None
    pass_mark: int


@dataclass(frozen=True)
class Seen:
    """One outcome as figures, with the people for (`up`) and against it (`down`).

    A change that was merged counts as one for it, a rejected one as one against it.
    """

    id: int
    at: float
    kind: str
    private: bool
    cached: bool
    tier: str
    model: str
    asked: int
    """Models that were asked; one that mended its own draft counts once."""
    score: int
    pass_mark: int
    local_score: int | None
    usd: float
    tokens: int
    reply_tokens: int
    seconds: float
    stand_in: bool
    up: int
    down: int


@dataclass(frozen=True)
class Learned:
    """A kind's pass mark is moved by `shift` points from what the settings say, since `at`."""

    at: float
    kind: str
    shift: int
    reason: str
    id: int = 0


@dataclass(frozen=True)
class Repeat:
    """A question that the cloud answered `times` times; `usd` is what all but the first of them cost."""

    kind: str
    words: str
    times: int
    usd: float


async def insert(tx: Transaction, outcome: Outcome) -> int:
    row = asdict(outcome)
    row["tried"], row["score_reasons"] = json.dumps(outcome.tried), json.dumps(outcome.score_reasons)
    marks = ", ".join("?" * len(row))
    cursor = await tx.execute(f"insert into outcome ({', '.join(row)}) values ({marks})", [*row.values()])
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def judge(tx: Transaction, outcome_id: int, principal: str, value: int, at: float) -> None:
    """A person's word on an outcome; their newest counts. What was poor is not used again."""
    await tx.execute(
        "insert into verdict (outcome_id, at, principal, value) values (?, ?, ?, ?)",
        (outcome_id, at, principal, value),
    )
    if value < 0:
        await tx.execute(
            "delete from reply_cache where words in (select words from outcome where id = ? and words <> '')",
            (outcome_id,),
        )


async def of_whom(tx: Transaction, id: int) -> tuple[str, bool] | None:
    """Who asked, and whether it was private; None where there is no such outcome."""
    found = list(await tx.execute_fetchall("select principal, private from outcome where id = ?", (id,)))
    return (found[0][0], bool(found[0][1])) if found else None


async def past(database: Database, kind: str, limit: int) -> list[Past]:
    """The newest open outcomes of a kind, newest first; replies from the cache or a stand-in tell nothing."""
    rows = await database.rows(
        "select kind, words, vector, tokens, hardness, tier, score, local_score, pass_mark from outcome"
        " where kind = ? and words <> '' and not private and not cached and not stand_in order by at desc limit ?",
        (kind, limit),
    )
    return [Past(*tuple(row)) for row in rows]


async def without_vector(database: Database, limit: int) -> list[tuple[int, str]]:
    """Id and words of the newest open outcomes that have no vector yet."""
    rows = await database.rows(
        "select id, words from outcome where vector is null and words <> '' and not private order by id desc limit ?",
        (limit,),
    )
    return [(row["id"], row["words"]) for row in rows]


async def set_vectors(tx: Transaction, vectors: list[tuple[bytes, int]]) -> None:
    await tx.executemany("update outcome set vector = ? where id = ?", vectors)


SEEN = (
    "select o.id, o.at, o.kind, o.private, o.cached, o.tier, o.model, (select count(distinct"
    " json_extract(value, '$[0]') || ' ' || json_extract(value, '$[1]')) from json_each(o.tried)) as asked, o.score,"
    " o.pass_mark, o.local_score, o.usd, o.tokens, o.reply_tokens, o.seconds, o.stand_in,"
    " coalesce(v.up, 0) + coalesce(c.state = 'merged', 0) as up,"
    " coalesce(v.down, 0) + coalesce(c.state = 'rejected', 0) as down"
    " from outcome o left join change c on c.id = o.change_id left join (select outcome_id, sum(value > 0) as up,"
    " sum(value < 0) as down from verdict where id in (select max(id) from verdict group by outcome_id, principal)"
    " group by outcome_id) v on v.outcome_id = o.id"
)


async def seen(database: Database, since: float, until: float) -> list[Seen]:
    """All outcomes of that time, oldest first."""
    rows = await database.rows(f"{SEEN} where o.at >= ? and o.at < ? order by o.at", (since, until))
    return [_seen(row) for row in rows]


async def seen_since_learned(tx: Transaction, most: int) -> dict[str, list[Seen]]:
    """By kind, the newest outcomes (at most so many of all) that came after the kind's newest learned step."""
    rows = await tx.execute_fetchall(
        f"{SEEN} where not o.stand_in and not o.cached"
        " and o.at > coalesce((select max(at) from learned l where l.kind = o.kind), 0) order by o.at desc limit ?",
        (most,),
    )
    kinds: dict[str, list[Seen]] = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(_seen(row))
    return kinds


async def repeats(database: Database, since: float, until: float) -> list[Repeat]:
    """Open questions that were paid for more than once, word for word; dearest first."""
    rows = await database.rows(
        "select kind, min(words), count(*), sum(usd) * (count(*) - 1) / count(*) as again from outcome"
        " where at >= ? and at < ? and tier = 'cloud' and words <> '' and not private and not cached and not stand_in"
        " group by kind, prompt_version, lower(trim(words)) having count(*) > 1 order by again desc",
        (since, until),
    )
    return [Repeat(*tuple(row)) for row in rows]


NEWEST = "select at, kind, shift, reason, id from learned where id in (select max(id) from learned group by kind)"


async def shifts(database: Database) -> dict[str, int]:
    """How far each kind's mark is moved now."""
    return {row["kind"]: row["shift"] for row in await database.rows(NEWEST)}


async def shifts_in(tx: Transaction) -> dict[str, int]:
    return {row["kind"]: row["shift"] for row in await tx.execute_fetchall(NEWEST)}


async def learn(tx: Transaction, step: Learned) -> None:
    await tx.execute(
        "insert into learned (at, kind, shift, reason) values (?, ?, ?, ?)",
        (step.at, step.kind, step.shift, step.reason),
    )


async def learned(database: Database) -> list[Learned]:
    """Every step, newest first."""
    rows = await database.rows("select at, kind, shift, reason, id from learned order by id desc")
    return [Learned(*tuple(row)) for row in rows]


def _seen(row: Row) -> Seen:
    flags = {name: bool(row[name]) for name in ("private", "cached", "stand_in")}
    return Seen(**dict(row) | flags)
