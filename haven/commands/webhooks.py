"""`haven webhooks secret|test`: a fresh secret, shown once, and one signed event to the address of the settings."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import asdict
from typing import Annotated

import typer

from haven import settings
from haven.commands.session import Json, out, print_json
from haven.errors import BadInput, Conflict, Unavailable

app = typer.Typer(no_args_is_help=True, help="Webhooks: make a secret, and try the address that is told of events.")


@app.command()
def secret(
    name: Annotated[str, typer.Argument(help="As the settings call it, such as webhook.")] = "webhook",
    new: Annotated[bool, typer.Option("--new", help="Put it in the place of the one that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Make a secret, keep it where only Haven reads it, and show it once, for the other side."""
    from haven.webhooks.signing import new_secret

    loaded = settings.load()
    known = {loaded.webhooks.secret, *(one.secret for one in loaded.webhooks.senders)}
    if name not in known:
        raise BadInput(
            f"No webhook of the settings has the secret {name!r}.", f"There are: {', '.join(sorted(known))}."
        )
    if loaded.secret(name) is not None and not new:
        raise Conflict(f"There is a secret {name!r} already.", "To make another one: --new")
    made = new_secret()
    file = loaded.write_secret(name, made)
    if as_json:
        print_json({"name": name, "file": str(file), "secret": made})
        return
    out.print(f"Kept in {file}. The other side needs it as well; it is not shown again:")
    out.print(made)


@app.command()
def test(as_json: Json = False) -> None:
    """Send one signed event, of no meaning, to the address of the settings, and say what came back."""
    from haven.webhooks.outbox import Taken, send_once

    async def work() -> Taken:
        return await send_once(settings.load(), f"test-{secrets.token_hex(4)}")

    taken = asyncio.run(work())
    if as_json:
        print_json({**asdict(taken), "ok": taken.well})
    if not taken.well:
        raise Unavailable(f"The event was not taken: {taken.said}.", "Look at webhooks.url and at its log.")
    if not as_json:
        out.print(f"It was taken: {taken.said}.")
