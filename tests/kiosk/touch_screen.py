"""A finger on a screen that is not there: a client of Xorg's `inputtest` driver, and the server that has one."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from pathlib import Path

CLIENT_VERSION, WAIT_FOR_SYNC, TOUCH = 0, 1, 6
BEGIN, UPDATE, END = 18, 19, 20
"""XI_TouchBegin, XI_TouchUpdate and XI_TouchEnd."""
RANGE = 0xFFFF
ANSWER_S = 20

CONFIGURATION = """
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoEnableDevices" "false"
  Option "DontVTSwitch" "true"
EndSection
Section "Device"
  Identifier "dummy"
  Driver "dummy"
  VideoRam 64000
EndSection
Section "Monitor"
  Identifier "panel"
  HorizSync 5.0 - 1000.0
  VertRefresh 5.0 - 200.0
  Modeline "800x480" 29.58 800 816 896 992 480 481 484 497
EndSection
Section "Screen"
  Identifier "screen"
  Device "dummy"
  Monitor "panel"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "800x480"
    Virtual 800 480
  EndSubSection
EndSection
{inputs}
Section "ServerLayout"
  Identifier "kiosk"
  Screen "screen"
  InputDevice "pointer" "CorePointer"
  InputDevice "keyboard" "CoreKeyboard"
  InputDevice "touch" "SendCoreEvents"
EndSection
"""
INPUT = """
Section "InputDevice"
  Identifier "{name}"
  Driver "inputtest"
  Option "SocketPath" "{path}"
  Option "DeviceType" "{kind}"
  Option "TouchCount" "5"
EndSection
"""


def configuration(folder: Path) -> str:
    """An xorg.conf of a panel of 800 by 480 pixels; its devices listen at `folder`/touch, pointer and keyboard."""
    inputs = (
        INPUT.format(name=name, path=folder / name, kind=name.title()) for name in ("touch", "pointer", "keyboard")
    )
    return CONFIGURATION.format(inputs="".join(inputs))


class Finger:
    """Touches at pixels. Each call returns once the server has taken it: to be called in a thread."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        self._scale = RANGE / width, RANGE / height
        self._link = socket.socket(socket.AF_UNIX)
        self._link.settimeout(ANSWER_S)
        self._link.connect(str(path))  # the driver takes one client in the server's life
        self._link.sendall(struct.pack("=IIHH", 12, CLIENT_VERSION, 1, 0))
        self._answered()

    def close(self) -> None:
        self._link.close()

    def goes(self, path: Sequence[tuple[float, float]]) -> None:
        """Down at the first place, over the others, and up at the last one."""
        self._say(BEGIN, *path[0])
        for place in path[1:]:
            self._say(UPDATE, *place)
        self._say(END, *path[-1])

    def _say(self, kind: int, x: float, y: float) -> None:
        valuators = [x * self._scale[0], y * self._scale[1], *[0.0] * 62]
        body = struct.pack("=II", 0, kind) + struct.pack("=I8s4x", 0, bytes([3]) + bytes(7))
        body += struct.pack("=64d", *valuators) + struct.pack("=64d", *[0.0] * 64)
        self._link.sendall(struct.pack("=II", 8 + len(body), TOUCH) + body)
        self._link.sendall(struct.pack("=II", 8, WAIT_FOR_SYNC))
        self._answered()

    def _answered(self) -> None:
        (length,) = struct.unpack("=I", self._link.recv(4, socket.MSG_WAITALL))
        self._link.recv(length - 4, socket.MSG_WAITALL)
