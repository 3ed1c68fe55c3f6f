"""The shared world: places, what was found there, and what is told about them."""
