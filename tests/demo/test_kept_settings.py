"""`haven up --demo`: what somebody set on its kiosk or dashboard still holds at its next start, and nothing else."""

from __future__ import annotations

from haven.demo import journey
from haven.settings import demo_file, toml_file


async def test_what_was_set_in_the_demo_holds_at_its_next_start() -> None:
    demo_file().parent.mkdir(parents=True, exist_ok=True)
    toml_file.change(
        demo_file(), {"alerts": {"celsius": 75}, "kiosk": {"theme": "night"}, "cloud": {"stand_in": False}}
    )
    async with journey.stand_in_running(journey.lasting_settings()) as ready:
        assert (ready.alerts.celsius, ready.kiosk.theme, ready.cloud.stand_in) == (75, "night", True)
        assert ready.web.port == journey.PORT and "world" not in ready.model_fields_set
