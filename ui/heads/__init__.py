"""The questions about heads: why several (Q1), and how wide (Q6)."""
