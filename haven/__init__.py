"""Haven: the always-on helper of a small community that maps and writes a shared world."""
