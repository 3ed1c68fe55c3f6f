"""Servers on the loopback that speak, or break, the protocols of models."""
