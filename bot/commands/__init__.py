"""Slash commands, a file a group."""
