"""One typed tree of settings: haven.toml, then HAVEN_ environment variables; secrets are files of their own.

Secrets are never read from haven.toml or from variables that other programs use (ANTHROPIC_API_KEY and the like):
only from `config_dir/secrets/NAME` (mode 0600) or from systemd's `$CREDENTIALS_DIRECTORY/NAME`.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as EnvironmentSettingsError

from haven.errors import SettingsError
from haven.settings.folders import (
    cache_dir,
    config_file,
    default_config_dir,
    default_runtime_dir,
    default_state_dir,
    demo_file,
)
from haven.settings.hooks import Sender, Told, Webhooks
from haven.settings.house import (
    AlertSettings,
    Changes,
    Deploy,
    Discord,
    Keep,
    Kiosk,
    Paths,
    Project,
    Sandbox,
    Web,
    WorldSettings,
)
from haven.settings.minds import (
    Away,
    Cloud,
    KindSettings,
    Lan,
    LanHost,
    Models,
    OtherCloud,
    Routing,
    Rule,
    Strategy,
)
from haven.settings.plain import not_toml, wrong_value

__all__ = [
    "ANTHROPIC_KEY",
    "AlertSettings",
    "Away",
    "Changes",
    "Cloud",
    "DISCORD_TOKEN",
    "Deploy",
    "Discord",
    "KIOSK_PIN",
    "Keep",
    "KindSettings",
    "Kiosk",
    "Lan",
    "LanHost",
    "Models",
    "OtherCloud",
    "Paths",
    "Project",
    "Routing",
    "Rule",
    "Sandbox",
    "Sender",
    "Settings",
    "Strategy",
    "Told",
    "Web",
    "Webhooks",
    "WorldSettings",
    "cache_dir",
    "config_file",
    "default_config_dir",
    "default_runtime_dir",
    "default_state_dir",
    "demo_file",
    "load",
    "parse",
]

ANTHROPIC_KEY = "anthropic_api_key"
DISCORD_TOKEN = "discord_token"
KIOSK_PIN = "kiosk_pin"


class Settings(BaseSettings):
    """The whole tree. Environment: `HAVEN_CLOUD__MODEL=...` sets `cloud.model`."""

    model_config = SettingsConfigDict(env_prefix="HAVEN_", env_nested_delimiter="__", extra="forbid", frozen=True)

    paths: Paths = Field(default_factory=Paths)
    project: Project = Field(default_factory=Project)
    models: Models = Field(default_factory=Models)
    lan: Lan = Field(default_factory=Lan)
    cloud: Cloud = Field(default_factory=Cloud)
    routing: Routing = Field(default_factory=Routing)
    kinds: dict[str, KindSettings] = Field(default_factory=dict)
    changes: Changes = Field(default_factory=Changes)
    deploy: Deploy = Field(default_factory=Deploy)
    sandbox: Sandbox = Field(default_factory=Sandbox)
    discord: Discord = Field(default_factory=Discord)
    kiosk: Kiosk = Field(default_factory=Kiosk)
    web: Web = Field(default_factory=Web)
    webhooks: Webhooks = Field(default_factory=Webhooks)
    world: WorldSettings = Field(default_factory=WorldSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    keep: Keep = Field(default_factory=Keep)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @property
    def database(self) -> Path:
        return self.paths.state_dir / "haven.db"

    @property
    def log_file(self) -> Path:
        return self.paths.state_dir / "haven.log"

    @property
    def backups(self) -> Path:
        return self.paths.state_dir / "backups"

    @property
    def socket(self) -> Path:
        return self.paths.runtime_dir / "kiosk.sock"

    @property
    def local_models(self) -> dict[str, str]:
        """The local models that are named, each with the first key that names it."""
        models = self.models
        places = {"models.default": (models.default,), "models.keep": models.keep}
        places |= {f"kinds.{kind}.local": one.local for kind, one in self.kinds.items()}
        found: dict[str, str] = {}
        for key, names in places.items():
            for name in names:
                found.setdefault(name, key)
        return found

    def secret(self, name: str) -> str | None:
        """One secret, or None. Raises SettingsError where its file can't be read, or can be read by others."""
        credentials = os.environ.get("CREDENTIALS_DIRECTORY")
        for folder in (credentials, self.paths.config_dir / "secrets"):
            file = Path(folder) / name if folder else None
            if file is None or not file.is_file():
                continue
            mode = file.stat().st_mode
            if folder != credentials and mode & 0o077:
                said = f"The secret file {file} can be read by others ({stat.filemode(mode)})."
                raise SettingsError(said, f"Run: chmod 600 {file}")
            try:
                return file.read_text(encoding="utf-8").strip() or None
            except (OSError, UnicodeDecodeError):
                raise SettingsError(f"The secret file {file} can't be read.", "Check its owner and content.") from None
        return None

    def write_secret(self, name: str, value: str) -> Path:
        """Store one secret, 0600 in a folder 0700."""
        folder = self.paths.config_dir / "secrets"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        file = folder / name
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(value.strip() + "\n")
        return file


def load(file: Path | None = None) -> Settings:
    """Read the settings; a missing file means the defaults, but where `$HAVEN_CONFIG` names it.

    Raises SettingsError: one line that names the key and what is wrong with it.
    """
    named = file is None and bool(os.environ.get("HAVEN_CONFIG"))
    file = file or config_file()
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named or file.is_symlink():
            mend = "Correct HAVEN_CONFIG or the link, or make the file: haven setup"
            raise SettingsError(f"The settings file {file} is not there.", mend) from None
        tree = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mend = "Mend that line, or start from haven.example.toml."
        raise SettingsError(f"{file} is not valid TOML: {not_toml(error)}.", mend) from None
    except OSError as error:
        mend = "Settings stand in a file that Haven's user can read."
        raise SettingsError(f"The settings file {file} can't be read: {error.strerror}.", mend) from None
    return parse(tree, str(file))


def parse(tree: dict[str, Any], source: str = "haven.toml") -> Settings:
    """Settings from a parsed tree; the environment wins over it."""
    try:
        return Settings(**tree)
    except EnvironmentSettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        prefix = f"HAVEN_{field[1].upper()}" if field else "HAVEN_"
        names = ", ".join(sorted(name for name in os.environ if name.startswith(prefix)))
        mend = "Lists are written as JSON, such as [1, 2]."
        raise SettingsError(f"An environment variable can't be read ({names}).", mend) from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        variable = "HAVEN_" + "__".join(str(part) for part in first["loc"][:2]).upper()
        source = f"The environment variable {variable}" if variable in os.environ else source
        raise SettingsError(f"{source}: {key}: {wrong_value(first)}.", "See haven.example.toml.") from None
