"""Log: an error that somebody met has the same id on its page, in the log's file and on the log page."""

from __future__ import annotations

import re
from pathlib import Path

from haven import logs
from tests.web.dashboard import dashboard


async def test_the_id_of_an_error_leads_to_it_in_the_log(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        logs.start(here.house.settings)
        owner = await here.owner()
        wrong = await owner.post("/alerts/nowhere/acknowledge")
        assert wrong.status == 404
        found = re.search(r"Its id in the log: ([0-9a-f]{8})", wrong.text)
        assert found
        page = await owner.get(f"/log?level=all&words={found[1]}")
        assert f'<a href="/log?level=all&amp;words={found[1]}">[{found[1]}]</a>' in page.html
        assert "no such alert" in page.text.lower() or "There is no" in page.text
        assert found[1] in here.house.settings.log_file.read_text(encoding="utf-8")
        assert "No record has that in it" in (await owner.get("/log?words=neverwritten")).text
