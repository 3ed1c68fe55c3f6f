"""What the review of a change is made of: its stages, its pages in words, and its decisions."""
