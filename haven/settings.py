"""One typed tree of settings: haven.toml, then HAVEN_ environment variables; secrets are files of their own.

Secrets are never read from haven.toml or from variables that other programs use (ANTHROPIC_API_KEY and the like):
only from `config_dir/secrets/NAME` (mode 0600) or from systemd's `$CREDENTIALS_DIRECTORY/NAME`.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as EnvironmentSettingsError

from haven.errors import SettingsError

ANTHROPIC_KEY = "anthropic_api_key"
DISCORD_TOKEN = "discord_token"
KIOSK_PIN = "kiosk_pin"


def _xdg(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / default)


def default_state_dir() -> Path:
    """`$STATE_DIRECTORY` under systemd, else XDG."""
    return Path(os.environ.get("STATE_DIRECTORY") or _xdg("XDG_STATE_HOME", ".local/state") / "haven")


def default_config_dir() -> Path:
    return Path(os.environ.get("CONFIGURATION_DIRECTORY") or _xdg("XDG_CONFIG_HOME", ".config") / "haven")


def cache_dir() -> Path:
    """What state directories share and can be made again: weights, wheels, test environments."""
    return Path(os.environ.get("HAVEN_CACHE") or Path.home() / ".cache/haven")


def default_runtime_dir() -> Path:
    """Where the socket lies; falls back to the state directory where the system has no runtime directory."""
    if under := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(under)
    xdg = os.environ.get("XDG_RUNTIME_DIR")
    return Path(xdg) / "haven" if xdg and os.access(xdg, os.W_OK) else default_state_dir() / "run"


def _folder(value: Any) -> Any:
    """As people write it: `~` is the home, empty is none."""
    if isinstance(value, str):
        return Path(value).expanduser() if value.strip() else None
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)  # raises ValueError, as does the port in it
    if not parts.hostname or parts.port == 0 or not value.isprintable() or " " in value:
        raise ValueError("it needs a host, and neither blanks nor control characters")
    return value


Folder = Annotated[Path, BeforeValidator(_folder)]
Address = Annotated[str, Field(pattern="^https?://"), AfterValidator(_address)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Paths(Section):
    """Where Haven writes."""

    state_dir: Folder = Field(default_factory=default_state_dir)
    config_dir: Folder = Field(default_factory=default_config_dir)
    runtime_dir: Folder = Field(default_factory=default_runtime_dir)


class Project(Section):
    """The repository that Haven looks after."""

    repository: Annotated[Path | None, BeforeValidator(_folder)] = None
    """A local git repository (a checkout or a bare one)."""
    target_branch: str = "main"
    remote: str = ""
    """Pushed to after an approval, if named; a remote of `repository`."""
    name: str = ""


class Models(Section):
    """Models that run in this process."""

    default: str = "smollm2-135m"
    threads: int = Field(0, ge=0, le=64)
    """Decode threads; 0 means cores - 1."""
    batch_threads: int = Field(0, ge=0, le=64)
    """Threads that read a prompt; 0 means as many as decode threads."""
    context_tokens: int = Field(4096, ge=512, le=131072)
    local: bool = True
    """False turns the local model off: rules answer alone."""
    seats: int = Field(4, ge=1, le=32)
    """How many are answered at the same time by one model."""
    memory_mb: int = Field(0, ge=0)
    """All loaded models together; 0 means half of this machine's memory."""
    keep: tuple[str, ...] = ()
    """Loaded at the start and never unloaded to make room."""
    idle_minutes: float = Field(30.0, ge=0)
    """Other models are unloaded after so long without work; 0 means never."""
    prefix_mb: int = Field(256, ge=0)
    """Read prompts (Haven's own instructions only) kept on disk, so that they are not read again after a restart."""
    gpu_layers: int = Field(0, ge=-1)
    """Layers given to a GPU; -1 means all."""
    gpu_memory_mb: int = Field(0, ge=0)
    """The most of a GPU's memory that models may take; 0 means no limit."""
    embeddings: bool = True
    """False: no vectors, so the meaning of a question beyond known words does not count in judging how hard it is."""


class LanHost(Section):
    """One server at home."""

    url: Address
    engine: Literal["ollama", "openai"] = "ollama"
    """`openai`: llama-server, vLLM, LM Studio, another Haven's model, or anything that speaks that protocol."""
    models: tuple[str, ...] = Field(min_length=1)
    """Names as that server knows them; one that several hosts have is spread over them."""
    secret: str = Field("", pattern="^[a-z0-9_]*$")
    """The file in `secrets/` that holds this host's key, if it wants one."""


class Lan(Section):
    """Engines in this house; private tasks never go there."""

    hosts: tuple[LanHost, ...] = ()
    timeout_s: float = Field(120.0, gt=0, le=3600)
    health_s: float = Field(30.0, gt=0)
    """How often each host is asked whether it is there."""
    only: bool = False
    """True moves all inference there; the local tier is then the fallback alone."""


class OtherCloud(Section):
    """A paid service besides Claude that speaks the OpenAI protocol, such as OpenAI or Gemini."""

    name: str = Field(pattern=r"^[\w.:-]+$")
    base_url: Address
    model: str
    secret: str = Field(pattern="^[a-z0-9_]+$")
    """The file in `secrets/` that holds its key."""
    input_usd: float = Field(gt=0)
    """US dollars per million tokens."""
    output_usd: float = Field(gt=0)


