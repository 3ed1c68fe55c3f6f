"""The sections about everything but models: folders, the project, changes, the faces, and how long things are kept."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, IPvAnyNetwork, model_validator

from haven.settings.folders import default_config_dir, default_runtime_dir, default_state_dir
from haven.settings.section import Folder, Section, as_folder


def _time_of_day(value: str) -> str:
    try:
        time.fromisoformat(value)
    except ValueError:
        raise ValueError("it must be a time of day such as 22:00") from None
    return value


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]


class Paths(Section):
    """Where Haven writes."""

    state_dir: Folder = Field(default_factory=default_state_dir)
    config_dir: Folder = Field(default_factory=default_config_dir)
    runtime_dir: Folder = Field(default_factory=default_runtime_dir)


class Project(Section):
    """The repository that Haven looks after."""

    repository: Annotated[Path | None, BeforeValidator(as_folder)] = None
    """A local git repository (a checkout or a bare one)."""
    target_branch: str = "main"
    remote: str = ""
    """Pushed to after an approval, if named; a remote of `repository`. The words of a pull request are then written to
    `pull-requests` in the state folder."""
    name: str = ""


class Changes(Section):
    """How a change is made."""

    rounds: int = Field(3, ge=1, le=10)
    context_tokens: int = Field(16000, ge=500, le=400000)
    most_tokens: int = Field(1_000_000, ge=1000)
    """All calls of one request or tweak together, input and output; the caps in US dollars hold as well."""
    most_minutes: float = Field(60.0, gt=0, le=1440)
    """Of work on one request or tweak, without what it waits for people or for the cloud."""
    plan_first: Literal["never", "complex", "always", "price"] = "complex"
    """Whether a person approves a written plan and its worst-case price before Claude is asked for edits; with `price`
    the price alone, so that no model is asked before. A project's own `.haven/project.toml` may say otherwise."""
    small_edits: Literal["cloud", "lan", "local"] = "cloud"
    """Who tries a simple request first: a docstring, a rename in one file, a text."""
    requester_may_approve: bool = True
    two_people_for_risk: bool = False
    """True: a change with a risk mark takes the approval of two different people (`haven.access.persons`)."""
    merge: Literal["fast-forward", "merge commit"] = "fast-forward"
    """How an approved change lands: its commits on top of the target, or one merge commit that names it."""
    keep_days: int = Field(14, ge=0)
    """Branches, worktrees and unused test environments of finished changes stay so long."""


class Deploy(Section):
    """What brings a merged change to its users; nothing is run while `command` is empty.

    Both are lists of arguments, run without a shell, as Haven's user, in the project's folder.
    """

    command: tuple[str, ...] = ()
    """Run after each merge; it must be able to run twice. What it leaves running must write its words elsewhere."""
    health: tuple[str, ...] = ()
    """Run until it ends with 0; where it does not in time, the change is undone and that is deployed."""
    timeout_s: float = Field(600.0, gt=0, le=7200)
    health_s: float = Field(60.0, gt=0, le=3600)
    environment: tuple[str, ...] = ()
    """Variables of Haven's own environment that both see, besides PATH, HOME and LANG."""


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

    @property
    def owners(self) -> frozenset[str]:
        """The owners' ids, as a principal has them."""
        return frozenset(f"discord:{id}" for id in self.owner_ids)


class Kiosk(Section):
    socket_group: str = ""
    """A group whose members may attach (socket mode 0660); empty: only the owner (0600)."""
    panel_users: frozenset[str] = frozenset()
    """System users whose display is the wall panel: it may read and ask, and needs the PIN for more."""
    theme: Literal["day", "night", "contrast"] = "day"
    """How it looks, outside the hours of the night."""
    night_from: TimeOfDay = "21:00"
    night_until: TimeOfDay = "07:00"
    """Between the two, by this machine's clock, the night theme is worn; the same time twice: never."""
    keyboard: Literal["en", "de"] = "en"
    """The keys on the screen; one of them changes it for as long as the display is open."""
    shuffle_pin: bool = False
    """True: the digits stand elsewhere at each asking, so that nobody learns the PIN from where fingers go."""
    dim_after_s: float = Field(120.0, ge=0, le=86400)
    """Seconds without a touch until the wall panel is dimmed; 0 is never, here and below."""
    clock_after_s: float = Field(300.0, ge=0, le=86400)
    """Until the display shows the time alone, and its session ends: drafts and dialogs are put away."""
    blank_after_s: float = Field(1800.0, ge=0, le=86400)
    """Until the wall panel is dark."""


