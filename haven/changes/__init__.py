"""From a request to a merged branch."""
