"""A round in words for people who don't program: by the local model, else by the coding model, else by rules."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from haven.access import Principal
from haven.ai.engine import Engine
from haven.ai.task import Privacy, Task, Turn, Where
from haven.changes.review import Stat, summary_fallback
from haven.errors import HavenError
from haven.quoting import data_block
from haven.redact import redact
from haven.store.changes import Change, Round

SCHEMA = {
    "type": "object",
    "properties": {"summary": {"type": "string", "minLength": 20, "maxLength": 240}},
    "required": ["summary"],
}


SENTENCE = re.compile(r"""(?:^|(?<=["\n])|(?<=[-*.:!?)\]]\s))[A-Z][^.!?]*(?:\.\w[^.!?]*)*[.!?](?=\s|$)""")
"""From its first word: a capital in the middle, such as a name's, begins none."""


async def summarise(
    engine: Engine, change: Change, current: Round, files: Sequence[Stat], said: str, principal: Principal
) -> dict[str, str]:
    """`text`, `by`, and the `facts` by rules where a model wrote the text; `said` is the coding model's own summary.

    Without a local model the coding model's own words are the best there are: a list of files tells little.
    """
    said = await asyncio.to_thread(redact, said)  # where the model named one, its value has come back with the reply
    facts, own = summary_fallback(files, current.tests.get("one_line", "")), sensible(said)
    author = str(current.route.get("model", ""))
    fallback = {"text": own, "by": author, "facts": facts} if own and author else {"text": facts, "by": "rules"}
    changes = data_block("changes", f"{said[:600]}\nFiles: {', '.join(file.path for file in files[:8])}")
    task = Task(
        kind="summary",
        turns=(Turn("user", data_block("request", change.request[:600]) + changes),),
        principal=principal,
        purpose="a summary for the review",
        system=("Say in one or two plain sentences what this code change does for its users. Answer as JSON.",),
        privacy=Privacy.PRIVATE,
        where=Where.LOCAL,
        background=True,
        schema=SCHEMA,
        max_tokens=90,
        change=change.id,
        round=current.number,
    )
    try:
        reply = await engine.complete(task)
    except HavenError:
        return fallback
    text = sensible(str(reply.data["summary"]))
    return {"text": text, "by": reply.model, "facts": facts} if text else fallback


def sensible(text: str) -> str:
    """The whole sentences of a small model's text that read like sentences; "" where there are none."""
    kept: list[str] = []
    for sentence in SENTENCE.findall(text):
        words = re.findall(r"\w+", sentence.lower())
        plain = sum(word.isalpha() for word in words) >= 0.8 * len(words)
        repeated = max(words.count(word) for word in words) if words else 0
        if len(words) < 4 or not plain or repeated > 4 or any(sentence.lower() in one.lower() for one in kept):
            break
        kept.append(sentence.strip())
    return " ".join(kept[:3])