class Cloud(Section):
    """Claude, and what it may cost. Nothing is spent before a key and a cap are set."""

    model: str = "claude-sonnet-5-5"
    small_model: str = "claude-haiku-5-5"
    """Asked first where a task is not complex, and never for code changes; empty means `model` does it all."""
    base_url: str = ""
    """Another address that speaks Claude's wire protocol; empty means Anthropic's own."""
    stand_in: bool = False
    """True marks the address as the stand-in, on every screen; prices then count nothing real."""
    monthly_usd: float = Field(5.0, ge=0)
    daily_usd: float = Field(2.0, ge=0)
    per_change_usd: float = Field(1.0, ge=0)
    per_person_daily_usd: float = Field(1.0, ge=0)
    per_request_usd: float = Field(0.5, ge=0)
    """All calls of one request together; the calls of a change have its own cap."""
    timeout_s: float = Field(300.0, gt=0, le=3600)
    attempts: int = Field(3, ge=1, le=10)
    max_output_tokens: int = Field(16000, ge=256, le=128000)
    requests_per_minute: int = Field(30, ge=1)
    """Each provider on its own."""
    breaker_failures: int = Field(5, ge=1)
    """After so many failures one after another a provider is left alone ..."""
    breaker_s: float = Field(60.0, gt=0)
    """... for so long; then one call tries it."""
    others: tuple[OtherCloud, ...] = ()
    """Asked after Claude, in this order."""


class Strategy(StrEnum):
    LOCAL_FIRST = "local_first"
    COST = "cost"
    QUALITY = "quality"
    PRIVACY = "privacy"
    LATENCY = "latency"


class Away(StrEnum):
    """What to do where only the cloud would do and it is out of reach."""

    ASK = "ask"
    WAIT = "wait"
    LOCAL = "local"
    CANCEL = "cancel"


class Rule(Section):
    """The first rule whose condition holds says who is asked first, and who after that."""

    when: str
    """Such as `kind == "code" and tokens > 2048`; the names stand in haven.example.toml."""
    tier: Literal["local", "lan", "cloud"]
    model: str = ""
    fallback: tuple[Literal["local", "lan", "cloud"], ...] = ()


class Routing(Section):
    """Which model is asked first, and when the next one is."""

    strategy: Strategy = Strategy.LOCAL_FIRST
    rules: tuple[Rule, ...] = ()
    hybrid: bool = True
    """Medium tasks: the local model prepares and the cloud finishes."""
    prepare_from_tokens: int = Field(600, ge=100)
    """Material longer than this is condensed before it leaves, in a hybrid task."""
    max_seconds: float = Field(0.0, ge=0)
    """Models that would take longer are left out, where another is left; 0 means no limit."""
    pass_mark: int = Field(70, ge=0, le=100)
    """For kinds that name none themselves."""
    away: Away = Away.ASK
    learn: bool = True
    """Thumbs, scores and approvals move the pass marks, within bounds."""
    simple_words: tuple[str, ...] = ()
    """Regular expressions that make a request simpler in the classifier's eyes ..."""
    complex_words: tuple[str, ...] = ()
    """... and harder."""


class KindSettings(Section):
    """One kind of output. The first of the models that can be used is taken, the others are its fallbacks."""

    local: tuple[str, ...] = ()
    lan: tuple[str, ...] = ()
    cloud: tuple[str, ...] = ()
    pass_mark: int | None = Field(None, ge=0, le=100)
    cache_hours: float | None = Field(None, ge=0)


class Changes(Section):
    """How a change is made."""

    rounds: int = Field(3, ge=1, le=10)
    context_tokens: int = Field(16000, ge=500, le=400000)
    plan_first: bool = False
    """True: a person approves the plan and its worst-case price before Claude is asked."""
    requester_may_approve: bool = True
    keep_rejected_days: int = Field(14, ge=0)


class Sandbox(Section):
    """Limits of a test run."""

    timeout_s: float = Field(600.0, gt=0, le=7200)
    memory_mb: int = Field(2048, ge=128)
    processes: int = Field(512, ge=16)
    file_mb: int = Field(256, ge=1)
    tree_mb: int = Field(1024, ge=16)
    output_kb: int = Field(512, ge=16)


class Discord(Section):
    """Numeric ids only. Closed by default: with no ids, the owner alone may act."""

    guild_id: int | None = None
    owner_ids: frozenset[int] = frozenset()
    reviewer_role_ids: frozenset[int] = frozenset()
    member_role_ids: frozenset[int] = frozenset()
    everyone_may_ask: bool = False
    channel_id: int | None = None
    """Where change threads are made; empty means the channel of the request."""


class Kiosk(Section):
    socket_group: str = ""
    """A group whose members may attach (socket mode 0660); empty: only the owner (0600)."""
    panel_users: frozenset[str] = frozenset()
    """System users whose display is the wall panel: it may read and ask, and needs the PIN for more."""


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
    sandbox: Sandbox = Field(default_factory=Sandbox)
    discord: Discord = Field(default_factory=Discord)
    kiosk: Kiosk = Field(default_factory=Kiosk)
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"

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
    def socket(self) -> Path:
        return self.paths.runtime_dir / "kiosk.sock"

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


def demo_file() -> Path:
    """The settings of a running `haven up --demo`, so that other commands can look into the same house."""
    return default_state_dir() / "demo-up" / "haven.toml"


def config_file() -> Path:
    """`$HAVEN_CONFIG`, else haven.toml in the configuration directory."""
    return Path(os.environ.get("HAVEN_CONFIG") or default_config_dir() / "haven.toml")


def load(file: Path | None = None) -> Settings:
    """Read the settings; a missing file means the defaults.

    Raises SettingsError: one line that names the key and what is wrong with it.
    """
    file = file or config_file()
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mend = "Mend that line, or start from haven.example.toml."
        raise SettingsError(f"{file} is not valid TOML: {error}.", mend) from None
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}.") from None
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
        why = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
        why = why.removeprefix("Value error, ")
        raise SettingsError(f"{source}: {key}: {why}.", "See haven.example.toml.") from None
