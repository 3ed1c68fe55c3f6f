"""The API's description: what is kept of it is current, whole, and what the port hands out."""

from __future__ import annotations

import json
from pathlib import Path

from tests.web.dashboard import dashboard
from web.api.describe import written
from web.api.endpoint import BASE
from web.api.table import ENDPOINTS

KEPT = Path(__file__).parent.parent.parent / "docs" / "openapi.json"


def test_the_kept_description_is_current() -> None:
    assert KEPT.read_text(encoding="utf-8") == written(), "python -m web.api.describe > docs/openapi.json"


async def test_the_port_hands_it_out_to_anybody_and_it_names_every_way_in(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        answer = await here.browser().get(f"{BASE}/openapi.json")
        told = json.loads(answer.html)
        assert answer.status == 200 and told["openapi"] == "3.1.0" and told["servers"] == [{"url": BASE}]
        named = {(method.upper(), path) for path, one in told["paths"].items() for method in one}
        assert named == {(one.method, one.path) for one in ENDPOINTS}
        for one in told["paths"].values():
            for operation in one.values():
                assert operation["summary"] and {"200", "201"} & {*operation["responses"]}
