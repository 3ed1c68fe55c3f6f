"""Beyond this machine: hosts at home, Claude, other clouds, Discord, webhooks. They are asked only where `live`."""

from __future__ import annotations

import asyncio

from haven.ai.money import prices
from haven.ai.providers.http_faults import host as host_of
from haven.ai.providers.ollama import Ollama
from haven.ai.providers.openai_compatible import OpenAICompatible
from haven.ai.task import Tier
from haven.doctor.check import Finding
from haven.errors import HavenError
from haven.live import BOT_TOKEN, Answer, ask_claude, ask_discord
from haven.settings import ANTHROPIC_KEY, DISCORD_TOKEN, LanHost, Settings
from haven.webhooks.signing import key_of

PATIENCE_S = 5.0


async def lan(settings: Settings, live: bool = False) -> Finding | list[Finding]:
    hosts = settings.lan.hosts
    if not hosts:
        if settings.lan.only:
            return False, "lan.only is set, but no host is named, so it has no effect.", "haven setup lan"
        return None, "No host is named."
    absent = [host for host in hosts if host.secret and settings.secret(host.secret) is None]
    if absent:
        return [_no_key(host_of(host.url), host.secret, settings) for host in absent]
    if not live:
        told = "; ".join(f"{', '.join(host.models)} at {host_of(host.url)}" for host in hosts)
        return True, f"{told}. Not asked: add --live."
    found = await asyncio.gather(*(_host(host, settings) for host in hosts))
    if problems := [problem for one in found for problem in one]:
        return problems
    return True, f"{', '.join(host_of(host.url) for host in hosts)}: there, with the models that the settings name."


async def _host(entry: LanHost, settings: Settings) -> list[Finding]:
    """What is wrong with one host, and what mends it."""
    key = (settings.secret(entry.secret) if entry.secret else None) or ""
    providers: list[Ollama | OpenAICompatible] = [
        Ollama(entry.url, name, key, timeout_s=PATIENCE_S)
        if entry.engine == "ollama"
        else OpenAICompatible(entry.url, name, key, tier=Tier.LAN, timeout_s=PATIENCE_S)
        for name in entry.models
    ]
    try:
        has = await providers[0].models()
    except HavenError as error:
        return [(False, str(error), error.mend)]
    finally:
        await providers[0].close()
    lacking = ((one.lacks(has), f"haven models pull {one.name}") for one in providers)
    return [(False, said, mend) for said, mend in lacking if said]


def _no_key(name: str, secret: str, settings: Settings) -> Finding:
    file = settings.paths.config_dir / "secrets" / secret
    return False, f"The key of {name} is missing.", f"Put it into {file} (mode 600)."


async def claude(settings: Settings, live: bool = False) -> Finding | list[Finding]:
    cloud = settings.cloud
    models = {"cloud.model": cloud.model} | ({"cloud.small_model": cloud.small_model} if cloud.small_model else {})
    if unpriced := [(key, name) for key, name in models.items() if name not in prices.models()]:
        mend = f"Take one of: {', '.join(prices.models())}."
        return [(False, f"{key}: there is no price for {name!r}, so no cap holds it.", mend) for key, name in unpriced]
    if cloud.stand_in:
        return None, "A stand-in, not Claude, is set in the settings (cloud.stand_in)."
    key = settings.secret(ANTHROPIC_KEY)
    if key is None:
        return None, "There is no key, so nothing goes to Claude.", "haven setup claude"
    if cloud.monthly_usd == 0:
        return None, "There is a key, but the monthly cap is 0: nothing is spent.", "haven setup claude"
    cap = f"At most {cloud.monthly_usd:.2f} USD a month."
    if not live:
        return True, f"A key is set. {cap} Not asked: add --live."
    answers = [await ask_claude(key, model, cloud.base_url) for model in dict.fromkeys(models.values())]
    worst = min(answers, key=lambda answer: {False: 0, None: 1, True: 2}[answer.ok])
    return _told(worst, cap, "haven setup claude")


def others(settings: Settings) -> Finding | list[Finding]:
    named = settings.cloud.others
    if not named:
        return None, "None is named (cloud.others)."
    absent = [one for one in named if settings.secret(one.secret) is None]
    if absent:
        return [_no_key(one.name, one.secret, settings) for one in absent]
    return True, f"A key is set for {', '.join(one.name for one in named)}."


async def discord(settings: Settings, live: bool = False) -> Finding:
    wish, token = settings.discord, settings.secret(DISCORD_TOKEN)
    if token is None:
        return None, "There is no token, so the bot stays off.", "haven setup discord"
    if not BOT_TOKEN.fullmatch(token):
        return False, "What is kept as the Discord token is none: it has three parts with dots.", "haven setup discord"
    missing = [name for name, value in (("guild_id", wish.guild_id), ("owner_ids", wish.owner_ids)) if not value]
    if missing:
        return False, f"A token is set, but not discord.{' and discord.'.join(missing)}.", "haven setup discord"
    ids = f"Server {wish.guild_id}, {len(wish.owner_ids)} owner(s)."
    if not live:
        return True, f"A token is set. {ids} Not asked: add --live."
    answer = await ask_discord(token, wish.guild_id)
    if answer.in_server is False:
        return False, "Discord accepts the token, but the bot is not on the server.", "haven setup discord"
    return _told(answer, ids, "haven setup discord")


def webhooks(settings: Settings) -> Finding | list[Finding]:
    """Both ways; nothing is sent: `haven webhooks test` does."""
    hooks = settings.webhooks
    secrets = [*([hooks.secret] if hooks.url else []), *(one.secret for one in hooks.senders)]
    if not secrets:
        return None, "Off: no address is set, and there is no sender (see [webhooks] in haven.example.toml)."
    found: list[Finding] = []
    for name in secrets:
        try:
            key_of(name, settings.secret)
        except HavenError as error:
            found.append((False, str(error), error.mend))
    if hooks.senders and not settings.web.port:
        found.append((False, "There is a webhook's sender, but no port that it could reach.", "Set web.port."))
    if hooks.url and not hooks.kinds:
        found.append((False, "webhooks.kinds is empty, so nothing is told.", "Name some kinds of events."))
    kinds = "1 kind of event is" if len(hooks.kinds) == 1 else f"{len(hooks.kinds)} kinds of events are"
    out = f"{kinds} told to {host_of(hooks.url)}" if hooks.url else ""
    taken = f"{len(hooks.senders)} sender{'s' * (len(hooks.senders) != 1)} may ask for changes" if hooks.senders else ""
    return found or (True, f"{'; '.join(filter(None, (out, taken)))}.")


def _told(answer: Answer, more: str, mend: str) -> Finding:
    return answer.ok, f"{answer.sentence} {more}", "" if answer.ok else mend
