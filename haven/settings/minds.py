"""The sections about models: those here, those at home, those that are paid for, and which is asked first."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from haven.settings.section import Address, SecretName, Section


class Models(Section):
    """Models that run in this process."""

    default: str = "smollm2-135m"
    threads: int = Field(0, ge=0, le=64)
    """Decode threads; 0 means cores - 1."""
    batch_threads: int = Field(0, ge=0, le=64)
    """Threads that read a prompt; 0 means as many as decode threads."""
    context_tokens: int = Field(4096, ge=512, le=131072)
    local: bool = True
    """False turns the local model off: rules answer alone."""
    seats: int = Field(4, ge=1, le=32)
    """How many are answered at the same time by one model."""
    memory_mb: int = Field(0, ge=0)
    """All loaded models together; 0 means half of this machine's memory."""
    keep: tuple[str, ...] = ()
    """Loaded at the start and never unloaded to make room."""
    idle_minutes: float = Field(30.0, ge=0)
    """Other models are unloaded after so long without work; 0 means never."""
    prefix_mb: int = Field(256, ge=0)
    """Read prompts (Haven's own instructions only) kept on disk, so that they are not read again after a restart."""
    gpu_layers: int = Field(0, ge=-1)
    """Layers given to a GPU; -1 means all."""
    gpu_memory_mb: int = Field(0, ge=0)
    """The most of a GPU's memory that models may take; 0 means no limit."""
    embeddings: bool = True
    """False: no vectors, so the meaning of a question beyond known words does not count in judging how hard it is."""


class LanHost(Section):
    """One server at home."""

    url: Address
    engine: Literal["ollama", "openai"] = "ollama"
    """`openai`: llama-server, vLLM, LM Studio, another Haven's model, or anything that speaks that protocol."""
    models: tuple[str, ...] = Field(min_length=1)
    """Names as that server knows them; one that several hosts have is spread over them."""
    secret: SecretName = ""
    """The file in `secrets/` that holds this host's key, if it wants one."""


class Lan(Section):
    """Engines in this house; private tasks never go there."""

    hosts: tuple[LanHost, ...] = ()
    timeout_s: float = Field(120.0, gt=0, le=3600)
    health_s: float = Field(30.0, gt=0)
    """How often each host is asked whether it is there."""
    only: bool = False
    """True moves all inference there; the local tier is then the fallback alone."""


def _one_word(value: str) -> str:
    if not re.fullmatch(r"[\w.:-]+", value):
        raise ValueError("it must be one word of letters, digits and . : _ -")
    return value


class OtherCloud(Section):
    """A paid service besides Claude that speaks the OpenAI protocol, such as OpenAI or Gemini."""

    name: Annotated[str, AfterValidator(_one_word)]
    base_url: Address
    model: str
    secret: SecretName = Field(min_length=1)
    """The file in `secrets/` that holds its key."""
    input_usd: float = Field(gt=0)
    """US dollars per million tokens."""
    output_usd: float = Field(gt=0)


class Cloud(Section):
    """Claude, and what it may cost. Nothing is spent before a key and a cap are set."""

    model: str = "claude-sonnet-5-5"
    small_model: str = "claude-haiku-5-5"
    """Asked first where a task is not complex, and never for code changes; empty means `model` does it all."""
    base_url: str = ""
    """Another address that speaks Claude's wire protocol; empty means Anthropic's own."""
    stand_in: bool = False
    """True marks the address as the stand-in, on every screen; prices then count nothing real."""
    monthly_usd: float = Field(5.0, ge=0)
    daily_usd: float = Field(2.0, ge=0)
    per_change_usd: float = Field(1.0, ge=0)
    per_person_daily_usd: float = Field(1.0, ge=0)
    per_request_usd: float = Field(0.5, ge=0)
    """All calls of one request together; the calls of a change have its own cap."""
    ask_above_usd: Annotated[float | None, BeforeValidator(lambda value: None if value == "" else value)] = Field(
        0.1, ge=0
    )
    """Who asks for something in Discord that may cost more sees the price first; 0: always, "": never."""
    timeout_s: float = Field(300.0, gt=0, le=3600)
    attempts: int = Field(3, ge=1, le=10)
    max_output_tokens: int = Field(16000, ge=256, le=128000)
    requests_per_minute: int = Field(30, ge=1)
    """Each provider on its own."""
    breaker_failures: int = Field(5, ge=1)
    """After so many failures one after another a provider is left alone ..."""
    breaker_s: float = Field(60.0, gt=0)
    """... for so long; then one call tries it."""
    others: tuple[OtherCloud, ...] = ()
    """Asked after Claude, in this order."""


class Strategy(StrEnum):
    LOCAL_FIRST = "local_first"
    COST = "cost"
    QUALITY = "quality"
    PRIVACY = "privacy"
    LATENCY = "latency"


class Away(StrEnum):
    """What to do where only the cloud would do and it is out of reach."""

    ASK = "ask"
    WAIT = "wait"
    LOCAL = "local"
    CANCEL = "cancel"


class Rule(Section):
    """The first rule whose condition holds says who is asked first, and who after that."""

    when: str
    """Such as `kind == "code" and tokens > 2048`; the names stand in haven.example.toml."""
    tier: Literal["local", "lan", "cloud"]
    model: str = ""
    fallback: tuple[Literal["local", "lan", "cloud"], ...] = ()


class Routing(Section):
    """Which model is asked first, and when the next one is."""

    strategy: Strategy = Strategy.LOCAL_FIRST
    rules: tuple[Rule, ...] = ()
    hybrid: bool = True
    """Medium tasks: the local model prepares and the cloud finishes."""
    prepare_from_tokens: int = Field(600, ge=100)
    """Material longer than this is condensed before it leaves, in a hybrid task."""
    max_seconds: float = Field(0.0, ge=0)
    """Models that would take longer are left out, where another is left; 0 means no limit."""
    pass_mark: int = Field(70, ge=0, le=100)
    """For kinds that name none themselves."""
    away: Away = Away.ASK
    learn: bool = True
    """Thumbs, scores and approvals move the pass marks, within bounds."""
    simple_words: tuple[str, ...] = ()
    """Regular expressions that make a request simpler in the classifier's eyes ..."""
    complex_words: tuple[str, ...] = ()
    """... and harder."""


class KindSettings(Section):
    """One kind of output. The first of the models that can be used is taken, the others are its fallbacks."""

    local: tuple[str, ...] = ()
    lan: tuple[str, ...] = ()
    cloud: tuple[str, ...] = ()
    pass_mark: int | None = Field(None, ge=0, le=100)
    cache_hours: float | None = Field(None, ge=0)
