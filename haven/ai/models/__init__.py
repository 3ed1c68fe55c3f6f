"""The models on this disk: what there is, how it gets here, gets checked, fits the memory and leaves."""
