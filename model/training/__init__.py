"""Training small models: tasks, schedules, recipes and the loop."""

from model.training.loop import Progress, Training, mean_loss
from model.training.recipe import Recipe
from model.training.schedules import Schedule

__all__ = ["Progress", "Recipe", "Schedule", "Training", "mean_loss"]
