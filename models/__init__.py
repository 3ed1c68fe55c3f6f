"""The model catalogue, as package data; no weights are kept here."""
