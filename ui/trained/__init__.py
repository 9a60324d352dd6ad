"""Families of models that were trained alike but for one choice, on the pages they belong to."""
