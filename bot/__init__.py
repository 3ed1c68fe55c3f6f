"""The Discord face: slash commands, a thread and a review card for every change."""
