"""Git, for Haven alone: its own clone, the owner's repository, and the one way to call the command."""
