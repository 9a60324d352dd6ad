"""Question 18: vocabularies that are learnt, at work, and compared."""
