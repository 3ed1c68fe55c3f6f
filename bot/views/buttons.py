"""One button under a change: what it says, and who answers a press. All its state lies in the custom id.

So any later process can answer a press, whichever drew the button.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

import discord

from bot import entry
from bot.language import say
from haven.access import Act, Principal

TEMPLATE = r"haven:(?P<act>[a-z]+):(?P<id>[0-9a-f]{1,12}):(?P<round>\d{1,6}):(?P<seen>[0-9a-f]{0,12})"
Style = discord.ButtonStyle
LOOKS: dict[str, tuple[str, Style]] = {
    "approve": ("Approve", Style.success),
    "ask": ("Approve…", Style.success),
    "type": ("Approve…", Style.danger),
    "sure": ("Yes, merge it", Style.success),
    "look": ("Look", Style.secondary),
    "tweak": ("Tweak", Style.secondary),
    "reject": ("Reject", Style.danger),
    "replan": ("Change the plan", Style.secondary),
    "skip": ("Skip the plan", Style.secondary),
    "stop": ("Stop", Style.secondary),
    "withdraw": ("Withdraw", Style.secondary),
    "retry": ("Try now", Style.secondary),
    "rounds": ("Rounds", Style.secondary),
    "back": ("Go back", Style.primary),
    "diff": ("Compare", Style.secondary),
    "undo": ("Undo", Style.danger),
    "takeback": ("Yes, undo it", Style.danger),
}
READING = frozenset({"look", "rounds", "diff"})
BY_REQUESTER = frozenset({"tweak", "replan", "stop", "withdraw", "retry"})
"""The core checks these: whoever asked for a change may say it in other words, end it or hurry it as well."""


@dataclass(frozen=True)
class Press:
    """What a control says: the act, the change, and what the person had seen: the round and its commit or plan."""

    act: str
    id: str
    round: int
    seen: str = ""

    @property
    def custom_id(self) -> str:
        return f"haven:{self.act}:{self.id}:{self.round}:{self.seen[:12]}"

    @classmethod
    def read(cls, custom_id: str) -> Press | None:
        match = re.fullmatch(TEMPLATE, custom_id)
        return cls(match["act"], match["id"], int(match["round"]), match["seen"]) if match else None


class ChangeButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """One button under a change, whichever process drew it."""

    def __init__(self, press: Press, disabled: bool = False, label: str = "", style: Style | None = None) -> None:
        """`label` is said already; left out, the act has its own."""
        known, usual = LOOKS.get(press.act, ("?", Style.secondary))
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label or say(known), style=style or usual, custom_id=press.custom_id, disabled=disabled
        )
        super().__init__(button)
        self.press = press

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        return cls(Press(match["act"], match["id"], int(match["round"]), match["seen"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        deciding = self.press.act not in BY_REQUESTER | READING

        async def work(person: Principal) -> None:
            await PRESSED[self.press.act](interaction, self.press, person)

        await entry.enter(interaction, Act.DECIDE if deciding else Act.READ, work)


def buttons(presses: Iterable[Press], disabled: bool = False) -> list[ChangeButton]:
    """Side by side, for the end of a card."""
    return [ChangeButton(press, disabled) for press in presses]


Pressed = Callable[[discord.Interaction, Press, Principal], Awaitable[None]]
PRESSED: dict[str, Pressed] = {}
"""Who answers a press, by its act: the modules beside this one enter themselves."""
