"""Compilation block by block: the same numbers, and equal blocks are compiled once."""

from dataclasses import replace

import pytest
import torch

from coatnet import create


@pytest.fixture
def compilations():
    """Count compiled graphs; the graphs themselves run uncompiled."""
    torch._dynamo.reset()
    graphs = []

    def backend(graph, _inputs):
        graphs.append(graph)
        return graph.forward

    yield backend, graphs
    torch._dynamo.reset()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The .grad attribute")  # Dynamo itself looks at it
@pytest.mark.parametrize(("rate", "distinct"), [(0.0, 7), (0.4, 8)])
def test_same_numbers_and_one_compilation_for_equal_blocks(tiny, compilations, rate, distinct):
    backend, graphs = compilations
    config = tiny("C-C-T-T", drop_path=rate)
    stages = tuple(replace(stage, depth=5) for stage in config.stages)
    plain = create(replace(config, stages=stages), seed=0)
    compiled = create(plain.config, seed=0)
    compiled.compile_blocks(backend=backend)
    images_bchw = torch.rand(3, 2, 20, 20)
    results = []
    for model in (plain, compiled):
        torch.manual_seed(0)
        logits_bk = model(images_bchw)
        logits_bk.square().sum().backward()
        results.append([logits_bk, *(p.grad for p in model.parameters())])
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)
    # S1: all blocks are equal; of the other stages the first differs in stride and width. With
    # drop path the very first block, whose rate is 0, is one more.
    assert len(graphs) == distinct
