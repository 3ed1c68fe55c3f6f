"""Where this machine keeps things: systemd's folders in a service, the XDG folders elsewhere."""

from __future__ import annotations

import os
from pathlib import Path


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


def demo_file() -> Path:
    """The settings of a running `haven up --demo`, so that other commands can look into the same house."""
    return default_state_dir() / "demo-up" / "haven.toml"


def config_file() -> Path:
    """`$HAVEN_CONFIG`, else haven.toml in the configuration directory."""
    return Path(os.environ.get("HAVEN_CONFIG") or default_config_dir() / "haven.toml")
