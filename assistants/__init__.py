"""The Round Table and its four assistants, shared by all faces."""
