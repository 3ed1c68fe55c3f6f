"""The routing simulation: its fixed tasks, and the checks that a reply has to pass."""
