"""Who may do what: one function, used by every face, closed by default."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
    DECIDE = "approve or reject a change"
    TWEAK = "tweak a change"
    CANCEL = "cancel a change"
    NOTES = "read the private notes of a change"
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
    Act.TWEAK: Role.REVIEWER,
    Act.CANCEL: Role.REVIEWER,
    Act.NOTES: Role.REVIEWER,
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
BY_REQUESTER = frozenset({Act.TWEAK, Act.CANCEL, Act.NOTES})
"""What a member may do with a change that they asked for: say it in other words, take it back, keep notes beside it."""
OWN = {
    Act.DECIDE: ("The one who asked for a change may not decide it here", "asked for it", "changes"),
    Act.APPROVE_WORLD: ("Nobody approves what they proposed themselves", "proposed it", "world"),
}
"""What may be kept from the one who asked: the rule, what they did, and the settings that open it."""
PANEL, SHELL, WEB_OWNER = "panel", "unix:", "web:owner"
"""The wall panel's id, how the ids of the shell's owner begin, and who began the dashboard with the code that Haven
showed its owner: with the PIN all are the owner's hand."""
HANDS = {PANEL: "the wall panel with its PIN", WEB_OWNER: "the first account of the dashboard"}
PLACES = {PANEL: "on the wall panel", WEB_OWNER: "on the dashboard"}


@dataclass(frozen=True)
class Principal:
    """A person with a role, from a face."""

    id: str
    """`discord:123`, `unix:1000`, `panel`, `web:7`, `haven` (Haven itself)."""
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


def persons(ids: Iterable[str], owners: Collection[str]) -> list[list[str]]:
    """The ids, each with those that may be the same person's.

    Nobody can tell whose of the `owners` (their other ids) the owner's hand was: it counts as the first one's of them
    that is there. Two of the owners are two people.
    """
    every = list(dict.fromkeys(ids))
    found = {id: [id] for id in every if not _is_hand(id)}
    if hands := [id for id in every if _is_hand(id)]:
        found.setdefault(next((id for id in found if id in owners), hands[0]), []).extend(hands)
    return list(found.values())


def check(
    principal: Principal,
    act: Act,
    *,
    requester: str | None = None,
    requester_may_approve: bool = True,
    owners: Collection[str] = (),
    strangers_may: bool = False,
) -> None:
    """Let the principal act, or raise AccessDenied with the reason.

    `requester` is the id of the one who asked for the change at hand, or proposed the draft: they may tweak and cancel
    it, and may be kept from approving it, by whichever of their hands (`persons`). `strangers_may`: the settings open
    this act to people without a role.
    """
    if principal.needs_pin and not principal.pin_given and act not in PIN_FREE:
        raise AccessDenied(f"The panel needs its PIN to {act.value}.", "Enter the PIN and try again.")
    if act in BY_REQUESTER and requester == principal.id and principal.role >= Role.MEMBER:
        return
    if principal.role < NEEDS[act] and not strangers_may:
        raise AccessDenied(
            f"{principal.name} may not {act.value}: that needs the role {NEEDS[act].name.lower()}.",
            "Ask the owner of this Haven to add you.",
        )
    # On the panel anyone who walks by proposes for the world; a change takes the PIN there, and is its owner's.
    anybodys = act is Act.APPROVE_WORLD and requester == PANEL
    if act not in OWN or requester is None or requester_may_approve or anybodys:
        return
    if len(persons([requester, principal.id], owners)) == 1:
        rule, did, section = OWN[act]
        raise AccessDenied(
            f"{rule}{_same(principal, requester, did)}.",
            "Ask another reviewer to look at it. Where there is no other: set requester_may_approve = true under"
            f" [{section}] in haven.toml.",
        )


def _is_hand(id: str) -> bool:
    return id in HANDS or id.startswith(SHELL)


def _same(principal: Principal, requester: str, did: str) -> str:
    """Why two ids count as one person's; "" for one id."""
    if requester == principal.id:
        return ""
    where = "in the shell" if requester.startswith(SHELL) else PLACES.get(requester, "on Discord")
    if not _is_hand(principal.id):
        return f": {principal.name} is an owner, and the owner {did} {where}"
    hand = HANDS.get(principal.id, "the shell")
    return f": {hand} is the owner's hand, and the owner {did} {where}"