class Web(Section):
    """The port: the dashboard, /metrics and /healthz."""

    port: int = Field(0, ge=0, le=65535)
    """0 means off."""
    host: str = "127.0.0.1"
    """This machine alone; 0.0.0.0 opens it to the network, once somebody has a password for the dashboard."""
    dashboard: bool = True
    """False: figures and webhooks alone; nobody logs in, and `host` is open at once."""
    names: tuple[str, ...] = ()
    """Names that browsers know it by, beside its numbers, this machine's own name and those that end in .local."""
    certificate: Path | None = None
    key: Path | None = None
    """PEM files: with both it speaks https alone."""
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    """Addresses of reverse proxies: they are believed who asks, and whether that was over https."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        return self


class AlertSettings(Section):
    """When Sentinel tells of trouble, and how much is too much."""

    quiet_from: TimeOfDay = "22:00"
    quiet_until: TimeOfDay = "07:00"
    """Between the two, by this machine's clock, only what is urgent is told; the rest is told afterwards."""
    calm_minutes: float = Field(10.0, ge=0, le=1440)
    """Trouble must stay away for so long before it counts as over."""
    channel_id: int | None = None
    """The Discord channel that is told; empty: the channel of `discord.channel_id`."""
    celsius: float = Field(80.0, ge=30, le=120)
    """A Raspberry Pi slows down from 80 on, by itself from 85."""
    memory_percent: float = Field(10.0, ge=0, le=90)
    """Less free memory than this is told."""
    disk_mb: int = Field(500, ge=0)
    """Less free disk than this is urgent; four times as much is noted."""
    queue_minutes: float = Field(60.0, gt=0)
    """Work that is due waits no longer than this."""
    backup_days: float = Field(3.0, ge=1)
    """The newest backup that was restored without a problem is no older than this."""
    explain: Literal["local", "cloud"] = "local"
    """Who says what a pattern in a log may mean; only its known words and its count ever leave."""


class WorldSettings(Section):
    """Who may change the shared world, and how."""

    strangers_may_propose: bool = False
    """True: people without a role may put drafts into the approval queue (on Discord: everybody on the server)."""
    requester_may_approve: bool = False
    """True: a reviewer may approve what they proposed themselves."""
    persona: Annotated[Path | None, BeforeValidator(as_folder)] = None
    """A text file that shows how the community writes: it goes along when a tale is asked for."""
    tags: Annotated[Path | None, BeforeValidator(as_folder)] = None
    """A TOML file with the closed list of tags; unset: the list that comes with Haven (assistants/tags.toml)."""
    digest: Literal["never", "daily", "weekly"] = "never"
    """How often the channel of `discord.channel_id` is told what happened in the world; weekly is on Mondays."""
    digest_hour: int = Field(8, ge=0, le=23)
    """From which hour on, by this machine's clock."""


class Keep(Section):
    """Days; 0 keeps for ever. What calls cost is always kept."""

    events: int = Field(30, ge=0)
    """What happened, as the faces show it, and finished jobs; those of changes under way stay."""
    outcomes: int = Field(365, ge=0)
    """How tasks went, what people thought of it, and older steps of the pass marks."""
    texts: int = Field(30, ge=0)
    """The redacted words that left the house."""
    waiting: int = Field(30, ge=0)
    """Requests that waited for the cloud and are answered, cancelled or failed."""
    drafts: int = Field(90, ge=0)
    """Decided drafts of the world; what they made true, and the world's history, is always kept."""
    transcript: int = Field(30, ge=0)
    """What was said at the Round Table; words of private requests are never kept."""
