"""Step `web`: the dashboard's port, and its owner's account; run again it gives an owner another password."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from haven.access import Role
from haven.errors import BadInput, Conflict
from haven.settings import Settings, Web
from haven.setup.step import Answers, Desk, Person, Step
from haven.store.accounts import named
from haven.store.database import Database, opened
from web.accounts import Accounts

PORT = 8080
EVERYWHERE = "0.0.0.0"
HERE = "the shell"
"""Where wrong codes would be counted: nobody types one here."""


class WebAnswers(Answers):
    port: int = Field(PORT, ge=1, le=65535)
    open: bool | None = None
    """Whether other machines reach it; left out: as it is."""
    name: str = ""
    password: SecretStr | None = None


def ask(person: Person, desk: Desk) -> dict[str, Any]:
    place = desk.settings.web
    port = person.text("The port", str(place.port or PORT))
    open_ = person.yes("Shall other machines in your house reach it?", default=place.host == EVERYWHERE)
    name = person.text("Your name there (empty: begin with the code that Haven shows)")
    found = {"port": port, "open": open_, "name": name}
    if not name:
        return found
    password = person.secret("A password, 10 characters or more, not shown while you type")
    if password != person.secret("Once more"):
        raise BadInput("The two were not the same, so nothing was saved.")
    return found | {"password": password}


async def apply(answers: WebAnswers, desk: Desk) -> tuple[str, ...]:
    """The account first, so that nobody else becomes the owner once the port is open."""
    async with opened(desk.settings.database) as database:
        who = await _owner(database, answers)
    hosts = {True: EVERYWHERE, False: Web().host, None: desk.settings.web.host}
    desk.keep(web={"port": answers.port, "host": hosts[answers.open]})
    place = desk.settings.web
    scheme = "https" if place.certificate else "http"
    said = [f"From Haven's next start on the dashboard is at {scheme}://localhost:{place.port} on this machine.", who]
    if place.host == EVERYWHERE and not place.certificate:
        said.append("In your house anybody on the same network could read along: README.md says how to have https.")
    return tuple(said)


async def _owner(database: Database, answers: WebAnswers) -> str:
    """The owner's account, new or with another password; what to tell of it."""
    accounts = Accounts(database)
    await accounts.begin()
    if answers.password is None:
        code = (
            "Its first code stands in Haven's log then, and on the kiosk under Settings: whoever gives it is the owner."
        )
        return code if accounts.first_code else "Its owner logs in as before."
    if not answers.name.strip():
        raise BadInput("A password was given, but no name.", "Give the name that you log in with as well.")
    secret = answers.password.get_secret_value()
    if accounts.first_code:
        account = await accounts.become_owner(accounts.first_code, answers.name, secret, HERE)
        return f"{account.name} is its owner and logs in with that password."
    there = await named(database, answers.name.strip())
    if there is None or there.role != Role.OWNER:
        raise Conflict(
            f"The dashboard has its owner, and {answers.name.strip()} is not their name.",
            "Log in and invite others under People; or give the owner's name to set another password.",
        )
    await accounts.set_password(there, secret)
    return f"{there.name} logs in with that password now; every session and every token of a program has ended."


def known(settings: Settings) -> str:
    return f"port {settings.web.port}" if settings.web.port else ""


STEP = Step(
    name="web",
    title="The dashboard",
    why="Haven in a browser: look, decide and manage from any device in the house. Nothing is open before you say so.",
    answers=WebAnswers,
    ask=ask,
    apply=apply,
    known=known,
    optional=True,
)
