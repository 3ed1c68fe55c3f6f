"""The log: one rotating file in the state directory, redacted, with every error's id and traceback."""

from __future__ import annotations

import logging
import logging.handlers
import sys

from haven.logbook import RECENT, RedactingFormatter
from haven.settings import Settings

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
FILE_BYTES, FILES = 2_000_000, 3


def start(settings: Settings, *, on_stderr: bool = False) -> None:
    """Log to `state_dir/haven.log`, or to standard error under systemd; no traceback ever reaches a face."""
    handler: logging.Handler
    if on_stderr:
        handler = logging.StreamHandler(sys.stderr)
    else:
        settings.paths.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = logging.handlers.RotatingFileHandler(
            settings.log_file,
            maxBytes=FILE_BYTES,
            backupCount=FILES,
            encoding="utf-8",
            delay=True,
            errors="backslashreplace",
        )
        RECENT.begin_with(settings.log_file)
    handler.setFormatter(RedactingFormatter(FORMAT))
    root = logging.getLogger()
    root.handlers[:] = [handler, RECENT]
    root.setLevel(settings.log_level)
    logging.captureWarnings(True)
    logging.raiseExceptions = False
    for chatty in ("httpx2", "httpcore2", "apscheduler", "asyncio", "aiosqlite"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
