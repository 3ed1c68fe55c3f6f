"""One file a question; each prints one JSON line."""
