"""What calls cost: reserved before, settled after, and never over a cap."""
