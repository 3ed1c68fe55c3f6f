"""Settings on the kiosk: looks at once and without the PIN, caps with it; what is wrong is said, comments stay."""

from __future__ import annotations

import pytest

from haven.errors import BadInput
from haven.settings import load
from haven.settings.options import OPTIONS, shown
from tests.kiosk.conftest import PANEL, House, Show
from tests.kiosk.test_journeys import PIN

OWN_WORDS = "# mine\n[kiosk]\ntheme = 'day' # bright\nnight_from = '00:00'\nnight_until = '00:00'\n"


async def test_a_look_is_changed_at_once_on_every_display_and_comments_stay(house: House, show: Show) -> None:
    house.pin.set(PIN)
    file = house.settings.paths.config_dir / "haven.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(OWN_WORDS)
    async with show(PANEL, rows=60) as terminal, show() as other:
        await other.until("HAVEN")
        terminal.type("\x0f")
        await terminal.until("Look: day", "day or night or contrast", "0 or more, 86400 or less")
        await terminal.tap("Look: day")
        await terminal.until("how every display looks by day. Now: day.")
        await terminal.tap("Contrast")
        await terminal.until("- day", "+ contrast", "It counts at once.")
        assert load(file).kiosk.theme == "day"
        await terminal.tap("Save")
        await terminal.until("Look: contrast")
        assert [app.theme for app in house.kiosks] == ["contrast", "contrast"]
        assert file.read_text() == OWN_WORDS.replace("'day'", '"contrast"')
        await terminal.tap("Dim after: 120")
        await terminal.until("It may be 0 or more, 86400 or less.")
        terminal.type("600")
        await terminal.tap("Go on")
        await terminal.tap("Save")
        await terminal.until("Dim after: 600")
        assert house.kiosks[1].wanted.dim_after_s == 600


async def test_a_cap_takes_the_pin_and_what_can_not_be_is_said(house: House, show: Show) -> None:
    house.pin.set(PIN)
    async with show(PANEL, rows=100) as terminal:
        terminal.type("\x0f")
        await terminal.tap("Cap of a day: 2 USD")
        await terminal.until("It may be 0 or more.")
        terminal.type("3")
        await terminal.tap("Go on")
        await terminal.until("- 2", "+ 3")
        await terminal.tap("Save")
        await terminal.until("Enter the PIN to")
        terminal.type("1111\r")
        await terminal.until("That PIN is wrong")
        assert (await house.office.caps.in_force()).daily == 2
        terminal.type(f"{PIN}\r")
        await terminal.until("Cap of a day: 3 USD")
        assert (await house.office.caps.in_force()).daily == 3
        await terminal.tap("Too hot: 80")
        await terminal.until("It may be 30 or more")
        terminal.type("9")
        await terminal.tap("Go on")
        await terminal.until("Too hot: it must be 30")
        await terminal.tap("Too hot: 80")
        await terminal.until("It may be 30 or more")
        terminal.type("70")
        await terminal.tap("Go on")
        await terminal.until("- 80", "+ 70", "It counts at once.")
        await terminal.tap("Save")
        await terminal.until("Enter the PIN to")
        terminal.type(f"{PIN}\r")
        await terminal.until("Too hot: 70")
        assert house.alerts.settings.celsius == 70


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("kiosk.night_from", "25:00", "it must be a time of day such as 22:00"),
        ("kiosk.theme", "pink", "it must be 'day', 'night' or 'contrast'"),
        ("kiosk.shuffle_pin", "perhaps", "it must be true or false"),
        ("alerts.disk_mb", "much", "it must be a number"),
        ("cloud.daily_usd", "-1", "it must be 0.0 or more"),
        ("cloud.daily_usd", "nan", "it must be"),
    ],
)
def test_a_wrong_value_is_refused_in_words(key: str, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        OPTIONS[key].read(text)


def test_each_setting_reads_its_own_value_and_none_of_them_gives_rights_away() -> None:
    settings = load()
    for one in OPTIONS.values():
        assert one.read(shown(one.of(settings))) == one.of(settings)
        assert one.label and one.help and one.allowed
        assert one.section not in ("discord", "paths", "project", "sandbox", "deploy", "changes", "models", "web")
        assert not one.safe or one.section == "kiosk"


async def test_the_dashboards_first_code_is_shown_to_its_owner_alone(house: House, show: Show) -> None:
    house.pin.set(PIN)
    async with show(PANEL, rows=60) as terminal:
        terminal.type("\x0f")
        await terminal.until("Look: day")
        assert "Dashboard code" not in terminal.screen, "there is no dashboard, or it has its owner"
    house.first_code = "ABCDE-FGHJK"
    async with show(PANEL, rows=60) as terminal:
        terminal.type("\x0f")
        await terminal.tap("Dashboard code")
        await terminal.until("Enter the PIN to see the dashboard's first code.")
        assert house.first_code not in terminal.screen
        terminal.type(f"{PIN}\r")
        await terminal.until("give the code ABCDE-FGHJK")
