"""Every fault of Discord over a real socket: nothing is lost, nothing done twice, and the bot comes back by itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import discord
import pytest
from aiohttp import WSServerHandshakeError
from discord.http import HTTPClient
from simcord.actors import MemberActor
from simcord.backend import serializers
from simcord.results import InteractionResult

from bot.client import HavenBot
from bot.supervisor import IDENTIFIES_AN_HOUR, LOSSES_A_MINUTE, Link, Supervisor
from haven.ai.task import Tier
from haven.app import open_house
from haven.changes.states import State
from haven.faces import faces_of
from haven.settings import DISCORD_TOKEN, Discord, Settings

from .conftest import Scripted, World, text_of
from .far_discord import FarDiscord, point_at

ANSWER = "The map shows all systems of the region."
ORIGINAL = "webhooks/*/messages/@original"
CALLBACK = "interactions/*/callback"
FAULTS: dict[str, dict[str, Any]] = {
    "a bucket that is empty": {"status": 429, "times": 2},
    "an empty bucket for all": {"status": 429, "everywhere": True},
    "a ban by Cloudflare": {"status": 429, "cloudflare": True},
    "a bad gateway": {"status": 502},
    "a closed connection": {"drop": True, "times": 2},
    "an answer that was lost": {"drop": True, "done": True},
}


@dataclass
class Town(World):
    """The server of `conftest`, with a supervised bot on the other side of a socket."""

    far: FarDiscord
    states: list[tuple[Link, str]]
    heartbeat_s: float = 60.0

    def begin(self, **options: Any) -> None:
        self.supervisor = Supervisor(self.attached, "loopback.token", self._on_state, first_wait_s=0.02, **options)
        self.task = asyncio.create_task(self.supervisor.run())

    def attached(self) -> HavenBot:
        bot = self.build()
        bot._connection.guild_ready_timeout = 0.05
        bot._connection.heartbeat_timeout = self.heartbeat_s
        bot.identify_pause_s = 0.01
        self.far.env.attach(bot)
        return bot

    def _on_state(self, state: Link, detail: str) -> None:
        self.states.append((state, detail))
        self.far.notice()

    async def ready(self) -> None:
        await self.far.until(lambda: self.states and self.states[-1][0] is Link.READY)

    async def comes(self, state: Link) -> str:
        """Wait for a state, now or later; the newest detail that came with it."""
        await self.far.until(lambda: any(one is state for one, _ in self.states))
        return next(detail for one, detail in reversed(self.states) if one is state)

    async def asked(
        self, text: str = "Zzyzx qwrk?", by: MemberActor | None = None, **options: Any
    ) -> InteractionResult:
        return await (by or self.member).slash(self.channel, "ask", text=text, assistant="lorekeeper", **options)

    async def answered(self, *results: InteractionResult) -> None:
        await self.far.until(lambda: all(one.response and ANSWER in text_of(one.response) for one in results))

    async def once_each(self, *results: InteractionResult) -> None:
        """Every question has its answer, and nothing else was said or shown."""
        await self.answered(*results)
        assert len(self.local.asked) == len(results) and not any(one.followups for one in results)
        assert len(self.channel.history()) == len(results)

    async def end(self) -> None:
        if not hasattr(self, "supervisor"):
            return
        await self.supervisor.stop()
        async with asyncio.timeout(20):
            await self.task


@pytest.fixture
async def dark(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """Nobody has connected yet."""
    async with FarDiscord() as far, open_house(settings) as house:
        point_at(far.port, monkeypatch)
        env = far.env
        guild = env.create_guild("Voyagers")
        reviewers, members = guild.create_role("Reviewers"), guild.create_role("Members")
        roles = {"owner": [], "reviewer": [reviewers], "member": [members], "stranger": []}
        people = {name: guild.add_member(env.create_user(name), roles=theirs) for name, theirs in roles.items()}
        channel = guild.create_text_channel("workshop")
        ids = Discord(
            guild_id=guild.id,
            channel_id=channel.id,
            owner_ids=frozenset({people["owner"].id}),
            reviewer_role_ids=frozenset({reviewers.id}),
            member_role_ids=frozenset({members.id}),
        )
        with house.bus.subscribe() as subscription:
            local, cloud = Scripted(), Scripted(Tier.CLOUD, absent="no key")
            town = Town(env, house, subscription, ids, local, cloud, guild, channel, **people, far=far, states=[])
            yield town
            await town.end()


@pytest.fixture
async def town(dark: Town) -> Town:
    dark.begin()
    await dark.ready()
    return dark


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_login_that_fails_at_first(dark: Town, kind: str) -> None:
    dark.far.rest.fault("GET", "users/@me", **FAULTS[kind])
    dark.far.rest.fault("GET", "oauth2/applications/@me", status=503)
    dark.begin()
    await dark.ready()
    assert "out of reach" in await dark.comes(Link.WAITING)
    assert dark.far.gateway.identified == 1


@pytest.mark.parametrize("kind", FAULTS)
async def test_an_answer_is_shown_whatever_befalls_its_edits(town: Town, kind: str) -> None:
    town.far.rest.fault("PATCH", ORIGINAL, **FAULTS[kind])
    await town.once_each(await town.asked())


@pytest.mark.parametrize("kind", FAULTS)
async def test_an_acknowledgement_that_is_dropped_goes_out_again(town: Town, kind: str) -> None:
    town.far.rest.fault("POST", CALLBACK, **FAULTS[kind])
    await town.once_each(await town.asked())


async def test_a_ban_by_cloudflare_that_lasts_is_knocked_at_once(town: Town) -> None:
    town.far.rest.fault("POST", CALLBACK, status=429, cloudflare=True, retry_after=600, times=2)
    lost = await town.member.slash(town.channel, "feature", text="Add a button to export the map")
    await town.far.until(lambda: len(town.far.rest.of("POST", CALLBACK)) == 2)  # "thinking", and that this failed
    await town.once_each(await town.asked())
    assert len(town.far.rest.of("POST", CALLBACK)) == 3
    assert not lost.acknowledged and not await town.house.changes.list()


async def test_an_interaction_that_can_never_be_acknowledged_has_done_nothing(town: Town) -> None:
    town.far.rest.fault("POST", CALLBACK, drop=True, times=5)
    lost = await town.member.slash(town.channel, "feature", text="Add a button to export the map")
    await town.far.until(lambda: len(town.far.rest.of("POST", CALLBACK)) == 5)
    await town.once_each(await town.asked())
    assert not lost.acknowledged and not await town.house.changes.list()


async def test_a_change_whose_messages_get_lost_is_there_once(town: Town) -> None:
    town.far.rest.fault("POST", "channels/*/messages", drop=True, done=True)
    asked = await town.member.slash(town.channel, "feature", text="Add a button to export the map as PNG")
    await town.far.until(lambda: asked.response and "queued" in text_of(asked.response))
    (change,) = await town.house.changes.list()
    await town.bot.try_again()
    change = await town.advance(change, State.PLANNING)
    (shown,) = [one for one in town.channel.history() if one.type is discord.MessageType.default]
    assert change.id in text_of(shown)


@pytest.mark.parametrize("done", [False, True])
async def test_a_change_has_its_thread_though_the_line_broke(town: Town, done: bool) -> None:
    town.far.rest.fault("POST", "channels/*/threads", drop=True, done=done)
    asked = await town.member.slash(town.channel, "feature", text="Add a button to export the map as PNG")
    await town.far.until(lambda: asked.response and "queued" in text_of(asked.response))
    (change,) = await town.house.changes.list()
    await town.advance(change, State.PLANNING)
    (thread,) = town.channel.threads
    assert (await town.bot.cards.places([change]))[change.id] == thread.id and change.id in thread.name


async def test_what_happens_while_discord_is_away_is_shown_once_it_is_back(town: Town) -> None:
    await town.member.slash(town.channel, "feature", text="Add a button to export the map as PNG")
    await town.far.until(lambda: town.channel.threads)
    (change,) = await town.house.changes.list()
    town.far.gateway.refuses = True
    broken = town.far.rest.fault("*", "channels/*", drop=True, times=1_000)
    await town.far.gateway.kick(4000)
    await town.comes(Link.CONNECTING)
    change = await town.reviewed(change)
    broken.times, town.far.gateway.refuses = 0, False
    await town.far.until(lambda: "Approve" in str([one.components for one in town.thread(change).history()]))
    await town.bot.try_again()
    assert len(town.thread(change).history()) == 1


@pytest.mark.parametrize("code", [1000, 1001, 4000, 4009, 7, 9])
async def test_a_connection_that_ends_is_resumed_and_nothing_is_missed(town: Town, code: int) -> None:
    gateway = town.far.gateway
    gateway.refuses = True
    await (gateway.say(code, True) if code < 1000 else gateway.kick(code))
    assert "lost" in await town.comes(Link.CONNECTING) or await town.far.until(lambda: len(town.states) > 2)
    asked = await town.asked()
    gateway.refuses = False
    await town.once_each(asked)
    await town.ready()
    assert (gateway.identified, gateway.resumed) == (1, 1)


@pytest.mark.parametrize("resumable", [True, False])
async def test_a_session_that_is_over_is_begun_anew(town: Town, resumable: bool) -> None:
    """Op 9, and a resumption that Discord has forgotten."""
    if resumable:
        town.far.gateway.forget()
        await town.far.gateway.kick(4000)
    else:
        await town.far.gateway.say(9, False)
    await town.far.until(lambda: town.far.gateway.identified == 2)
    await town.ready()
    await town.once_each(await town.asked())


async def test_a_gateway_that_answers_no_heartbeat_is_left_and_found_again(dark: Town) -> None:
    gateway, dark.heartbeat_s = dark.far.gateway, 0.5
    gateway.heartbeat_ms, gateway.answers_heartbeats = 100, False
    dark.begin()
    await dark.far.until(lambda: gateway.resumed)
    gateway.answers_heartbeats = True
    await dark.ready()
    await dark.once_each(await dark.asked())
    assert gateway.identified == 1


@pytest.mark.parametrize(("code", "why"), [(4004, "refused the token"), (4014, "intent"), (4013, "code 4013")])
async def test_what_only_a_person_can_mend_is_not_tried_again(town: Town, code: int, why: str) -> None:
    await town.far.gateway.kick(code)
    assert why in await town.comes(Link.BROKEN)
    await town.task
    assert town.far.gateway.connected == 1 and len(town.far.rest.of("GET", "users/@me")) == 1


async def test_a_token_that_is_reset_ends_in_no_loop_of_logins(town: Town) -> None:
    town.far.token = "another"
    await town.far.gateway.kick(4000)
    assert "haven setup discord" in await town.comes(Link.BROKEN)
    await town.task
    assert (town.far.gateway.identified, town.far.gateway.resumed) == (1, 1)
    assert len(town.far.rest.of("GET", "users/@me")) == 1


async def test_a_gateway_that_ends_every_session_is_left_alone_for_a_while(dark: Town) -> None:
    """Every IDENTIFY counts against the thousand a day after which Discord resets the token."""
    gateway, rest = dark.far.gateway, re.compile(rf"{IDENTIFIES_AN_HOUR} times within an hour.*again in (\d+) s")
    gateway.invalidates = True
    for _ in range(2):  # another process counts on where the one before it ended
        dark.begin()
        rested = await dark.far.until(lambda: rest.search(dark.supervisor.detail))
        assert gateway.identified == IDENTIFIES_AN_HOUR and int(rested[1]) > 2_000
        await dark.end()


@pytest.mark.parametrize("fault", [{"drops": True}, {"closes_with": 4000}])
async def test_a_gateway_that_drops_every_connection_is_not_hammered(town: Town, fault: dict[str, Any]) -> None:
    vars(town.far.gateway).update(fault)
    await town.far.gateway.kick(1001)
    assert "again and again" in await town.comes(Link.WAITING)
    assert town.far.gateway.connected <= LOSSES_A_MINUTE + 2
    town.far.gateway.drops, town.far.gateway.closes_with = False, 0
    await town.ready()


async def test_a_connection_that_stays_away_is_made_anew(dark: Town) -> None:
    """discord.py's own pauses grow to a quarter of an hour."""
    dark.begin(away_s=0.2)
    await dark.ready()
    dark.far.gateway.refuses = True
    await dark.far.gateway.kick(1001)
    assert "does not come back" in await dark.comes(Link.WAITING)
    dark.far.gateway.refuses = False
    await dark.ready()
    await dark.once_each(await dark.asked())


