"""Benchmarks: each starts what it measures, prints what it measured, and the peer in the same run."""
