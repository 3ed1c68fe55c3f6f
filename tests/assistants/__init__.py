"""Tests of the Round Table and the assistants."""
