"""What the Scribe does with records."""
