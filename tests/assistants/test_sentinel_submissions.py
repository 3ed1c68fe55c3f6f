"""Spam, copies, a long queue and secrets in what people submit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistants.sentry.alerts import Alerts
from assistants.sentry.logs import Logs
from assistants.sentry.patrol import Patrol
from assistants.sentry.submissions import DAY_S, liveliness, signs_of_submissions
from haven.access import Role
from haven.errors import BadInput
from haven.settings import AlertSettings, WorldSettings
from haven.store.submissions import Submission
from haven.world.drafts import Drafts
from haven.world.schema import Discovery, Found, Lore, Thing
from tests.world.a_world import MEMBER, OLGA, system, told, world_in

SECRET = "sk-ant-" + "api03-" + "Zz9y" * 20
AT = 1_795_262_400.0
MEMBER_AS_REVIEWER = replace(MEMBER, role=Role.REVIEWER)
COPY = "The ruins lie below the second ridge, " * 5


def submitted(count: int, text: str = "", *, hours: float = 1.0, by: str = "discord:3") -> list[Submission]:
    return [
        Submission(
            AT - hours * 3600,
            by,
            by.replace("discord:", "member "),
            "discovery",
            text or f"ruin number {n} of this week",
        )
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("lately", "waiting", "causes"),
    [
        (submitted(20), 50, []),
        (submitted(21), 0, ["submission:many discord:3"]),
        (submitted(21, hours=25), 0, []),
        (submitted(11) + submitted(11, by="discord:4"), 0, []),
        (submitted(3, COPY), 0, []),
        (submitted(4, COPY), 0, [f"submission:same discord:3 {AT - 3600:.0f}"]),
        (submitted(9, "Ruin"), 0, []),
        ([], 51, ["submission:backlog"]),
    ],
)
def test_the_known_thresholds(lately: list[Submission], waiting: int, causes: list[str]) -> None:
    assert [sign.cause for sign in signs_of_submissions(lately, waiting, [], AT)] == causes


def test_copies_of_several_people_are_one_sign_whatever_their_case() -> None:
    copies = [*submitted(2, COPY), *submitted(2, COPY.upper() + "and more", by="discord:4")]
    [sign] = signs_of_submissions(copies, 0, [], AT)
    assert "4 times" in sign.text and "member 3, member 4" in sign.text


@pytest.mark.parametrize(
    ("lately", "first", "level"),
    [(6, AT - 30 * DAY_S, "note"), (7, AT - 30 * DAY_S, "ok"), (0, AT - 3 * DAY_S, "ok")],
)
def test_a_quiet_world_is_told_only_where_there_was_time_for_more(lately: int, first: float, level: str) -> None:
    [line] = liveliness(lately, first, AT)
    assert line.level == level
    assert liveliness(0, None, AT) == []


async def test_a_secret_in_a_proposal_is_masked_and_told_to_both(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (_, database):
        drafts = Drafts(database, WorldSettings())
        things: list[Thing] = [
            Lore(name="How to log in", text=f"The key is {SECRET}.\nKeep it.", tags=("help",), canon=True),
            system("Oculi", glyphs="60720193DFA9", notes="A quiet place.", properties={"key": SECRET}),
        ]
        draft = await drafts.propose(things, MEMBER, "submit", f"my {SECRET}")
        assert draft.masked, "who proposed it is told"
        [kept] = await drafts.list()
        lore, place = kept.things
        assert SECRET not in str(kept) and "Keep it." in lore.text and lore.canon  # type: ignore[union-attr]
        assert place.glyphs and place.notes == "A quiet place."  # type: ignore[union-attr]
        [event] = await told(database, "draft.masked")
        assert event.subject == draft.id and SECRET not in str(event)

        fine = await drafts.propose([system("Venture", notes="No secret here; 60720193DFA9.")], MEMBER, "submit")
        assert fine.masked == ()

        with pytest.raises(BadInput, match="secrets"):
            await drafts.propose([system(("password: hunter2x " * 9)[:118])], MEMBER, "submit")

        alerts = Alerts(database, AlertSettings())
        await Patrol(database, Logs(tmp_path / "haven.log", tmp_path / "auth.log", "no-such-program")).look(alerts)
        [alert] = await alerts.open()
        assert draft.id in alert.text and MEMBER.name in alert.text and "replace" in alert.mend


async def test_what_was_proposed_and_written_is_counted_once_and_imports_not_at_all(tmp_path: Path) -> None:
    async with world_in(tmp_path) as (world, database):
        drafts = Drafts(database, WorldSettings())
        patrol = Patrol(database, Logs(tmp_path / "haven.log", tmp_path / "auth.log", "no-such-program"))

        def found(number: int) -> Discovery:
            return Discovery(name=f"Ruin {number}", found=Found.RUIN, text=f"{number} stones stand here in a ring.")

        draft = await drafts.propose([found(n) for n in range(12)], MEMBER, "submit")
        await drafts.approve([draft.id], OLGA)
        await world.put([found(n) for n in range(100, 140)], MEMBER_AS_REVIEWER, "import")
        assert await patrol.submissions() == []
        await world.put([found(n) for n in range(50, 59)], MEMBER_AS_REVIEWER, "edit")
        [sign] = await patrol.submissions()
        assert sign.text == "Mia has submitted 21 records within a day."
        [line] = await patrol.lively()
        assert line.level == "ok" and line.label == "Discoveries"
