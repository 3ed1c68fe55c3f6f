"""Step `discord`: the application, its token, who may do what, and an invite link with exactly the needed rights."""

from __future__ import annotations

import base64
import re
from enum import IntFlag
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field, SecretStr

from haven.errors import BadInput
from haven.live import DISCORD_API, ask_discord
from haven.settings import DISCORD_TOKEN, Settings
from haven.setup.step import Answers, Desk, Person, Step

INVITE = "https://discord.com/oauth2/authorize"
GUIDE = """\
1. Open discord.com/developers/applications and press "New Application"; call it Haven.
2. Under "Installation" choose "None" as install link; under "Bot" turn "Public Bot" off: nobody else can then add it.
3. Leave every "Privileged Gateway Intent" off: Haven reads slash commands and buttons, never your chat.
4. Under "Bot" press "Reset Token" and copy it; you will paste it here. It is stored in a file only you can read.
5. In Discord: User Settings, Advanced, turn "Developer Mode" on. Right-click your server and yourself, "Copy ID"."""
Id = Annotated[int, Field(ge=10**15, lt=2**63)]
"""A snowflake: Discord's numeric ids have 16 to 19 digits."""


class Right(IntFlag):
    """The rights Haven uses (Discord API reference, Permissions: bitwise flags), and no other."""

    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    """To edit its own cards after a restart."""
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


NEEDED = sum(Right)


class DiscordAnswers(Answers):
    token: SecretStr | None = Field(None, max_length=200)
    guild_id: Id | None = None
    owner_ids: frozenset[Id] | None = None
    reviewer_role_ids: frozenset[Id] | None = None
    member_role_ids: frozenset[Id] | None = None
    everyone_may_ask: bool | None = None
    channel_id: Id | None = None
    api: str = Field(DISCORD_API, pattern=r"^https?://[^\s@]+$")
    """Where Discord's API is; for a proxy of your own."""


def invite_link(bot_id: int, guild_id: int | None = None) -> str:
    """The link that lets the bot in: scopes bot and applications.commands, the rights of `Right`."""
    query = {"client_id": str(bot_id), "scope": "bot applications.commands", "permissions": str(NEEDED)}
    if guild_id:
        query |= {"guild_id": str(guild_id), "disable_guild_select": "true"}
    return f"{INVITE}?{urlencode(query)}"


def bot_id_of(token: str) -> int | None:
    """The bot's id as the token itself says (its first part, in base64), so that the link is there offline too."""
    head = token.split(".")[0]
    try:
        text = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode("ascii")
    except ValueError:
        return None
    return int(text) if re.fullmatch(r"\d{16,19}", text) else None


def ask(person: Person, desk: Desk) -> dict[str, Any]:
    desk.say(GUIDE)
    now = desk.settings.discord
    kept = " (Enter keeps the one you gave)" if desk.settings.secret(DISCORD_TOKEN) else ""
    owners = " ".join(str(one) for one in sorted(now.owner_ids))
    found: dict[str, Any] = {
        "token": person.secret(f"The token, not shown while you paste it{kept}"),
        "guild_id": person.text("The server's id", str(now.guild_id or "")),
        "owner_ids": person.text("Your own id (several with blanks)", owners).split(),
    }
    return {key: value for key, value in found.items() if value}


async def apply(answers: DiscordAnswers, desk: Desk) -> tuple[str, ...]:
    """Check the token, keep ids and token; the last line is what to click next."""
    given = answers.token.get_secret_value().strip() if answers.token else ""
    token = given or desk.settings.secret(DISCORD_TOKEN) or ""
    if not token:
        raise BadInput("No Discord token was given.", "Without one the kiosk and the command line still work.")
    if bot_id_of(token) is None or not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token):
        raise BadInput(
            "That is not a bot token: it has three parts with dots between them.",
            'Copy it from the page "Bot" (not the client secret, not the public key).',
        )
    ids = {key: _plain(value) for key, value in answers if key not in ("token", "api") and value is not None}
    now = desk.settings.discord
    guild_id = answers.guild_id or now.guild_id
    answer = await ask_discord(token, guild_id, answers.api)
    if answer.ok is False:
        raise BadInput(f"{answer.sentence} Nothing was saved.", 'Press "Reset Token" on the page "Bot", copy again.')
    desk.keep(discord=ids)
    if given:
        desk.settings.write_secret(DISCORD_TOKEN, given)
    return answer.sentence, *_who(desk.settings), _next(answer.bot_id or bot_id_of(token), guild_id, answer.in_server)


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _who(settings: Settings) -> tuple[str, ...]:
    discord = settings.discord
    missing = [] if discord.guild_id else ["No server id is set, so Haven answers nowhere on Discord yet."]
    if not discord.owner_ids:
        missing.append("No owner id is set, so nobody on Discord may approve anything yet.")
    return tuple(missing)


def _next(bot_id: int | None, guild_id: int | None, in_server: bool | None) -> str:
    if in_server:
        return "The bot is on your server already."
    return f"Open this link to let the bot in: {invite_link(bot_id or 0, guild_id)}"


def known(settings: Settings) -> str:
    if settings.secret(DISCORD_TOKEN) is None:
        return ""
    return f"a token, server {settings.discord.guild_id or 'not set'}, {len(settings.discord.owner_ids)} owner(s)"


STEP = Step(
    name="discord",
    title="Discord",
    why="Your community asks, requests and reviews on Discord. Haven needs an application there that belongs to you.",
    answers=DiscordAnswers,
    ask=ask,
    apply=apply,
    known=known,
)
