"""What the pages of a review are drawn from: rows of code, the tree of its files, its tests by class. Pure."""
