"""What a calibration predicts for a whole network, and what a reader must know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netweight.results.latency import Estimate

if TYPE_CHECKING:
    from netweight.calibration.calibration import Calibration
    from netweight.calibration.predict import Prediction

BEYOND_ONE_SAMPLE = (
    "the calibration was fitted to networks at batch 1: a prediction of a larger batch reaches beyond what was "
    "measured, and neither its error nor its interval was checked there"
)
"""What a reader of such a prediction must know."""


def told_of(
    laws: tuple[Calibration, str], expected: Prediction, samples: int
) -> tuple[tuple[Estimate, ...], tuple[str, ...]]:
    """The prediction of the whole, and what a reader must know of it."""
    from netweight.calibration.calibration import COVERAGE

    calibration, where = laws
    notes = [f"while the calibration was measured, {words}" for words in calibration.disturbed]
    if samples > 1:
        notes.append(BEYOND_ONE_SAMPLE)
    threads, cores = calibration.conditions.threads, calibration.conditions.cores
    if threads < cores:
        notes.append(
            f"the bound is that of {cores} cores, the prediction that of {threads} thread{'s' * (threads > 1)}"
        )
    why_not = dict.fromkeys(one.why_not for one in expected.kernels if one.why_not)
    if expected.seconds is None or expected.low_s is None or expected.high_s is None:
        without = sum(one.seconds is None for one in expected.kernels)
        of = f"{without} of {len(expected.kernels)} kernels"
        notes.append(f"no prediction of the whole, as {of} have none: {'; '.join(why_not)}")
        return (), tuple(notes)
    conditions, whole = calibration.conditions, calibration.whole
    estimate = Estimate(
        kind="predicted",
        engine=f"{conditions.engine} {conditions.engine_version}, threads: {conditions.threads}",
        latency_s=expected.seconds,
        low_s=expected.low_s,
        high_s=expected.high_s,
        coverage=COVERAGE,
        source=(
            f"calibration {where}, {100 * whole.error:.0f} % off over {len(whole.networks)} networks, each left out in "
            "turn"
        ),
    )
    return (estimate,), tuple(notes)
