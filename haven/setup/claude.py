"""Step `claude`: the key, the monthly cap, and what a change costs, before anything can be spent."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from haven.ai.money import prices
from haven.errors import BadInput
from haven.live import ask_claude
from haven.settings import ANTHROPIC_KEY, Settings
from haven.setup.step import Answers, Desk, Person, Step

TYPICAL_OUTPUT = 4_000
"""Tokens that a round of a change usually gets back."""
GUIDE = """\
1. Open console.anthropic.com, make an account and buy some credit (the smallest amount will do).
2. Under "API keys" make a key for Haven alone, so that you can take it back without breaking anything else.
3. Copy it; you will paste it here. It is stored in a file that only you can read, never in haven.toml."""


class ClaudeAnswers(Answers):
    key: SecretStr | None = Field(None, min_length=8, max_length=500)
    monthly_usd: float | None = Field(None, ge=0, le=100_000)
    base_url: str | None = Field(None, pattern=r"^(https?://[^\s@]+)?$")
    """Another address that speaks Claude's wire protocol; "" goes back to Anthropic's."""
    model: str | None = None
    small_model: str | None = None
    """A cheaper one, asked first for what is not complex; "" for none."""


def what_it_costs(settings: Settings) -> str:
    """The price of a usual round, and of the cheaper model beside the other, from Haven's own price table."""
    cloud, read = settings.cloud, settings.changes.context_tokens
    usd = prices.of(cloud.model).worst_case(read, TYPICAL_OUTPUT)
    return (
        f"One round of a change ({read:,} tokens read, {TYPICAL_OUTPUT:,} written by {cloud.model}) costs "
        f"about {usd:.2f} USD (prices of {prices.as_of()}). {_cheaper_first(cloud.model, cloud.small_model)}"
        "Haven stops before a cap would be passed."
    )


def _cheaper_first(model: str, small: str) -> str:
    if small in ("", model):
        return ""
    return (
        f"What is not complex goes to {small} first ({_price(small)} USD per million tokens read / written) and to "
        f"{model} ({_price(model)}) where that is not good enough; code changes always go to {model}. "
    )


def _price(model: str) -> str:
    price = prices.of(model)
    return f"{price.input:.2f} / {price.output:.2f}"


def ask(person: Person, desk: Desk) -> dict[str, Any]:
    desk.say(GUIDE)
    desk.say(what_it_costs(desk.settings))
    cap = person.text("The most that Haven may spend in a month, in USD", f"{desk.settings.cloud.monthly_usd:g}")
    kept = " (Enter keeps the one you gave)" if desk.settings.secret(ANTHROPIC_KEY) else ""
    key = person.secret(f"The key, not shown while you paste it{kept}")
    return {"monthly_usd": cap} | ({"key": key} if key else {})


async def apply(answers: ClaudeAnswers, desk: Desk) -> tuple[str, ...]:
    """Check the key with a free call, keep the cap, and only then the key."""
    cloud = desk.settings.cloud
    model = answers.model or cloud.model
    base_url = cloud.base_url if answers.base_url is None else answers.base_url
    small = cloud.small_model if answers.small_model is None else answers.small_model
    prices.of(model)  # refuses a model without a price
    if small and small not in prices.models():
        said = f"cloud.small_model: there is no price for '{small}', so Haven can't hold it to a cap."
        raise BadInput(said, f"Use one of: {', '.join(prices.models())}.")
    given = answers.key.get_secret_value().strip() if answers.key else ""
    key = given or desk.settings.secret(ANTHROPIC_KEY) or ""
    if not key:
        raise BadInput("No Claude key was given.", "Without one Haven answers from this machine alone.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise BadInput("That is not a key: it holds characters that no key has.", "Copy it again, all of it.")
    answer = await ask_claude(key, model, base_url)
    if answer.ok is False:
        raise BadInput(f"{answer.sentence} Nothing was saved.", "Copy the key again, or make a new one.")
    cap = cloud.monthly_usd if answers.monthly_usd is None else answers.monthly_usd
    kept = {"monthly_usd": cap, "model": model, "small_model": small, "base_url": base_url, "stand_in": False}
    desk.keep(cloud=kept)
    if given:
        desk.settings.write_secret(ANTHROPIC_KEY, given)
    return answer.sentence, f"Haven spends at most {cap:.2f} USD a month.", what_it_costs(desk.settings)


def known(settings: Settings) -> str:
    if settings.secret(ANTHROPIC_KEY) is None:
        return ""
    return f"a key, at most {settings.cloud.monthly_usd:.2f} USD a month"


STEP = Step(
    name="claude",
    title="Claude",
    why="Claude writes code and long text. It costs money, so Haven spends nothing before you set a key and a cap.",
    answers=ClaudeAnswers,
    ask=ask,
    apply=apply,
    known=known,
)
