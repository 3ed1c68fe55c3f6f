"""The Unix socket that displays attach to: who may, and one App a display."""

from __future__ import annotations

import asyncio
import grp
import os
import pwd
import socket
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import haven.settings
from haven.access import PANEL, SHELL, Principal, Role
from haven.errors import AccessDenied, Conflict, SettingsError, Unavailable
from kiosk.displays import STUCK_S, Displays, uid_of


async def serve(
    socket_path: Path,
    displays: Displays,
    settings: haven.settings.Kiosk,
    owner_uid: int,
    ready: Callable[[], None] = lambda: None,
    stuck_s: float = STUCK_S,
) -> None:
    """Serve displays until cancelled; then each is told and its terminal put right.

    `ready` is called once one may attach; `stuck_s` is how long a display may read nothing of what waits for it.
    Raises Conflict where another Haven listens there, SettingsError or Unavailable where the socket can't be made.
    """
    listening = await asyncio.to_thread(_listen, socket_path, settings.socket_group)
    attached: set[asyncio.Task[None]] = set()

    def attach(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = displays.show(reader, writer, partial(_who, writer, settings, owner_uid), stuck_s)
        attached.add(task)
        task.add_done_callback(attached.discard)

    server = await asyncio.start_unix_server(attach, sock=listening)
    ready()
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        server.close()
        for task in attached:
            task.cancel()
        await asyncio.gather(*attached, return_exceptions=True)
        await asyncio.to_thread(socket_path.unlink, missing_ok=True)


async def _who(writer: asyncio.StreamWriter, settings: haven.settings.Kiosk, owner_uid: int) -> Principal:
    """The principal of the process at the other end, by the kernel's word. Raises AccessDenied."""
    uid = uid_of(writer)
    name = await asyncio.to_thread(_user_name, uid)
    if name in settings.panel_users:
        return Principal(PANEL, "Wall panel", Role.OWNER, "kiosk", needs_pin=True)
    if uid in {owner_uid, 0}:
        return Principal(f"{SHELL}{uid}", name, Role.OWNER, "kiosk")
    raise AccessDenied(
        f"The user {name} may not attach to this Haven.", "Its owner can name them in the setting kiosk.panel_users."
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"


def _listen(path: Path, group: str) -> socket.socket:
    """A listening socket that was never open to others, not even for a moment."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        gid = grp.getgrnam(group).gr_gid if group else None
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _clear(path)
        os.fchmod(listening.fileno(), 0o600)  # before bind: Linux makes the file with the socket's own mode
        listening.bind(str(path))
        if gid is not None:
            os.chown(path, -1, gid)
            path.chmod(0o660)
    except KeyError:
        listening.close()
        raise SettingsError(f"kiosk.socket_group: there is no group {group!r} on this system.") from None
    except OSError as error:
        listening.close()
        raise Unavailable(f"The kiosk's socket {path} can't be made: {error.strerror or error}.", retry=False) from None
    except BaseException:
        listening.close()
        raise
    return listening


def _clear(path: Path) -> None:
    """Remove a dead Haven's socket. Raises Conflict where a living one listens, OSError where it is no socket."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError("there is a file of that name")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise Conflict("Haven is running here already.", "Show it with: haven attach")
