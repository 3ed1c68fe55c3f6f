"""Step `discord`: the application, its token, who may do what, and an invite link with exactly the needed rights."""

from __future__ import annotations

import base64
import re
from enum import IntFlag
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo

from haven.errors import BadInput
from haven.live import BOT_TOKEN, DISCORD_API, BotAnswer, ask_discord, unknown_to_discord
from haven.settings import DISCORD_TOKEN, Settings
from haven.setup.step import Answers, Desk, Person, Step

INVITE = "https://discord.com/oauth2/authorize"
GUIDE = """\
1. Open discord.com/developers/applications and press "New Application"; call it Haven.
2. Under "Installation" choose "None" as install link; under "Bot" turn "Public Bot" off: nobody else can then add it.
3. Leave every "Privileged Gateway Intent" off: Haven reads slash commands and buttons, never your chat.
4. Under "Bot" press "Reset Token" and copy it; you will paste it here. It is stored in a file only you can read.
5. In Discord: User Settings, Advanced, turn "Developer Mode" on. Right-click your server and yourself, "Copy ID"."""
WHERE = {
    "guild_id": ("the server's id", "right-click the server's icon"),
    "owner_ids": ("a person's id", "right-click the person"),
    "reviewer_role_ids": ("a role's id", "Server Settings, Roles, right-click the role"),
    "member_role_ids": ("a role's id", "Server Settings, Roles, right-click the role"),
    "channel_id": ("a channel's id", "right-click the channel"),
}
"""What each id is, and where in Discord it is found, with Developer Mode on."""


def _id(value: Any, info: ValidationInfo) -> int:
    """A snowflake: Discord's numeric ids have 16 to 19 digits. What is no number is not repeated: it may be a token."""
    text = str(value).strip()
    if text.isascii() and text.isdigit() and 10**15 <= int(text[:30]) < 2**63:
        return int(text)
    shown = text if text.isascii() and text.isdigit() and len(text) <= 30 else "that"
    raise ValueError(f"{shown} is not {_where(info.field_name or '')}")


def _where(name: str) -> str:
    what, where = WHERE[name]
    return f'{what}, which has 16 to 19 digits. In Discord: {where}, "Copy ID"'


Id = Annotated[int, BeforeValidator(_id)]


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
    if bot_id_of(token) is None or not BOT_TOKEN.fullmatch(token):
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
    await _refuse_wrong(answers, token, guild_id, answer)
    desk.keep(discord=ids)
    if given:
        desk.settings.write_secret(DISCORD_TOKEN, given)
    return answer.sentence, *_who(desk.settings), _next(answer.bot_id or bot_id_of(token), guild_id, answer.in_server)


async def _refuse_wrong(answers: DiscordAnswers, token: str, guild_id: int | None, answer: BotAnswer) -> None:
    """Raises BadInput for an id that is the wrong thing's, or that Discord knows nothing of."""
    given = {name: _ids(getattr(answers, name)) for name in WHERE}
    if answer.bot_id in given["guild_id"] or given["guild_id"] & given["owner_ids"]:
        other = "the bot's" if answer.bot_id in given["guild_id"] else "a person's"
        raise BadInput(f"discord.guild_id: {guild_id} is {other} id, not {_where('guild_id')}.", "Nothing was saved.")
    roles = f"guilds/{guild_id}/roles" if answer.in_server else ""
    under = {"owner_ids": "users", "reviewer_role_ids": roles, "member_role_ids": roles, "channel_id": "channels"}
    paths = {f"{under[name]}/{id}": (name, id) for name in under if under[name] for id in sorted(given[name])}
    for path in await unknown_to_discord(token, [*paths], answers.api) if answer.ok else ():
        name, id = paths[path]
        raise BadInput(f"discord.{name}: Discord knows no {id}: it is not {_where(name)}.", "Nothing was saved.")


def _ids(value: Any) -> frozenset[int]:
    return value if isinstance(value, frozenset) else frozenset({value} if value else ())


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
    link = f"Open this link to let the bot in: {invite_link(bot_id or 0, guild_id)}"
    if in_server is None:
        return link
    doubt = f"let it in, or look whether that is {_where('guild_id')}"
    return f"The bot is on no server with the id {guild_id}: {doubt}. {link}"


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
