"""What is priced must never come out cheaper than the bill."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from anthropic.types.model import Model

from haven.ai.money import prices, tokens
from haven.ai.task import Usage
from haven.errors import SettingsError
from haven.settings import Cloud


def test_the_default_models_are_the_newest_of_the_sdk_and_have_prices() -> None:
    assert Cloud().model == newest("sonnet") and Cloud().small_model == newest("haiku")
    assert {Cloud().model, Cloud().small_model} <= set(prices.models())


def newest(family: str) -> str:
    """The newest id of a family in the SDK's own type list."""
    found = {
        tuple(int(part) for part in match.groups() if part): str(name)
        for name in get_args(get_args(Model)[0])
        if (match := re.fullmatch(rf"claude-{family}-(\d{{1,2}})(?:-(\d{{1,2}}))?", name))
    }
    return found[max(found)]


def test_a_million_tokens_each_way_cost_what_the_price_list_says() -> None:
    usage = Usage(input=1_000_000, output=1_000_000, cache_read=1_000_000, cache_write=1_000_000)
    assert prices.of("claude-sonnet-5-5").cost(usage) == pytest.approx(2 + 10 + 0.10 + 2.50)
    assert prices.of("claude-opus-5-5").cost(usage) == pytest.approx(4 + 20 + 0.20 + 5)


def test_haiku_bills_the_whole_request_higher_past_a_hundred_thousand_tokens_cache_counted() -> None:
    short = prices.of("claude-haiku-5-5").cost(Usage(input=1_000, cache_read=99_000, output=1_000))
    long = prices.of("claude-haiku-5-5").cost(Usage(input=1_001, cache_read=99_000, output=1_000))
    assert short == pytest.approx((1_000 * 0.10 + 99_000 * 0.01 + 1_000 * 0.50) / 1e6, abs=1e-6)
    assert long == pytest.approx((1_001 * 0.50 + 99_000 * 0.05 + 1_000 * 2.50) / 1e6, abs=1e-6)


@pytest.mark.parametrize("model", prices.models())
@pytest.mark.parametrize("prompt", [0, 1, 999, 100_000, 100_001, 900_000])
def test_no_way_to_use_the_tokens_costs_more_than_the_worst_case(model: str, prompt: int) -> None:
    worst = prices.of(model).worst_case(prompt, 16_000)
    for usage in (
        Usage(input=prompt, output=16_000),
        Usage(cache_write=prompt, output=16_000),
        Usage(cache_read=prompt, output=16_000),
        Usage(input=prompt // 2, cache_write=prompt - prompt // 2, output=1),
    ):
        assert prices.of(model).cost(usage) <= worst


def test_prices_are_rounded_up_so_that_one_token_is_never_free() -> None:
    assert prices.of("claude-haiku-5-5").cost(Usage(input=1)) == 0.000001
    assert prices.of("claude-sonnet-5-5").worst_case(0, 0) == 0


def test_a_model_without_a_price_names_the_setting() -> None:
    with pytest.raises(SettingsError, match=r"cloud\.model.*gpt-9") as caught:
        prices.of("gpt-9").worst_case(1, 1)
    assert "claude-sonnet-5-5" in caught.value.mend


@pytest.mark.parametrize(
    ("text", "at_least"),
    [
        ("", 0),
        ("The quick brown fox jumps over the lazy dog.", 10),
        ("def distance(a: System, b: System) -> float:\n    return math.dist(a.position, b.position)\n", 30),
        ("0x7f3a 1234567890", 10),
        ("日本語の星図", 6),
        ("🦴📜🏛️", 6),
    ],
)
def test_the_local_counter_errs_upwards(text: str, at_least: int) -> None:
    assert tokens.count(text) >= at_least


def test_the_local_counter_stays_usable_as_a_budget() -> None:
    prose = "Every system on the map has a name, a region and a place in three dimensions. " * 50
    assert len(prose) / 4 <= tokens.count(prose) <= len(prose) / 2


def test_text_put_together_never_counts_less_than_its_parts_cost_alone_plus_nothing() -> None:
    first, second = "atlas/viewer.py", "\n\nprint('hello world')\n"
    assert tokens.count(first + second) <= tokens.count(first) + tokens.count(second)
