"""What the page about positions draws, one file per view."""
