"""What a call to Claude may cost at worst, and what it did cost: one dated table, prices.toml."""

from __future__ import annotations

import math
import tomllib
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field

from haven.ai.task import Usage
from haven.errors import SettingsError

MICRO_USD = 1_000_000


class Prices(BaseModel):
    """USD per million tokens of one model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(gt=0)
    output: float = Field(gt=0)
    cache_read: float = Field(gt=0)
    cache_write: float = Field(gt=0)
    long_from: int | None = None
    """Prompts of more tokens than this cost `long` instead, every token of them."""
    long: Prices | None = None

    def at(self, prompt_tokens: int) -> Prices:
        """The prices that hold for a prompt of that length."""
        if self.long is not None and self.long_from is not None and prompt_tokens > self.long_from:
            return self.long
        return self

    def worst_case(self, input_tokens: int, max_output: int) -> float:
        """USD that one call can cost at most: every input token written to the cache, every output token used.

        Rounded up to a millionth of a dollar.
        """
        prices = self.at(input_tokens)
        dearest = max(prices.input, prices.cache_write)
        return _round_up(input_tokens * dearest + max_output * prices.output)

    def cost(self, usage: Usage) -> float:
        """USD that one call did cost, rounded up to a millionth."""
        prices = self.at(usage.input + usage.cache_read + usage.cache_write)
        return _round_up(
            usage.input * prices.input
            + usage.output * prices.output
            + usage.cache_read * prices.cache_read
            + usage.cache_write * prices.cache_write
        )


def of(model: str) -> Prices:
    """The prices of a model that stands in the table. Raises SettingsError for one that does not."""
    known = _table()[1]
    if model not in known:
        raise SettingsError(
            f"cloud.model: there is no price for '{model}', so Haven can't hold it to a cap.",
            f"Use one of: {', '.join(known)}.",
        )
    return known[model]


def models() -> tuple[str, ...]:
    """Ids of the models that have a price."""
    return tuple(_table()[1])


def as_of() -> str:
    """The month that the table was read from the price list, such as `2026-10`."""
    return _table()[0]


def _round_up(usd_millionths: float) -> float:
    # Prices are per million tokens, so tokens times price is already in millionths; the inner round drops float noise.
    return math.ceil(round(usd_millionths, 6)) / MICRO_USD


@cache
def _table() -> tuple[str, dict[str, Prices]]:
    tree = tomllib.loads(resources.files("haven.ai.money").joinpath("prices.toml").read_text(encoding="utf-8"))
    return str(tree.pop("as_of")), {name: Prices.model_validate(entry) for name, entry in tree.items()}