async def test_a_connection_given_up_in_the_moment_of_a_refusal_is_made_anew_too(
    dark: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`wait_for`, in which discord.py connects, swallows what ends it then on Python 3.11."""
    connect = HTTPClient.ws_connect

    async def at_that_moment(http: HTTPClient, *args: Any, **options: Any) -> Any:
        try:
            return await connect(http, *args, **options)
        except WSServerHandshakeError:
            asyncio.get_running_loop().call_soon(dark.supervisor._give_up, "given up just now")
            raise

    dark.begin()
    await dark.ready()
    monkeypatch.setattr(HTTPClient, "ws_connect", at_that_moment)
    dark.far.gateway.refuses = True
    await dark.far.gateway.kick(1001)
    assert "given up just now" in await dark.comes(Link.WAITING)
    dark.far.gateway.refuses = False
    await dark.ready()
    await dark.once_each(await dark.asked())


async def test_a_server_that_is_not_there_yet(dark: Town) -> None:
    """Until Discord says who has which role, nobody is a stranger: they are asked to come again."""
    dark.far.gateway.away.add(dark.guild.id)
    dark.begin()
    await dark.ready()
    early = await dark.asked()
    await dark.far.until(lambda: early.response)
    assert "Try again in a moment" in text_of(early.response) and early.ephemeral
    guild = dark.far.env.backend.guilds[dark.guild.id]
    dark.far.gateway.feed("GUILD_CREATE", serializers.guild_create_payload(dark.far.env.backend, guild))
    await dark.answered(await dark.asked())


async def test_a_discord_that_takes_long_to_answer(town: Town) -> None:
    """What was asked is done once, however late Discord's own answers come."""
    gate = asyncio.Event()
    town.far.rest.fault("POST", CALLBACK, gate=gate, done=True, times=3)
    town.far.rest.fault("PATCH", ORIGINAL, gate=gate, times=3)
    asked = [await town.asked(f"Zzyzx qwrk {number}?") for number in range(3)]
    await town.far.until(lambda: all(one.acknowledged for one in asked))
    status = await town.member.slash(town.channel, "status")
    await town.far.until(lambda: status.response and text_of(status.response))
    gate.set()
    await town.answered(*asked)
    assert len(town.local.asked) == 3


@pytest.mark.parametrize("hours", [-30, 30])
async def test_a_clock_that_is_wrong_changes_nothing(dark: Town, hours: int) -> None:
    dark.far.env.backend.clock.advance(hours * 3_600)
    dark.begin()
    await dark.ready()
    await dark.once_each(await dark.asked())


async def test_an_answer_outlives_its_token_by_discords_clock(town: Town) -> None:
    async def long(number: int) -> None:
        if number:
            town.far.env.backend.clock.advance(16 * 60)

    town.local.before_piece = long
    await town.once_each(await town.asked())
    assert town.far.rest.of("PATCH", "channels/*/messages/*")


async def test_a_refused_token_stands_on_every_status(dark: Town) -> None:
    house = dark.house
    secret = house.settings.paths.config_dir / "secrets" / DISCORD_TOKEN
    secret.parent.mkdir(parents=True)
    secret.write_text("refused")
    secret.chmod(0o600)
    face = asyncio.create_task(faces_of(house, asyncio.Event())[1](house))
    try:
        await dark.far.until(lambda: dark.far.rest.of("GET", "users/@me"))
        with house.bus.subscribe() as told:
            async for event in told:
                if event.kind == "discord" and event.subject == "broken":
                    break
        (line,) = [one for one in await house.sentinel.status() if one.label == "Discord"]
        assert "broken" in line.text and line.level == "alert" and not face.done()
    finally:
        face.cancel()
        await asyncio.wait([face])
    assert dark.far.gateway.connected == 0
