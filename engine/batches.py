"""Batches: like items claimed or answered at once, each in a transaction of its own, each with its own result."""
