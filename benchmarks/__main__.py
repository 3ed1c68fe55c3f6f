"""Run every benchmark: `python -m benchmarks [--smoke]`; fails where one of them fails.

One after the other; with --smoke, which shows that they run and measures nothing, two at once.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

QUESTIONS = (
    *("loop_lag_model", "event_loop", "pipeline_overhead", "start_to_paint", "idle_memory"),
    *("kiosk_map", "kiosk_touch", "kiosk_flood", "kiosk_day"),
    *("web_dashboard", "web_day"),
    *(
        "engine_overhead",
        "cache",
        "faults",
        "discord_soak",
        "redaction",
        "classifier",
        "router_apgr",
        "routing_simulation",
    ),
    *("context_recall", "edit_cases", "real_repository", "world_import", "world_space", "world_search", "world_writes"),
    *("seats", "answers", "tagging", "records"),
    *("llama_speed", "llama_first_token", "llama_together", "llama_loading", "llama_records"),
)


def run(name: str) -> int:
    """The exit status; what it prints comes in one piece."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    sys.stdout.buffer.write(done.stdout)
    sys.stdout.buffer.flush()
    return done.returncode


def main() -> int:
    """The exit status: 1 where a benchmark failed."""
    at_once = 2 if "--smoke" in sys.argv else 1
    with ThreadPoolExecutor(at_once) as threads:
        failed = [name for name, status in zip(QUESTIONS, threads.map(run, QUESTIONS), strict=True) if status]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
