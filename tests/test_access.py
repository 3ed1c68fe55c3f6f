"""Who may do what, as one table: every act, role and panel, with and without the PIN."""

from __future__ import annotations

import pytest

from haven.access import NEEDS, Act, Principal, Role, check
from haven.errors import AccessDenied

ALLOWED = {
    Role.STRANGER: "",
    Role.MEMBER: "READ ASK CLOUD REQUEST PROPOSE END_WATCH",
}
ALLOWED[Role.REVIEWER] = (
    f"{ALLOWED[Role.MEMBER]} DECIDE TWEAK CANCEL NOTES APPROVE_WORLD EDIT_WORLD CLOUD_OFF ACKNOWLEDGE"
)
ALLOWED[Role.OWNER] = f"{ALLOWED[Role.REVIEWER]} SETTINGS"
PANEL_WITHOUT_PIN = "READ ASK PROPOSE CLOUD_OFF"


def may(principal: Principal, act: Act, *, requester: str | None = None, requester_may_approve: bool = True) -> bool:
    try:
        check(principal, act, requester=requester, requester_may_approve=requester_may_approve)
    except AccessDenied as denied:
        assert str(denied) and denied.mend, "it says why, and what to do"
        return False
    return True


def test_every_act_has_a_role() -> None:
    assert set(NEEDS) == set(Act)
    assert min(NEEDS.values()) > Role.STRANGER, "closed by default"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("panel", ["no panel", "panel", "panel with PIN"])
def test_the_table(role: Role, act: Act, panel: str) -> None:
    principal = Principal("someone", "Sam", role, "kiosk", needs_pin=panel != "no panel")
    if panel == "panel with PIN":
        principal = principal.with_pin()
    allowed = act.name in ALLOWED[role].split()
    if panel == "panel":
        allowed = allowed and act.name in PANEL_WITHOUT_PIN.split()
    assert may(principal, act) == allowed
    assert may(principal, act, requester="somebody else", requester_may_approve=False) == allowed


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("may_approve", [True, False])
def test_the_one_who_asked(role: Role, act: Act, may_approve: bool) -> None:
    principal = Principal("someone", "Sam", role, "bot")
    allowed = act.name in ALLOWED[role].split()
    if act in (Act.TWEAK, Act.CANCEL, Act.NOTES):
        allowed = role >= Role.MEMBER
    if act in (Act.DECIDE, Act.APPROVE_WORLD):
        allowed = allowed and may_approve
    assert may(principal, act, requester="someone", requester_may_approve=may_approve) == allowed


def test_what_was_proposed_on_the_panel_is_approved_there_with_the_pin_alone() -> None:
    panel = Principal("panel", "The panel", Role.OWNER, "kiosk", needs_pin=True)
    assert not may(panel, Act.APPROVE_WORLD, requester="panel", requester_may_approve=False)
    assert may(panel.with_pin(), Act.APPROVE_WORLD, requester="panel", requester_may_approve=False)


def test_the_panel_can_not_cancel_its_own_change_without_the_pin() -> None:
    panel = Principal("panel", "The panel", Role.OWNER, "kiosk", needs_pin=True)
    assert not may(panel, Act.CANCEL, requester="panel")
    assert may(panel.with_pin(), Act.CANCEL, requester="panel")
    assert not panel.pin_given, "a PIN holds for one action"


@pytest.mark.parametrize("role", Role)
def test_the_settings_open_an_act_to_strangers_but_not_to_the_panel(role: Role) -> None:
    check(Principal("someone", "Sam", role, "bot"), Act.PROPOSE, strangers_may=True)
    panel = Principal("panel", "The panel", Role.STRANGER, "kiosk", needs_pin=True)
    with pytest.raises(AccessDenied):
        check(panel, Act.APPROVE_WORLD, strangers_may=True)
