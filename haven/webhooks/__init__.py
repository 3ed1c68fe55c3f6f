"""Webhooks, signed both ways: events told to an address of the owner's, and the check of who asks from elsewhere."""
