"""Run every benchmark, one after the other: `python -m benchmarks [--smoke]`; fails where one of them fails."""

from __future__ import annotations

import subprocess
import sys

QUESTIONS = (
    *("loop_lag_model", "event_loop", "pipeline_overhead", "start_to_paint", "idle_memory"),
    *("engine_overhead", "cache", "faults", "redaction", "classifier", "router_apgr", "routing_simulation"),
    *("context_recall", "edit_cases", "real_repository"),
    *("llama_speed", "llama_first_token", "llama_together", "llama_loading", "llama_records"),
)


def main() -> int:
    """The exit status: 1 where a benchmark failed."""
    words = sys.argv[1:]
    failed = [name for name in QUESTIONS if subprocess.call([sys.executable, "-m", f"benchmarks.{name}", *words])]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
