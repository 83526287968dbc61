"""What a trained network costs, and what training it did: weighed, not measured."""

from __future__ import annotations

from netweight.app.training_session import Session
from netweight.app.weigh import weigh
from netweight.results.training_run import CostOfTraining


def cost_of(session: Session) -> CostOfTraining:
    """The cost of one picture, and of a step of training."""
    recipe = session.recipe
    used = weigh(session.networks.usual)
    graph = session.networks.training(recipe.batch)
    step = weigh(graph, optimizer=recipe.optimizer.name, freeze=recipe.freeze).training
    assert step is not None  # it was asked for
    lecture = used.activations["lecture"]
    return CostOfTraining(
        sentence=repr(used), params=int(used.totals.params),
        trained_params=int(step.trained_params), macs=int(used.totals.macs),
        peak_activation_bytes=lecture.peak_bytes, step_macs=step.step_macs, step_peak_bytes=step.peak_bytes,
    )  # fmt: skip
