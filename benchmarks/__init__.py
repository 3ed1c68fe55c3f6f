"""One file a question; each prints one JSON line."""

import haven  # noqa: F401  # before numpy, whose threads it sets
