"""What rules can tell about a reply, a file for each family; haven/ai/validate.py says which apply to what."""
