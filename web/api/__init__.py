"""`/api/v1`: what the pages show and do, for programs that speak for a person with a token."""
