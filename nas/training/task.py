"""What a trial is trained on, and how; without torch, so that the driver can say it."""

from dataclasses import dataclass

from nas.data.images import ImageData
from nas.spec.recipe import TrainingSpec, changed_recipe, scaled_recipe
from nas.study.records import Trial


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What is trained on, and how, of all trials of a study (paper, Table 10), or of one."""

    data: ImageData
    recipe: TrainingSpec

    def of(self, trial: Trial) -> "Task":
        """Return a trial's own: the images at its network's size, with what its recipe changes."""
        data = self.data.at(trial.config.image_size)
        recipe = changed_recipe(self.recipe, trial.recipe) if trial.recipe else self.recipe
        sizes = {"size": data.shape.image_size, "of": self.data.shape.image_size}
        return Task(data=data, recipe=scaled_recipe(recipe, **sizes))
