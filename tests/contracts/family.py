"""The contract of families of networks: subclass it, name a `config`, and every test must pass."""

from dataclasses import replace
from typing import Any, ClassVar

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nas.networks.family import Family
from nas.networks.registry import COATNET, LIBRARIES, family_of
from nas.study.records import DataShape, NetworkConfig

BATCH = 8


class FamilyContract:
    """What a study may rely on, whatever kind of network it trains."""

    config: ClassVar[NetworkConfig]  # small, and without drop path

    @property
    def family(self) -> Family[Any]:
        return family_of(self.config)

    def build(self, **changes: Any) -> nn.Module:
        return self.family.build(replace(self.config, **changes), seed=0)

    def images(self, config: NetworkConfig, count: int = BATCH) -> torch.Tensor:
        size = (count, config.in_channels, config.image_size, config.image_size)
        return torch.randn(size, generator=torch.Generator().manual_seed(1))

    def test_it_is_registered_once(self):
        families = [COATNET, *LIBRARIES.values()]
        assert families.count(self.family) == 1
        assert [family.name for family in families].count(self.family.name) == 1

    def test_images_go_in_and_logits_come_out(self):
        model = self.build()
        logits_bk = model(self.images(self.config))
        assert logits_bk.shape == (BATCH, self.config.classes)
        assert logits_bk.isfinite().all()
        assert logits_bk.device.type == "cpu"

    def test_the_seed_decides_the_weights_and_nothing_else(self):
        torch.manual_seed(5)
        before = torch.random.get_rng_state()
        first = self.family.build(self.config, seed=1).state_dict()
        assert torch.equal(before, torch.random.get_rng_state())
        torch.manual_seed(6)
        again, other = (self.family.build(self.config, seed=seed).state_dict() for seed in (1, 2))
        assert all(torch.equal(first[name], again[name]) for name in first)
        assert not all(torch.equal(first[name], other[name]) for name in first)

    def test_what_is_not_decayed_are_parameters_and_not_all_of_them(self):
        model = self.build()
        names = {name for name, _ in model.named_parameters()}
        undecayed = self.family.undecayed(model)
        assert undecayed < names
        assert {name for name in names if name.endswith(".bias")} <= undecayed

    def test_checkpointing_changes_no_gradient(self):
        model, images_bchw = self.build().train(), self.images(self.config)
        gradients = []
        for enabled in (False, True):
            self.family.checkpoint_activations(model, enabled=enabled)
            model.zero_grad()
            model(images_bchw).square().sum().backward()
            gradients.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
        assert gradients[0]
        for plain, checkpointed in zip(*gradients, strict=True):
            assert torch.allclose(plain, checkpointed, atol=1e-5)

    def test_equal_descriptions_are_one_network_and_others_are_not(self):
        config, family = self.config, self.family
        assert family.identity(config) == family.identity(replace(config))
        assert hash(family.identity(config)) == hash(family.identity(replace(config)))
        assert family.identity(config) != family.identity(replace(config, classes=99))

    def test_the_cost_is_that_of_the_network_built(self):
        model, size = self.build().eval().to("meta"), self.family.cost(self.config)
        assert size.parameters == sum(p.numel() for p in model.parameters() if p.requires_grad)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(self.images(self.config, 1).to("meta"))
        assert size.macs == counter.get_total_flops() // 2 > 0

    @pytest.mark.parametrize("given", ["config", "argument"])
    def test_drop_path_is_as_strong_as_asked_where_the_network_has_it(self, given: str):
        dropped = replace(self.config, drop_path=0.9)
        model = (
            self.family.build(dropped, seed=0)
            if given == "config"
            else self.family.build(self.config, seed=0, drop_path=0.9)
        )
        assert not self.family.drops_paths(self.config)
        images_bchw = self.images(self.config)
        torch.manual_seed(0)
        with torch.no_grad():  # some networks begin with branches that add nothing
            for parameter in model.parameters():
                parameter.add_(torch.rand_like(parameter), alpha=0.1)
        one, other = (model.train()(images_bchw) for _ in range(2))
        assert torch.equal(one, other) != self.family.drops_paths(dropped)
        one, other = (model.eval()(images_bchw) for _ in range(2))
        assert torch.equal(one, other)

    def test_no_drop_path_overrules_the_configs(self):
        model = self.family.build(replace(self.config, drop_path=0.9), seed=0, drop_path=0.0)
        one, other = (model.train()(self.images(self.config)) for _ in range(2))
        assert torch.equal(one, other)

    def test_other_classes_take_the_weights_all_but_the_classifiers(self):
        config = self.config
        shape = DataShape(
            image_size=config.image_size, channels=config.in_channels, classes=config.classes + 2
        )
        tuned = self.family.retargeted(config, shape, drop_path=0.25)
        assert (tuned.image_size, tuned.classes) == (shape.image_size, shape.classes)
        assert (tuned.in_channels, tuned.drop_path) == (shape.channels, 0.25)
        assert type(tuned) is type(config)
        assert family_of(tuned) is self.family
        self.family.check_weights_fit(config, tuned)
        before, model = self.build().state_dict(), self.family.build(tuned, seed=0)
        after = model.state_dict()
        assert before.keys() == after.keys()
        other = [name for name in before if before[name].shape != after[name].shape]
        assert other
        assert {after[name].shape[0] for name in other} == {shape.classes}
        assert model(self.images(tuned)).shape == (BATCH, shape.classes)

    def test_weights_fit_another_size_or_are_said_not_to(self):
        config = self.config
        shape = DataShape(
            image_size=2 * config.image_size, channels=config.in_channels, classes=config.classes
        )
        tuned = self.family.retargeted(config, shape)
        before, model = self.build().state_dict(), self.family.build(tuned, seed=0)
        shapes = [{k: v.shape for k, v in each.items()} for each in (before, model.state_dict())]
        if shapes[0] == shapes[1]:
            self.family.check_weights_fit(config, tuned)
            model.load_state_dict(before)
        else:
            with pytest.raises(ValueError, match=f"for images of {tuned.image_size} px"):
                self.family.check_weights_fit(config, tuned)
        assert model(self.images(tuned)).shape == (BATCH, config.classes)

    def test_it_is_described(self):
        described = self.family.describe(self.config)
        assert described.types
        assert len(described.depths) == len(described.widths) == len(described.strides)
        assert bool(described.depths) == self.family.searched
        assert all(isinstance(value, str) and value for value in described.params.values())
        assert set(described.details) <= set(described.params)
        assert described == self.family.describe(replace(self.config, drop_path=0.5))
