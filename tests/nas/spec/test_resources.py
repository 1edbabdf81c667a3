"""What a trial asks for, in bytes and in words."""

import math

import pytest
from pydantic import ValidationError

from nas.spec.resources import Node, ResourcesSpec, at_once


def test_memory_is_written_as_one_says_it():
    asked = ResourcesSpec(cpus=2.0, memory="4.5G")
    assert asked.memory == 4_500_000_000
    assert asked.words(asked.asked) == "2 CPU, 0 GPU and 4.5 GB of memory"
    assert ResourcesSpec(memory=1000).memory == 1000
    assert ResourcesSpec(cpus=2.0).words(Node(cpus=3.0, memory=1.0)) == "3 CPU and 0 GPU"
    assert asked.words(Node(cpus=1.0, memory=math.inf)).endswith("any of memory")


@pytest.mark.parametrize("wrong", ["much", "4 GB", "-1G", 0, 1.5, True])
def test_what_is_no_number_of_bytes_is_refused(wrong):
    with pytest.raises(ValidationError):
        ResourcesSpec(memory=wrong)


@pytest.mark.parametrize(
    ("nodes", "asked", "fit"),
    [
        ([(4, 0)], {}, 4),
        ([(4, 0), (3, 0)], {"cpus": 2.0}, 3),
        ([(16, 1)], {"gpus": 1.0}, 1),
        ([(16, 2)], {"gpus": 0.25}, 8),
        ([(16, 2)], {"gpus": 0.4}, 4),
        ([(3, 2)], {"gpus": 0.25}, 3),
        ([(16, 5)], {"gpus": 2.0}, 2),
        ([(16, 0)], {"gpus": 1.0}, 0),
        ([(16, 0)], {"concurrent": 3}, 3),
        ([(16, 0, 9e9), (16, 0, 1e9)], {"memory": "2G"}, 4),
    ],
)
def test_trials_at_once(nodes, asked, fit):
    assert at_once([Node(*node) for node in nodes], ResourcesSpec(**asked)) == fit
