"""The groups of the `haven` command, a file each."""
