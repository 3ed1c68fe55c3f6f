"""Voyagers' Atlas: a small star map."""
