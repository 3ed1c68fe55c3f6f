"""Settings that are changed while Haven runs: what each is for, what it may be, and the way into haven.toml.

Who may act, folders, models and the month's cap are not among them: those are written by hand, by the owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from haven.errors import BadInput
from haven.settings import Settings, load, toml_file
from haven.settings.plain import wrong_value


@dataclass(frozen=True)
class Option:
    """One setting by its key. `safe`: no PIN on the wall panel."""

    key: str
    label: str
    help: str
    safe: bool = False

    @property
    def section(self) -> str:
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        return self.key.rpartition(".")[2]

    @property
    def field(self) -> FieldInfo:
        """As the settings' own model has it."""
        section = Settings.model_fields[self.section].annotation
        return section.model_fields[self.name]  # type: ignore[union-attr,no-any-return]

    @property
    def choices(self) -> tuple[str, ...]:
        """What it may be, where that is a few things; else empty."""
        kind = self.field.annotation
        if kind is bool:
            return ("true", "false")
        return tuple(map(str, get_args(kind))) if get_origin(kind) is Literal else ()

    @property
    def numeric(self) -> bool:
        return self.field.annotation in (int, float)

    @property
    def is_cap(self) -> bool:
        """It is kept in the database, not in haven.toml: every process heeds it at once."""
        return self.section == "cloud"

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        return " or ".join(self.choices) or self.bounds or ("a number" if self.numeric else "a time such as 22:00")

    @property
    def bounds(self) -> str:
        """What a number may be, in words; "" where nothing is said."""
        found = {type(one).__name__: one for one in self.field.metadata}
        least = [f"{one.ge:g} or more" for name, one in found.items() if name == "Ge"]
        least += [f"more than {one.gt:g}" for name, one in found.items() if name == "Gt"]
        most = [f"{one.le:g} or less" for name, one in found.items() if name == "Le"]
        most += [f"less than {one.lt:g}" for name, one in found.items() if name == "Lt"]
        return ", ".join([*least, *most])

    def of(self, settings: Settings) -> Any:
        return getattr(getattr(settings, self.section), self.name)

    def read(self, text: str) -> Any:
        """The value that a person typed or chose. Raises BadInput, saying what it must be."""
        value: Any = text.strip()
        if self.field.annotation is bool:
            value = {"true": True, "false": False}.get(value, value)
        elif self.numeric:
            try:
                value = float(value) if "." in value or self.field.annotation is float else int(value)
            except ValueError:
                raise BadInput(f"{self.label}: it must be a number.") from None
        try:
            kind: Any = self.field.annotation
            for one in self.field.metadata:
                kind = Annotated[kind, one]
            return TypeAdapter(kind).validate_python(value, strict=not self.numeric)
        except ValidationError as error:
            raise BadInput(f"{self.label}: {wrong_value(error.errors()[0])}.") from None


def shown(value: Any) -> str:
    """As haven.toml has it, without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def keep(file: Path, option: Option, value: Any) -> Settings:
    """Write it into haven.toml, whose comments stay; the settings as they are then. Blocks: call it in a thread.

    Raises SettingsError where the whole would be wrong or the file can't be written: it stays as it was.
    """
    return toml_file.change(file, {option.section: {option.name: value}})


def kept(file: Path, running: Settings) -> dict[str, Any]:
    """The value of each by its key, as haven.toml has it now, whoever wrote it. Blocks.

    Raises SettingsError where somebody wrote something wrong.
    """
    tree = load(file) if file.is_file() else running
    return {key: one.of(tree) for key, one in OPTIONS.items()}


def tree_of(wishes: Mapping[Option, Any]) -> dict[str, dict[str, Any]]:
    """The values as `toml_file.change` takes them."""
    tree: dict[str, dict[str, Any]] = {}
    for one, value in wishes.items():
        tree.setdefault(one.section, {})[one.name] = value
    return tree


GROUPS: dict[str, tuple[Option, ...]] = {
    "This kiosk": (
        Option("kiosk.theme", "Look", "how every display looks by day", safe=True),
        Option("kiosk.night_from", "Night from", "the night look is worn from this time on", safe=True),
        Option("kiosk.night_until", "Night until", "and until this one; the same time twice: never", safe=True),
        Option("kiosk.keyboard", "Keyboard", "the letters of the keys on the screen", safe=True),
        Option("kiosk.dim_after_s", "Dim after", "seconds without a touch until it is dimmed; 0: never", safe=True),
        Option("kiosk.clock_after_s", "Clock after", "seconds until the clock is shown; 0: never", safe=True),
        Option("kiosk.blank_after_s", "Dark after", "seconds until the panel is dark; 0: never", safe=True),
        Option("kiosk.shuffle_pin", "Shuffled PIN pad", "the digits stand elsewhere each time"),
    ),
    "Money": (
        Option("cloud.daily_usd", "Cap of a day", "US dollars that the cloud may cost in a day"),
        Option("cloud.per_person_daily_usd", "Cap of a person", "US dollars a day for each person"),
    ),
    "Alerts": (
        Option("alerts.quiet_from", "Quiet from", "from then on only what is urgent is told"),
        Option("alerts.quiet_until", "Quiet until", "what was held back is told then"),
        Option("alerts.celsius", "Too hot", "degrees Celsius from which heat is told"),
        Option("alerts.memory_percent", "Little memory", "less free memory than this percentage is told"),
        Option("alerts.disk_mb", "Little disk", "less free disk than so many MB is urgent"),
        Option("alerts.queue_minutes", "Slow queue", "minutes that work which is due may wait"),
        Option("alerts.backup_days", "Old backup", "days that the newest checked backup may be old"),
    ),
    "The house": (
        Option("world.digest", "Digest", "how often the channel is told what happened in the world"),
        Option("world.digest_hour", "Digest from", "the hour of the day from which it is told"),
    ),
}
OPTIONS = {one.key: one for options in GROUPS.values() for one in options}
