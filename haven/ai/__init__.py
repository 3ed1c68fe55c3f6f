"""The hybrid core: from a task to a reply."""
