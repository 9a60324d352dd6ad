"""The questions about scores: symmetry (Q2), score functions (Q3), scaling (Q4)."""
