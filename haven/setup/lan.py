"""Step `lan`: servers in this house that run larger models, each asked what it has."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, SecretStr

from haven.ai.providers.http_faults import host as host_of
from haven.ai.providers.ollama import Ollama
from haven.ai.providers.openai_compatible import OpenAICompatible
from haven.ai.task import Tier
from haven.errors import BadInput, ModelError, Unavailable
from haven.settings import LanHost, Settings
from haven.setup.step import Answers, Desk, Person, Step

ENGINES = ("ollama", "openai")
OLLAMA_PORT = ":11434"
PATIENCE_S = 5.0
SHOWN = 40
"""Names of models in one sentence; a server may list hundreds."""


class HostAnswers(Answers):
    """One host, as `[[lan.hosts]]` of haven.toml has it, but for the key itself."""

    url: str = Field(pattern=r"^https?://[^\s@]+$")
    engine: Literal["ollama", "openai"] = "ollama"
    models: tuple[str, ...] = ()
    """Names as the host knows them; left out: the one that it has, if it has just one."""
    key: SecretStr | None = Field(None, min_length=1, max_length=500)


class LanAnswers(Answers):
    hosts: tuple[HostAnswers, ...] = Field(min_length=1)


def ask(person: Person, desk: Desk) -> dict[str, Any]:
    url = person.text("The host's address, such as living-room:11434").rstrip("/")
    if not url:
        raise BadInput("No host is named.", "Without one Haven uses this machine and the cloud.")
    url = url if "://" in url else f"http://{url}"
    guess = ENGINES[0] if url.endswith(OLLAMA_PORT) else ENGINES[1]
    engine = person.text('Its engine: "ollama", or "openai" for llama-server, vLLM, LM Studio', guess)
    if engine not in ENGINES:
        raise BadInput(f"There is no engine {engine!r}.", f"There are: {', '.join(ENGINES)}.")
    key = person.secret("Its key, if it wants one (Enter for none)")
    found = asyncio.run(_models(url, engine, key or _kept_key(desk.settings, url)))
    desk.say(f"{host_of(url)} has: {_listed(found)}")
    chosen = person.text("Which of them (several with blanks)", found[0] if len(found) == 1 else "")
    host = {"url": url, "engine": engine, "models": chosen.split()}
    return {"hosts": [host | ({"key": key} if key else {})]}


async def apply(answers: LanAnswers, desk: Desk) -> tuple[str, ...]:
    """Ask every host what it has, then keep them; one that is away now is kept if its models are named."""
    hosts = {host.url: host for host in desk.settings.lan.hosts}
    said: list[str] = []
    for answer in answers.hosts:
        host, sentence = await _looked_at(answer, desk.settings)
        hosts[host.url] = host
        said.append(sentence)
    desk.keep(lan={"hosts": [_as_block(host) for host in hosts.values()]})
    for answer in answers.hosts:
        if answer.key is not None:
            desk.settings.write_secret(_secret_name(answer.url), answer.key.get_secret_value())
    return *said, "Private requests never go there."


async def _looked_at(answer: HostAnswers, settings: Settings) -> tuple[LanHost, str]:
    """The host as it goes to haven.toml, and what to tell. Raises BadInput where it can't be used like that."""
    url, name = answer.url.rstrip("/"), host_of(answer.url)
    key = answer.key.get_secret_value() if answer.key else _kept_key(settings, url)
    try:
        found = await _models(url, answer.engine, key)
    except Unavailable as error:
        if not answer.models:
            raise
        found, said = answer.models, f"Not checked: {error}"
    else:
        said = f"{name} is there."
    models = answer.models or found
    if not answer.models and len(found) != 1:
        raise BadInput(f"No model of {name} was chosen.", f"It has: {_listed(found)}")
    said += f" Haven asks it for {', '.join(models)}."
    if answer.engine == ENGINES[0]:
        lacking = [one for one in models if not {one, f"{one}:latest"} & set(found)]
        said += "".join(f" It does not have {one} yet: haven models pull {one}" for one in lacking)
    given = {"url": url, "engine": answer.engine, "models": models}
    named = _secret_name(url) if answer.key else next((one.secret for one in settings.lan.hosts if one.url == url), "")
    return LanHost.model_validate(given | ({"secret": named} if named else {})), said


async def _models(url: str, engine: str, key: str) -> tuple[str, ...]:
    """What the host says it has. Raises Unavailable (nobody is there) or BadInput (another engine, a wrong key)."""
    provider: Ollama | OpenAICompatible
    if engine == ENGINES[0]:
        provider = Ollama(url, "", key, timeout_s=PATIENCE_S)
    else:
        provider = OpenAICompatible(url, "", key, tier=Tier.LAN, timeout_s=PATIENCE_S)
    try:
        return tuple(sorted(await provider.models()))
    except (Unavailable, ModelError) as error:
        if isinstance(error, Unavailable) and error.retry:
            raise
        said = f"{host_of(url)} does not tell its models in the way of the engine {engine!r}."
        raise BadInput(said, "Check the address, the engine and the key.") from None
    finally:
        await provider.close()


def _kept_key(settings: Settings, url: str) -> str:
    """The key that was given to this host before."""
    named = next((host.secret for host in settings.lan.hosts if host.url == url), "")
    return (settings.secret(named) if named else None) or ""


def _secret_name(url: str) -> str:
    return f"lan_{re.sub('[^a-z0-9]+', '_', host_of(url).lower()).strip('_')}_key"


def _as_block(host: LanHost) -> dict[str, Any]:
    """Only what was set: the defaults need no line."""
    return host.model_dump(mode="json", exclude_unset=True)


def _listed(found: Sequence[str]) -> str:
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return (", ".join(found[:SHOWN]) or "no models yet") + more + "."


def known(settings: Settings) -> str:
    return ", ".join(f"{' and '.join(host.models)} at {host_of(host.url)}" for host in settings.lan.hosts)


STEP = Step(
    name="lan",
    title="Larger models at home (few need this)",
    why="Ollama, llama-server, vLLM or LM Studio on another machine in this house: free, and nothing leaves home.",
    answers=LanAnswers,
    ask=ask,
    apply=apply,
    known=known,
    optional=True,
)
