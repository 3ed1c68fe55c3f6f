"""The API against its own description: what schemathesis makes of each operation is answered as that says."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from haven.access import Role
from tests.e2e.house import OWNER
from tests.web.furnished import furnished
from tests.web.programs import token_of
from web.api.describe import described
from web.api.endpoint import BASE, Scope
from web.api.table import ENDPOINTS

EACH = 6
"""Cases of each operation and sort."""
EVEN = tuple("02468ace")
"""Every other id that is made up becomes that of a change which is there."""
TOKENS = 12
"""Each may be used for so many calls a second."""


async def test_every_operation_keeps_to_its_description(tmp_path: Path) -> None:
    async with furnished(tmp_path) as (here, change):
        await here.house.switch.off(OWNER)  # nobody waits for one who is not there
        reviewer = await here.person("Rena", Role.REVIEWER)
        tokens = [await token_of(reviewer, *Scope, name=f"fuzz {number}") for number in range(TOKENS)]
        seen = await asyncio.to_thread(fuzz, here.url + BASE, tokens, change.id)
        assert {200, 400, 404} <= seen
        assert (await here.house.changes.get(change.id)).state in {"review", "rejected", "cancelled"}


def fuzz(url: str, tokens: list[str], change: str) -> set[int]:
    """The statuses that were seen."""
    turn, seen = itertools.cycle(tokens), set[int]()
    takes = {f"{one.method} {one.path}": one.takes for one in ENDPOINTS}
    strangers_tried = set[str]()  # whether it refuses them is looked at once an operation: they may not call so often

    def run(operation: Any, mode: GenerationMode) -> None:
        @settings(
            max_examples=EACH,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            if mode is GenerationMode.POSITIVE and case.path_parameters.get("id", "").startswith(EVEN):
                case.path_parameters["id"] = change
            answer = case.call(base_url=url, headers={"Authorization": f"Bearer {next(turn)}"}, timeout=60)
            seen.add(answer.status_code)
            if (
                answer.status_code == 400 and mode is GenerationMode.POSITIVE
            ):  # what it means is wrong, not how it looks
                takes[operation.label].model_validate_json(json.dumps(case.body), strict=True)
            excluded: list[Any] = [positive_data_acceptance]
            excluded += [not_a_server_error] if answer.status_code == 503 else []
            excluded += [negative_data_rejection] if answer.status_code == 413 else []
            excluded += [ignored_auth] if operation.label in strangers_tried else []
            strangers_tried.add(operation.label)
            case.validate_response(answer, excluded_checks=excluded)

        one()

    told = described()
    for mode, file in {GenerationMode.POSITIVE: told, GenerationMode.NEGATIVE: told | {"security": []}}.items():
        for found in schemathesis.openapi.from_dict(file).get_all_operations():
            operation = found.ok()
            if mode is GenerationMode.POSITIVE or {"parameters", "requestBody"} & {*operation.definition.raw}:
                run(operation, mode)  # what takes nothing takes nothing wrong
    return seen
