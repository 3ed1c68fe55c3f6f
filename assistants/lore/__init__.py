"""What the Lorekeeper's answers are made of: the question, the sentences that answer it, and how they are told."""
