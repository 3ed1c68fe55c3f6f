"""How hard is a task, and would the local model's answer pass? By words, looks, meaning and experience."""
