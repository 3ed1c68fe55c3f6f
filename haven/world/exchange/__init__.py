"""The world to and from files: a file a format, one for the repairs, one that puts what was read into the world."""
