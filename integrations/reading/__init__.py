"""Readers that suggest what an answer means where the rules do not know; off unless a model is configured."""
