"""A change while the cloud misbehaves: it waits and goes on by itself, asks again, gives up, or is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from haven.changes.states import State
from haven.demo.stand_in import Fault, FaultKind
from haven.store.database import now
from tests.e2e.branching import WISH, asked, calls, goes, reasons, seen, small_house, went, wished
from tests.e2e.house import MEMBER, OWNER

pytestmark = pytest.mark.sandbox

SOON_S = 0.05
"""The wait that the far end asks for."""
ONE_TRY = {"attempts": 1}
"""A call that fails is not tried again within the second: the change itself waits."""


@goes(
    "queued > planning > editing > waiting > editing > waiting > editing > waiting > editing > testing > review"
    " > merging > merged"
)
async def test_what_passes_is_waited_for_and_the_change_goes_on_by_itself(tmp_path: Path, way: str) -> None:
    passing = [FaultKind.RATE_LIMIT, FaultKind.SERVER_ERROR, FaultKind.OVERLOADED]
    faults = [*(Fault(kind, retry_after_s=SOON_S) for kind in passing), Fault(FaultKind.SLOW)]
    async with small_house(tmp_path, faults=faults, **ONE_TRY) as home:
        change = await home.ask_for(WISH)
        await seen(home, change, "receiving edits")
        change = await home.rest(change)
        assert (await home.rest(await home.approve(change))).state == State.MERGED
        assert await went(home, change) == way
        why = await reasons(home, change, State.WAITING)
        assert len(why) == 3 and all(why) and len(asked(home)) == 4
        entries = await calls(home, change)
        assert [entry.state for entry in entries] == ["settled"] * 4
        assert [entry.output_tokens > 0 for entry in entries] == [False, False, False, True]


@goes("queued > planning > editing > waiting > editing > cancelled")
async def test_without_a_time_of_its_own_the_wait_is_long_and_a_person_may_hurry_or_end_it(
    tmp_path: Path, way: str
) -> None:
    hang = Fault(FaultKind.HANG)
    async with small_house(tmp_path, faults=[Fault(FaultKind.RATE_LIMIT, retry_after_s=None), hang], **ONE_TRY) as home:
        change = await wished(home, State.WAITING)
        assert change.retry_at is not None and 20 < change.retry_at - now() <= 30
        await home.house.changes.resume(change.id, MEMBER)
        await hang.reached.wait()
        change = await home.house.changes.cancel(change.id, MEMBER)
        assert await went(home, change) == way
        assert (await wished(home, State.TESTING)).state == State.TESTING, "the next one is worked on at once"
        entries = await calls(home, change)
        assert [entry.state for entry in entries] == ["settled", "unknown"], "a call that was cut off stays charged"


@goes("queued > planning > editing > waiting > cancelled")
async def test_a_waiting_change_can_be_ended(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, faults=[Fault(FaultKind.UNAUTHORIZED)]) as home:
        change = await wished(home, State.WAITING)
        assert "key" in change.reason.lower()
        change = await home.house.changes.cancel(change.id, MEMBER)
        assert await went(home, change) == way


@goes("queued > planning > editing > editing > editing > failed > editing > testing > review")
async def test_replies_that_break_off_are_asked_for_again_until_it_fails_and_a_tweak_revives_it(
    tmp_path: Path, way: str
) -> None:
    breaks = (FaultKind.CUT, FaultKind.MAX_TOKENS, FaultKind.REFUSAL, FaultKind.NO_STOP_REASON)
    faults = [Fault(kind) for kind in breaks]  # the first call is tried again at once
    async with small_house(tmp_path, faults=faults) as home:
        change = await wished(home)
        assert change.state == State.FAILED and change.reason
        change = await home.rest(await home.house.changes.tweak(change.id, OWNER, "Try it again.", round=change.round))
        assert await went(home, change) == way
        assert "Try it again." in asked(home)[-1]


@goes("queued > planning > editing > editing > editing > failed > cancelled")
async def test_a_refusal_ends_it_and_it_can_be_put_away(tmp_path: Path, way: str) -> None:
    async with small_house(tmp_path, faults=[Fault(FaultKind.REFUSAL)] * 3) as home:
        change = await wished(home)
        assert "refus" in change.reason
        change = await home.house.changes.cancel(change.id, OWNER)
        assert await went(home, change) == way
