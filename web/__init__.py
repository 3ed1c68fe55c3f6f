"""The web dashboard: its place in the house; nothing is served yet."""
