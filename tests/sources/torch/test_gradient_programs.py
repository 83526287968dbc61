"""Random programs that stop, repeat and redirect gradients: work, memory and every gradient are PyTorch's."""

import pytest

torch = pytest.importorskip("torch")

from sources.torch.gradient_programs import WIDTH, Program  # noqa: E402
from sources.torch.real_step import check_step  # noqa: E402


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("seed", range(40))
def test_a_drawn_program_takes_pytorchs_step(seed: int) -> None:
    """PyTorch itself refuses a reentrant checkpoint in which nothing has a gradient."""
    module = Program(seed)
    try:
        module(torch.randn(4, WIDTH)).sum().backward()
    except RuntimeError as refused:
        assert "checkpoint() is not necessary" in str(refused)  # noqa: PT017
        return
    check_step(Program(seed), torch.randn(4, WIDTH))
