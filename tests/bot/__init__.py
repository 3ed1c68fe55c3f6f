"""The Discord face, driven by an offline Discord."""
