"""`haven setup web`: the port, the owner's account, another password for an owner who forgot theirs."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

from rich.console import Console

from haven import setup
from haven.access import WEB_OWNER, Role
from haven.settings import config_file, load
from haven.store import accounts as table
from haven.store.database import opened
from tests.web.dashboard import PASSWORD, dashboard
from web.accounts import Accounts

OTHER = "green sun over Meridian"


async def answered(**web: Any) -> tuple[int, str]:
    """Exit status and screen of the step, run as the command does: blocking, outside the loop."""
    console = Console(file=io.StringIO(), width=500)
    code = await asyncio.to_thread(setup.run, config_file(), {"web": web}, ["web"], console)
    assert isinstance(console.file, io.StringIO)
    return code, console.file.getvalue()


async def test_the_owner_is_made_before_the_port_is_open_and_gets_another_password_by_the_shell() -> None:
    short = await answered(name="Olga", password="short", open=True)
    assert short[0] == 1 and "10 to 200 characters" in short[1] and not config_file().exists()
    code, screen = await answered(name="Olga", password=PASSWORD, open=True)
    assert code == 0 and "Olga is its owner" in screen and "http://localhost:8080" in screen and "https" in screen
    assert PASSWORD not in screen + config_file().read_text()
    assert (load().web.port, load().web.host) == (8080, "0.0.0.0")
    async with opened(load().database) as database:
        account = await table.named(database, "Olga")
        assert account is not None and (account.principal_id, account.role) == (WEB_OWNER, Role.OWNER)
        accounts = Accounts(database)
        await accounts.begin()
        assert accounts.first_code == ""
    stranger = await answered(name="Eve", password=OTHER)
    assert stranger[0] == 1 and "has its owner" in stranger[1]
    code, screen = await answered(port=9000, name="olga", password=OTHER)
    assert code == 0 and load().web.port == 9000 and load().web.host == "0.0.0.0", "what is left out stays"
    async with opened(load().database) as database:
        assert (await Accounts(database).log_in("Olga", OTHER, "here")).name == "Olga"


async def test_without_a_password_it_says_where_the_first_code_is_shown() -> None:
    code, screen = await answered(port=8081)
    assert code == 0 and "in Haven's log" in screen and "on the kiosk under Settings" in screen
    assert load().web.host == "127.0.0.1"
    refused = await answered(password=PASSWORD)
    assert refused[0] == 1 and "no name" in refused[1]


async def test_who_was_set_up_in_the_shell_logs_in_at_once(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as here:
        assert here.accounts.first_code
        elsewhere = Accounts(here.house.database)
        await elsewhere.begin()
        await elsewhere.become_owner(elsewhere.first_code, "Olga", PASSWORD, "shell")
        browser = here.browser()
        assert (await browser.get("/")).path.startswith("/enter"), "the code of before is worth nothing"
        assert (await browser.log_in("Olga")).path == "/"
