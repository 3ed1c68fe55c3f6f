"""The one step of a test environment that needs the network, inside bubblewrap: no home, no secrets, no socket file.

The owner's package index, certificates and proxy are passed on, and nothing else of Haven's environment. What listens
on this machine's own ports can be reached from there: no package's code runs, unless the owner allows source packages.
"""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

INDEX = ("index-url", "extra-index-url", "find-links")
OPTIONS = (*INDEX, "no-index", "trusted-host", "cert", "proxy", "timeout", "default-timeout", "retries")
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
FILES_BESIDE = ("files", "packages")
"""Where a folder that serves as an index usually keeps what its pages point to."""


def owners_index(base_prefix: Path) -> tuple[dict[str, str], dict[str, Path]]:
    """Variables for pip, and the folders and files of this machine that they name. Blocks."""
    found = {f"PIP_{key.upper().replace('-', '_')}": value for key, value in _options(base_prefix).items()}
    found |= {name: os.environ[name] for name in (*CERTIFICATES, *PROXIES) if os.environ.get(name)}
    places: set[Path] = set()
    for name, value in found.items():
        if name in CERTIFICATES or name == "PIP_CERT":
            places.add(Path(value))
        elif name.removeprefix("PIP_").lower().replace("_", "-") in INDEX:
            places |= {place for word in value.split() for place in _local(word)}
    home = Path.home().resolve()
    shown = {place: place.resolve() for place in places if place.is_absolute() and place.exists()}
    return found, {str(inside): host for inside, host in shown.items() if not home.is_relative_to(host)}


def _options(base_prefix: Path) -> dict[str, str]:
    """pip's own order: what is wide first, the environment last."""
    options: dict[str, str] = {}
    for file in _files(base_prefix):
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("global", "download"):
            found = dict(parser.items(section)) if parser.has_section(section) else {}
            options |= {key.replace("_", "-"): " ".join(value.split()) for key, value in found.items()}
    options |= {key[4:].lower().replace("_", "-"): value for key, value in os.environ.items() if key.startswith("PIP_")}
    return {key: value for key, value in options.items() if key in OPTIONS and value}


def _files(base_prefix: Path) -> Iterator[Path]:
    named = os.environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return
    shared = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    yield from (Path(folder, "pip", "pip.conf") for folder in shared.split(":"))
    yield Path("/etc/pip.conf")
    yield Path.home() / ".pip" / "pip.conf"
    yield Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "pip", "pip.conf")
    yield from (Path(prefix, "pip.conf") for prefix in (base_prefix, sys.prefix))
    if named:
        yield Path(named)


def _local(word: str) -> Iterator[Path]:
    """The folder that a word of pip's settings names on this machine, and what lies beside an index."""
    address = urlsplit(word)
    if address.scheme not in ("", "file"):
        return
    place = Path(unquote(address.path))
    yield place
    yield from (place.parent / name for name in FILES_BESIDE)


def fetching(python: str, source_packages: bool) -> list[str]:
    """pip's words that put wheels into /wheels: downloaded as data or, where that is allowed, built from source."""
    wanted = ["wheel", "--wheel-dir"] if source_packages else ["download", "--only-binary", ":all:", "--dest"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-cache-dir", "--retries", "1", "--timeout", "20"]
    return [python, "-I", "-m", "pip", *wanted, "/wheels", *quiet]
