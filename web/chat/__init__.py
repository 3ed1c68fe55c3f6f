"""Conversations on the dashboard: what is kept of a question, an answer that is being written, and all of them."""
