"""A random user of the app: seeded, bounded, and its steps can be done again.

    python -m tests.random_user --seed 1 --steps 200 --page all
    python -m tests.random_user --replay FILE

The dice choose a step among the controls that the page offers; a step is a plain dictionary, so
that what they chose can be done again without them. After every step the page and the server are
looked at; what is wrong goes, with the fewest steps that still lead to it, into a file.
"""
