"""What each option of a network does and what the paper says of it, for the options table."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What a choice does, and what the paper says of it."""

    does: str
    paper: str
    choice: str = ""  # in words, where a field is not one of a few options


# One row a field, or a choice of it: `options_table` fails when one is missing or too many.
NOTES: dict[tuple[str, str], Note] = {
    ("stem.type", "convolution"): Note(
        does="S0: 3×3 convolutions, the first one strided", paper="Table 3; Figure 4"
    ),
    ("stem.type", "patch"): Note(
        does="one convolution whose kernel is its stride", paper="Section 2.2, ViT_REL"
    ),
    ("stem.width", ""): Note(choice="channels", does="of S0", paper="Tables 3, 11, 12"),
    ("stem.depth", ""): Note(choice="layers", does="of S0; a patch stem has 1", paper="2 always"),
    ("stem.stride", ""): Note(
        choice="cells", does="of the first convolution, or the side of a patch", paper="2; 16"
    ),
    ("stages[].block", "C"): Note(
        does="MBConv with squeeze-and-excitation", paper="Eq. 5; the layouts: Section 2.2, Table 2"
    ),
    ("stages[].block", "T"): Note(
        does="relative attention and a feed-forward network", paper="Eq. 3 and 4"
    ),
    ("stages[].depth", ""): Note(
        choice="blocks",
        does="of the stage",
        paper="Table 7, S2 and S3 of CoAtNet-2: 6, 14: 84.1 %; 8, 12: 84.0 %; 2, 18: 83.4 %",
    ),
    ("stages[].width", ""): Note(
        choice="channels", does="put out by each block", paper="Tables 3, 11, 12"
    ),
    ("stages[].stride", ""): Note(
        choice="1 or 2",
        does="of the first block; 1 in the second half of a mixed stage",
        paper="2 in all stages; Section A.2 (mixed stages)",
    ),
    ("stages[].kernel", ""): Note(
        choice="3, 5 or 7; `kernel` if not given",
        does="of a C stage; T has none",
        paper="the same in all stages",
    ),
    ("stages[].expansion", ""): Note(
        choice="1 to 8; `expansion` if not given",
        does="of a stage of either type",
        paper="the same in all stages",
    ),
    ("stages[].squeeze_ratio", ""): Note(
        choice="0 to 4; `squeeze_ratio` if not given",
        does="of a C stage; T has none",
        paper="the same in all stages",
    ),
    ("stages[].head_size", ""): Note(
        choice="channels; `head_size` if not given",
        does="of a T stage, whose width is a multiple of it; C has none",
        paper="the same in all stages",
    ),
    ("attention", "global"): Note(does="each cell attends to all", paper="all results"),
    ("attention", "window"): Note(
        does="each cell attends to those of its window",
        paper="Section 2.2, option B: not used, slow on TPUs; no numbers",
    ),
    ("attention", "linear"): Note(
        does="kernel features, elu + 1; no bias of positions",
        paper='Section 2.2, option C: no "reasonably good result"; no numbers',
    ),
    ("window", ""): Note(
        choice="cells", does="side of a window, for window attention", paper="no numbers"
    ),
    ("relative_bias", "pre"): Note(
        does="added to the logits (y_pre)",
        paper="Eq. 3. Table 6: 84.1 % at 224, 85.7 % at 384; from 21K at 384: 87.9 %",
    ),
    ("relative_bias", "post"): Note(
        does="added to the weights, after the softmax (y_post)", paper="Eq. 2; no numbers"
    ),
    ("relative_bias", "none"): Note(
        does="left out", paper="Table 6: 83.8 % at 224, 85.3 % at 384; from 21K at 384: 87.4 %"
    ),
    ("bias_image_size", ""): Note(
        choice="pixels, or height and width; `image_size` if not given",
        does="the image size that the tables of positions are stored for; elsewhere they are "
        "resized bilinearly as they are used",
        paper="Section 3; the tables print the same parameters at every image size",
    ),
    ("head_size", ""): Note(
        choice="channels",
        does="of an attention head",
        paper="Table 8 (CoAtNet-2, 224): 32: 84.1 %, 64: 83.9 %. 64 in -5, 128 in -6 and -7",
    ),
    ("mbconv_stride", "expand"): Note(
        does="in the first 1×1 convolution",
        paper="Eq. 5. Table 4 (-0, -1, -2 at 224): 81.6, 83.3, 84.1 % at 4.2, 8.4, 15.7 G",
    ),
    ("mbconv_stride", "depthwise"): Note(
        does="in the depthwise convolution",
        paper="Table 9 (-0, -1, -2 at 224): 82.0, 83.5, 84.1 % at 4.6, 8.8, 16.6 G",
    ),
    ("mbconv_stride", "pool"): Note(
        does="by pooling before the first convolution", paper="not in the paper"
    ),
    ("mbconv_norm", "batch"): Note(
        does="BatchNorm in MBConv",
        paper="Table 8: CoAtNet-2 at 224: 84.1 %; CoAtNet-3 from 21K at 384: 87.9 %; "
        "10 to 20 % faster on TPUs",
    ),
    ("mbconv_norm", "layer"): Note(
        does="LayerNorm over the channels of each cell",
        paper="Table 8: CoAtNet-2 at 224: 84.1 %; CoAtNet-3 from 21K at 384: 87.8 %",
    ),
    ("kernel", ""): Note(
        choice="3, 5 or 7",
        does="side of MBConv's depthwise convolution",
        paper="3 always (Table 3, caption)",
    ),
    ("expansion", ""): Note(
        choice="1 to 8",
        does="hidden width over the block's width, of MBConv and of the feed-forward network",
        paper="4 always (Table 3, caption)",
    ),
    ("squeeze_ratio", ""): Note(
        choice="0 to 4",
        does="bottleneck of squeeze-and-excitation over the block's width; 0: left out",
        paper="0.25 always (Table 3, caption)",
    ),
    ("pool", "max"): Note(
        does="how the identity branch, and attention's input, are down-sampled",
        paper='Eq. 4: "max pooling with stride 2"; not stated for MBConv; no numbers',
    ),
    ("pool", "average"): Note(does="likewise, by the mean", paper="not in the paper"),
    ("pool_size", ""): Note(
        choice="2 or 3", does="side of what is pooled; with 3 it overlaps", paper="not stated"
    ),
    ("image_size", ""): Note(
        choice="pixels, or height and width",
        does="of the images",
        paper="Table 4, CoAtNet-3: 224: 84.5 %, 384: 85.8 %, 512: 86.0 %",
    ),
    ("in_channels", ""): Note(choice="1 and up", does="of the images", paper="3"),
    ("classes", ""): Note(choice="1 and up", does="logits put out", paper="1,000"),
    ("drop_path", ""): Note(
        choice="0 to below 1",
        does="stochastic depth: the last block's rate, linear from 0 at the first",
        paper="Table 10 (1K): 0.2, 0.3, 0.5, 0.7 for -0 to -3; no schedule stated",
    ),
    ("batch_norm_momentum", ""): Note(
        choice="above 0 to 1", does="weight of the newest batch's statistics", paper="not stated"
    ),
}
