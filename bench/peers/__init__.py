"""What a good engineer writes without actors: one transaction for each request, Postgres decides."""
