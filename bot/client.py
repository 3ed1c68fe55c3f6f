"""The Discord client: least intents, one gate, commands synced only when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import discord
from discord import app_commands

from assistants.office import Office
from assistants.records import Records
from assistants.round_table import RoundTable
from assistants.sentinel import StatusLine
from assistants.sentry.alerts import Alerts
from assistants.waiting import WaitingRoom
from bot import entry
from bot.alarms import Alarms
from bot.answers import Answers
from bot.cards import Cards
from bot.channels import Channels
from bot.commands import (
    ask,
    changes,
    drafts,
    health,
    menus,
    money,
    owner,
    privacy,
    roundtable,
    status,
    taking,
    watch,
    world,
)
from bot.commands.anywhere import is_anywhere
from bot.digests import Digests
from bot.draft_cards import DraftCards
from bot.language import Translator, language_of, look_in, speaking
from bot.queue import Queue
from bot.talks import Talks
from bot.told import Told
from bot.views.alert import AlertButton
from bot.views.answer import AnswerButton, AnswerPage
from bot.views.buttons import ChangeButton
from bot.views.drafts import DraftButton, DraftList, QueuePage, TheseButton, rejected
from bot.views.listing import ChangesPage
from bot.views.price import PriceButton
from bot.views.reading import ReadButton
from bot.views.review import submitted
from bot.views.rounds import OlderRounds
from bot.views.talk import TalkButton
from haven.access import Principal
from haven.changes.decisions import Changes
from haven.errors import Unavailable
from haven.events import Bus
from haven.settings import Discord
from haven.store import notes
from haven.store.database import Database
from haven.store.events import Event

log = logging.getLogger("haven.bot")

SYNCED = "discord.commands"
IDENTIFY_PAUSE_S = 5.0
"""Before another session after the first: Discord's documentation asks for one to five seconds."""
AGAIN_S = 60.0
"""So long what Discord could not be told of waits, where neither a new event nor a new connection comes before."""


class Tree(app_commands.CommandTree["HavenBot"]):
    """Reports what goes wrong before a command's own gate is reached."""

    async def on_error(self, interaction: discord.Interaction, error: app_commands.AppCommandError, /) -> None:
        with speaking(language_of(interaction.locale)):
            await entry.report(interaction, error)


