"""What the pages share: language, navigation, page anatomy, caches and URL state."""
