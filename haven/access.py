"""Who may do what: one function, used by every face, closed by default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from haven.errors import AccessDenied


class Role(IntEnum):
    """Each role may do what the ones below may."""

    STRANGER = 0
    MEMBER = 1
    REVIEWER = 2
    OWNER = 3


class Act(StrEnum):
    READ = "see changes and status"
    ASK = "ask the assistants"
    CLOUD = "use the cloud"
    REQUEST = "request a change"
    DECIDE = "approve, tweak or reject a change"
    CANCEL = "cancel a change"
    PROPOSE = "propose something for the world"
    APPROVE_WORLD = "approve what others propose for the world"
    EDIT_WORLD = "change the world directly"
    END_WATCH = "end a watch"
    CLOUD_OFF = "switch the cloud off"
    ACKNOWLEDGE = "take charge of an alert"
    SETTINGS = "change settings and models"


NEEDS: dict[Act, Role] = {
    Act.READ: Role.MEMBER,
    Act.ASK: Role.MEMBER,
    Act.CLOUD: Role.MEMBER,
    Act.REQUEST: Role.MEMBER,
    Act.DECIDE: Role.REVIEWER,
    Act.CANCEL: Role.REVIEWER,
    Act.PROPOSE: Role.MEMBER,
    Act.APPROVE_WORLD: Role.REVIEWER,
    Act.EDIT_WORLD: Role.REVIEWER,
    Act.END_WATCH: Role.MEMBER,
    Act.CLOUD_OFF: Role.REVIEWER,
    Act.ACKNOWLEDGE: Role.REVIEWER,
    Act.SETTINGS: Role.OWNER,
}
PIN_FREE = frozenset({Act.READ, Act.ASK, Act.PROPOSE, Act.CLOUD_OFF})
"""What the wall panel may do without its PIN (a change request calls the cloud, so it is not among them)."""


@dataclass(frozen=True)
class Principal:
    """A person with a role, from a face."""

    id: str
    """`discord:123`, `unix:1000`, `panel`, `haven` (Haven itself)."""
    name: str
    role: Role
    face: str
    """`bot`, `kiosk`, `web` or `cli`."""
    needs_pin: bool = False
    """True for the wall panel: anyone may touch it."""
    pin_given: bool = False

    def with_pin(self) -> Principal:
        """The same principal after a right PIN; held for one action only."""
        return replace(self, pin_given=True)


def check(
    principal: Principal,
    act: Act,
    *,
    requester: str | None = None,
    requester_may_approve: bool = True,
    strangers_may: bool = False,
) -> None:
    """Let the principal act, or raise AccessDenied with the reason.

    `requester` is the id of the one who asked for the change at hand, or proposed the draft: they may cancel it, and
    may be kept from approving it. `strangers_may`: the settings open this act to people without a role.
    """
    own = requester is not None and requester == principal.id
    if principal.needs_pin and not principal.pin_given and act not in PIN_FREE:
        raise AccessDenied(f"The panel needs its PIN to {act.value}.", "Enter the PIN and try again.")
    if act is Act.CANCEL and own and principal.role >= Role.MEMBER:
        return
    if principal.role < NEEDS[act] and not strangers_may:
        raise AccessDenied(
            f"{principal.name} may not {act.value}: that needs the role {NEEDS[act].name.lower()}.",
            "Ask the owner of this Haven to add you.",
        )
    if act is Act.DECIDE and own and not requester_may_approve:
        raise AccessDenied(
            "The one who asked for a change may not decide it here.", "Ask another reviewer to look at it."
        )
    # On the panel anyone who walks by proposes, and the PIN is the owner's hand: that is somebody else.
    by_pin = principal.needs_pin and principal.pin_given
    if act is Act.APPROVE_WORLD and own and not by_pin and not requester_may_approve:
        raise AccessDenied(
            "Nobody approves what they proposed themselves.",
            "Ask another reviewer to look at it. Where there is no other: set requester_may_approve = true under"
            " [world] in haven.toml.",
        )
