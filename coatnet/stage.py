"""A stage: blocks of one type, the first of which may change stride and width.

Names: b batch, c channels, h and w rows and columns of a map, n = h w its cells.
"""

import torch
from torch import nn

from coatnet.checkpointing import run_checkpointed
from coatnet.config import BlockType, CoAtNetConfig
from coatnet.dimensions import block_options
from coatnet.maps import maps, tokens
from coatnet.mbconv import MBConv
from coatnet.stochastic_depth import drop_path_rates
from coatnet.transformer import BlockSizes, TransformerBlock


class Stage(nn.ModuleList):
    """The blocks of one `StageConfig`, one after the other; transformers pass on tokens."""

    def __init__(self, config: CoAtNetConfig, number: int) -> None:
        """Build the stage `number`, counted from 0, of `config`."""
        stage = config.stages[number]
        options = block_options(config, stage)
        in_width = config.stages[number - 1].width if number else config.stem.width
        in_size, out_size = config.map_sizes[number : number + 2]
        stride = stage.stride
        blocks: list[nn.Module] = []
        for rate in drop_path_rates(config)[number]:
            sizes = BlockSizes(input=in_size, out=out_size, bias=config.bias_map_sizes[number + 1])
            if stage.block is BlockType.CONVOLUTION:
                blocks.append(
                    MBConv(
                        config,
                        options,
                        in_width=in_width,
                        width=stage.width,
                        stride=stride,
                        drop_path=rate,
                    )
                )
            else:
                blocks.append(
                    TransformerBlock(
                        config,
                        options,
                        in_width=in_width,
                        width=stage.width,
                        stride=stride,
                        sizes=sizes,
                        drop_path=rate,
                    )
                )
            in_width, in_size, stride = stage.width, out_size, 1
        super().__init__(blocks)
        self.on_tokens = stage.block is BlockType.TRANSFORMER
        self.size = out_size
        self.checkpointing = False

    def forward(self, x_bchw: torch.Tensor) -> torch.Tensor:
        """Return the map (b, width, h / stride, w / stride), rounded up."""
        x = tokens(x_bchw) if self.on_tokens else x_bchw
        checkpointing = self.checkpointing and self.training and torch.is_grad_enabled()
        for block in self:
            x = run_checkpointed(block, x) if checkpointing else block(x)
        return maps(x, self.size) if self.on_tokens else x