class HavenBot(discord.Client):
    """One connection to Discord; a lost one is replaced by a new object (see `bot.supervisor`).

    It sees no messages and no member list: slash commands, buttons and modals need no privileged intent.
    """

    def __init__(
        self,
        round_table: RoundTable,
        changes: Changes,
        waiting: WaitingRoom,
        records: Records,
        bus: Bus,
        database: Database,
        settings: Discord,
        status: Callable[[], Awaitable[list[StatusLine]]],
        verdict: Callable[[int, Principal, int], Awaitable[None]],
        cloud: Callable[[], str],
        alerts: Alerts,
        office: Office,
        alarms_at: int | None = None,
    ) -> None:
        """`verdict` takes the number of an outcome and 1 or -1; `cloud` names who can be asked there, "" for nobody;
        `alarms_at` is the channel that is told of alerts."""
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self.round_table = round_table
        self.changes = changes
        self.records = records
        self.bus = bus
        self.database = database
        self.settings = settings
        self.status_lines = status
        self.verdict = verdict
        self.cloud = cloud
        self.office = office
        self.channels = Channels(self, settings.guild_id)
        self.cards = Cards(self.channels, changes, database, settings)
        self.alerts = alerts
        self.alarms = Alarms(self.channels, database, alarms_at, alerts)
        self.draft_cards = DraftCards(self.channels, records.drafts, database)
        self.told = Told(self.channels, database, lambda person: entry.today(self, person))
        self.digests = Digests(self.channels, database, settings.channel_id)
        self.answers = Answers(self.channels, waiting, database, round_table.seat)
        self.talks = Talks(self.channels, round_table.transcript, changes, database, round_table.seat)
        waiting.ask_about("bot", lambda person: entry.today(self, person))
        self.closing = False
        self.on_link: Callable[[bool], None] = lambda up: None
        """Called when the connection is ready (True) and when it is lost (False)."""
        self.on_identify: Callable[[HavenBot], Awaitable[None]] = _unheard
        """Called before each new session; what it raises ends the connection."""
        self.identify_pause_s = IDENTIFY_PAUSE_S
        self.tree = Tree(self)

    async def setup_hook(self) -> None:
        """Register the commands and the buttons that outlive a restart."""
        self.add_dynamic_items(
            ChangeButton,
            OlderRounds,
            ChangesPage,
            AnswerButton,
            AnswerPage,
            AlertButton,
            DraftButton,
            DraftList,
            QueuePage,
            ReadButton,
            TheseButton,
            watch.EndWatch,
            watch.WatchesPage,
            PriceButton,
            TalkButton,
            privacy.PrivacyButton,
            owner.RestartButton,
        )
        guild = discord.Object(self.settings.guild_id) if self.settings.guild_id else None
        several = [*changes.commands(), *world.commands(), *drafts.commands(), *money.commands()]
        several += [watch.command(), roundtable.command()]
        alone = [ask.command(self.round_table.assistants), status.command(), health.command(), privacy.command()]
        every: list[app_commands.Command[Any, ..., Any] | app_commands.Group] = [*several, *alone, owner.group()]
        for command in every:
            self.tree.add_command(command, guild=None if is_anywhere(command) else guild)
        for menu in menus.menus():
            self.tree.add_command(menu, guild=guild)
        look_in(self.office.settings.paths.config_dir / "languages")
        await self.tree.set_translator(Translator())
        await self.sync()

    @property
    def queues(self) -> tuple[Queue[Any], ...]:
        """All that Discord is told of without being asked."""
        return self.talks, self.cards, self.answers, self.draft_cards, self.told, self.alarms, self.digests

    async def follow(self) -> None:
        """Draw what the bus says, until cancelled. What came while there was no connection is caught up on."""
        with self.bus.subscribe() as subscription:
            async for event in subscription:
                if self.is_ready():
                    await self.tell(event)

    async def tell(self, event: Event) -> None:
        """Draw one event of the bus."""
        await self._each(lambda queue: queue.tell(event))

    async def try_again(self) -> None:
        """Show what could not be shown when it came, since Discord was away for a moment."""
        await self._each(_catch_up, [queue for queue in self.queues if queue.waits])

    async def _each(
        self, work: Callable[[Queue[Any]], Awaitable[None]], queues: Iterable[Queue[Any]] | None = None
    ) -> None:
        """What is wrong with one of the queues keeps nothing from the others, and ends nothing."""
        for queue in self.queues if queues is None else queues:
            try:
                await work(queue)
            except Exception as error:
                log.error("%s could not be told in Discord", type(queue).__name__, exc_info=error)

    async def keep_trying(self) -> None:
        """Try again each minute, until cancelled."""
        while True:
            await asyncio.sleep(AGAIN_S)
            if self.is_ready():
                await self.try_again()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """A client that has closed is told nothing more: discord.py would, and fails, its loop being gone."""
        if self.loop is not discord.utils.MISSING:
            super().dispatch(event, *args, **kwargs)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        await self.on_identify(self)
        if not initial:
            await asyncio.sleep(self.identify_pause_s)

    async def close(self) -> None:
        """Refuse new presses, let those who wait for an answer know, and disconnect."""
        self.closing = True
        await self.answers.interrupt()
        await super().close()

    async def on_ready(self) -> None:
        self.on_link(True)
        await self._catch_up()

    async def on_resumed(self) -> None:
        self.on_link(True)
        await self._catch_up()

    async def _catch_up(self) -> None:
        await self._each(_catch_up)

    async def on_disconnect(self) -> None:
        self.on_link(False)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Modals alone: discord.py forgets an open one at a restart, the custom id does not."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        for taken in (rejected, privacy.sure, drafts.submitted, taking.taken):
            if await taken(interaction):
                return
        await submitted(interaction)

    async def sync(self, anyway: bool = False) -> None:
        """Send the lists of commands, that of Haven's own server and that of all of Discord.

        Only where they are not those sent last, or `anyway`: Discord counts creations (200 a day).
        """
        own = discord.Object(self.settings.guild_id) if self.settings.guild_id else None
        places = [None, own] if own else [None]
        payloads = [await self._payload(place) for place in places]
        where = {"application": self.application_id, "guild": self.settings.guild_id, "commands": payloads}
        digest = hashlib.sha256(json.dumps(where, sort_keys=True, default=str).encode()).hexdigest()
        if not anyway and await notes.get(self.database, SYNCED) == digest:
            return
        try:
            for place in places:
                await self.tree.sync(guild=place)
        except discord.Forbidden as error:
            raise Unavailable(
                "Discord does not let the bot add its commands to this server.",
                "Invite it with the link that `haven setup discord` prints.",
            ) from error
        await notes.put(self.database, SYNCED, digest)

    async def _payload(self, place: discord.Object | None) -> list[Any]:
        translator = self.tree.translator
        assert translator is not None
        commands = self.tree.get_commands(guild=place)
        return [await command.get_translated_payload(self.tree, translator) for command in commands]


async def _unheard(bot: HavenBot) -> None:
    """Nobody counts the sessions of a bot that stands alone."""


async def _catch_up(queue: Queue[Any]) -> None:
    await queue.catch_up()
