"""Step `pin`: the wall panel's PIN, and which system user the panel is."""

from __future__ import annotations

import asyncio
import grp
import pwd
from typing import Any

from pydantic import Field, SecretStr

from haven.errors import BadInput
from haven.settings import KIOSK_PIN, Settings
from haven.setup.step import Answers, Desk, Person, Step
from kiosk.pin import Pin

PANEL = "haven-panel"
"""The user that systemd/install.sh --kiosk makes."""


class PinAnswers(Answers):
    pin: SecretStr | None = Field(None, max_length=100)
    panel_user: str | None = None
    """"" for no panel; left out: the user haven-panel, if this machine has it."""


def ask(person: Person, desk: Desk) -> dict[str, Any]:
    pin = person.secret("The PIN, 4 to 12 digits, not shown while you type")
    if pin != person.secret("Once more"):
        raise BadInput("The two were not the same, so nothing was saved.")
    return {"pin": pin} if pin else {}


async def apply(answers: PinAnswers, desk: Desk) -> tuple[str, ...]:
    """Store the PIN's hash; a panel user's display is then the wall panel."""
    if answers.pin is None and desk.settings.secret(KIOSK_PIN) is None:
        raise BadInput("No PIN was given.", "Without one the panel can show and answer, but approve nothing.")
    group = _group_of(answers.panel_user if answers.panel_user is not None else PANEL)
    if answers.panel_user and not group:
        raise BadInput(f"There is no system user {answers.panel_user!r}.", "Make it with: systemd/install.sh --kiosk")
    if answers.pin is not None:
        await asyncio.to_thread(Pin(desk.settings).set, answers.pin.get_secret_value())
    said = ["The panel asks for the PIN before it approves, merges, or uses the cloud."]
    if group:
        user = answers.panel_user or PANEL
        desk.keep(kiosk={"panel_users": [user], "socket_group": group})
        said.append(f"The display of the system user {user} is the wall panel.")
    elif answers.panel_user == "":
        desk.keep(kiosk={"panel_users": [], "socket_group": ""})
    return tuple(said)


def _group_of(user: str) -> str:
    """The user's own group, "" where there is no such user."""
    try:
        return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    except KeyError:
        return ""


def known(settings: Settings) -> str:
    return "a PIN" if settings.secret(KIOSK_PIN) else ""


STEP = Step(
    name="pin",
    title="The panel's PIN",
    why="Anybody can touch a screen on the wall; the PIN is asked before it does more than show and answer.",
    answers=PinAnswers,
    ask=ask,
    apply=apply,
    known=known,
)
