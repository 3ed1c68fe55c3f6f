"""What a group of log lines may mean: rules first, then a model in the house; the cloud only where somebody says so."""

from __future__ import annotations

from dataclasses import dataclass

from assistants.sentry.patterns import Group
from haven.access import Act, Principal, check
from haven.ai.engine import Engine
from haven.ai.task import Privacy, Reply, Task, Turn, Where
from haven.errors import ModelError, Unavailable
from haven.quoting import data_block

MOST_TOKENS = 220
QUESTION = "What does this log message usually mean, and what should the owner of the machine look at first?"


@dataclass(frozen=True)
class Explained:
    """`said` is what is known for sure; `reply` a model's guess at the rest, None with `why` where there is none."""

    said: str
    reply: Reply | None = None
    why: str = ""


async def explain(group: Group, engine: Engine, prompt: str, by: Principal, *, cloud: bool) -> Explained:
    """Only the template and the count are asked about, no line, address or number of it.

    Without `cloud` nothing leaves this process. With it go the words of a closed list alone (masking.worded), so that a
    name which nobody knows for one stays here. Raises AccessDenied.
    """
    check(by, Act.SETTINGS)
    said = f"{group.count} x {group.level} in the {group.source} log, by {group.unit}: {group.template}"
    if group.known is not None:
        return Explained(f"{said}\n{group.known.means} {group.known.mend}".rstrip())
    pattern = group.public if cloud else f"{group.unit}: {group.template}"
    asked = f"{data_block('log', pattern)}\nIt came {group.count} times. {QUESTION}"
    task = Task(
        kind="answer",
        turns=(Turn("user", asked),),
        principal=by,
        purpose="explain a kind of log line",
        system=(prompt,),
        words=QUESTION,
        privacy=Privacy.OPEN if cloud else Privacy.PRIVATE,
        where=Where.CLOUD if cloud else Where.LOCAL,
        max_tokens=MOST_TOKENS,
    )
    try:
        return Explained(said, await engine.complete(task))
    except (Unavailable, ModelError) as error:
        return Explained(said, why=error.full)
