"""The noise of an epoch goes on where it was; the rest is tested where training resumes."""

import pytest
import torch

from nas.training.under_way import noise_of, set_noise

GPU = (
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
)


@pytest.mark.parametrize("kind", ["cpu", pytest.param("cuda", marks=GPU)])
def test_the_stream_goes_on(kind: str) -> None:
    device = torch.device(kind)
    with torch.random.fork_rng():
        torch.manual_seed(5)
        torch.rand(3, device=device)
        state = noise_of(device)
        expected = torch.rand(4, device=device)
        torch.manual_seed(6)
        assert set_noise(state, device)
        assert torch.equal(torch.rand(4, device=device), expected)


def test_a_state_of_another_device_is_not_taken() -> None:
    assert not set_noise(torch.zeros(16, dtype=torch.uint8), torch.device("cpu"))
