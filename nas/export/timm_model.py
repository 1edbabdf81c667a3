"""Loads `timm.safetensors` into timm's `MaxxVit`: this file goes out beside the weights.

It needs timm and safetensors alone. `python timm_model.py` prints the network; `load()` returns it.
Images are normalized first, (pixels / 255 - mean) / std, as `preprocessing.json` says.
"""

import json
from pathlib import Path
from typing import Any

WEIGHTS, OPTIONS = "timm.safetensors", "timm.json"


def build(options: dict[str, Any]):
    """Return the network of `options` with random weights."""
    from timm.models.maxxvit import (  # noqa: PLC0415 - only where it is used
        MaxxVit,
        MaxxVitCfg,
        MaxxVitConvCfg,
        MaxxVitTransformerCfg,
    )

    network: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in options["network"].items()
    }

    def one(stage: dict[str, Any]):
        cfg = MaxxVitCfg(
            **network,
            conv_cfg=MaxxVitConvCfg(**stage["conv_cfg"]),
            transformer_cfg=MaxxVitTransformerCfg(**stage["transformer_cfg"]),
        )
        return MaxxVit(cfg, **options["model"])

    # timm has one kind of convolution and of attention in a network: here each stage has its own.
    model = one(options["stages"][0])
    for place, stage in enumerate(options["stages"]):
        model.stages[place] = one(stage).stages[place]
    return model


def load(folder=None):
    """Return the network of `folder`, by default that of this file, in evaluation mode."""
    from safetensors.torch import load_file  # noqa: PLC0415

    folder = Path(__file__).parent if folder is None else Path(folder)
    model = build(json.loads((folder / OPTIONS).read_text(encoding="utf-8")))
    model.load_state_dict(load_file(folder / WEIGHTS))
    return model.eval()


if __name__ == "__main__":
    import sys

    sys.stdout.write(f"{load()}\n")
