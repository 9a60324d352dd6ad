"""Question 19: schedules, a training to watch, and dropout."""
