"""The section `space` as a JSON Schema, from which editors complete and check as one writes.

What a schema cannot say (layouts whose stages do not fit, widths without whole heads) is said when
the file is read.
"""

from typing import Any

from search_spaces.language import layouts, recipe
from search_spaces.language.limits import PRICES
from search_spaces.language.options import MOMENTUM, POOL_SIZE, WINDOW, WORDS
from search_spaces.language.values import (
    DEPTH,
    EXPANSION,
    HEADS,
    IMAGE_SIZE,
    KERNELS,
    MAX_STAGES,
    PATCH,
    SQUEEZE,
    STAGE_BOUNDS,
    STEM_STRIDE,
    WIDTH,
    Bounds,
    Reals,
)

Schema = dict[str, Any]

_SIZE = {
    "anyOf": [
        {"type": "integer", "minimum": 1},
        {"type": "number", "minimum": 1},
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?[kMG]?$"},
    ],
    "description": "A number of parameters, MACs or bytes: 150000, 150k or 4.2G",
}
_LIMIT = {
    "anyOf": [
        {"type": "string", "pattern": r"^(<=|>=)\s*[0-9]+(\.[0-9]+)?[kMG]?$"},
        {"type": "array", "items": _SIZE, "minItems": 2, "maxItems": 2},
    ],
    "description": "A range: '<=25M', '>=3M' or [3G, 4.2G]",
}

_TIME = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ns|us|ms|s)$"}
_LATENCY = {
    "anyOf": [
        {"type": "string", "pattern": r"^(<=|>=)\s*[0-9]+(\.[0-9]+)?(ns|us|ms|s)$"},
        {"type": "array", "items": _TIME, "minItems": 2, "maxItems": 2},
        {"type": "null"},
    ],
    "description": "A range: '<=3ms', '>=800us' or [1ms, 3ms]; needs 'latency'",
}


def space_schema() -> Schema:
    """Return the schema of the section `space`."""
    options = _options()
    return _object(
        {
            "stem": _object(
                {
                    "width": _whole(WIDTH, "Channels of S0"),
                    "depth": _whole(DEPTH, "3x3 convolutions of S0"),
                    "stride": _whole(STEM_STRIDE, "Of the first of them"),
                },
                "S0",
                required=["width"],
            ),
            **options,
            "image_size": _whole(IMAGE_SIZE, "Pixels a side; not said: data.image_size"),
            "stages": {
                "type": "array",
                "maxItems": MAX_STAGES,
                "items": _stage(),
                "description": "S1, S2, ...: what each may be",
            },
            "layouts": _layouts(options),
            "recipe": _recipe(),
            "match": _match(),
            "budget": _object(
                {**dict.fromkeys(PRICES, _LIMIT), "latency": _LATENCY},
                "Prices that a network may have",
            ),
            "latency": {
                "type": ["string", "object", "null"],
                "description": "The file of block times that `nas space latency` wrote",
            },
            "constraints": _object(
                {
                    "widths_do_not_shrink": _FLAG,
                    "total_depth": {**_LIMIT, "description": "Blocks of all stages"},
                },
                "Shapes that a network may have",
            ),
            "allow_transformer_before_convolution": _FLAG,
            "allow_transformer_first": _FLAG,
        },
        "Stage types, depths, widths and options to choose from",
    )


_FLAG: Schema = {"type": "boolean"}


def _options() -> Schema:
    """Return the options that hold for all blocks of a network."""
    words: Schema = {key: _choices({"enum": list(known)}) for key, known in WORDS.items()}
    return words | {
        "window": _whole(WINDOW, "Cells on a side of a window, for window attention"),
        "pool_size": _whole(POOL_SIZE, "2 or 3 cells on a side"),
        "batch_norm_momentum": _numbers(MOMENTUM, "Weight of the newest batch; short runs: 0.1"),
        **_own(),
    }


def _own() -> Schema:
    """Return the options that a stage may take for itself."""
    return {
        "head_size": _whole(HEADS, "Channels of an attention head"),
        "kernel": _choices(
            {"enum": list(KERNELS)}, "Cells on a side of MBConv's depthwise convolution"
        ),
        "expansion": _whole(EXPANSION, "Hidden width over width"),
        "squeeze_ratio": _numbers(SQUEEZE, "Squeeze-and-excitation's bottleneck over the width"),
    }


def _stage() -> Schema:
    types = {"enum": ["C", "T"]}
    sizes = {key: _whole(bounds) for key, bounds in STAGE_BOUNDS.items()}
    sizes["width"]["anyOf"].append(
        _object(
            {"times_previous": _choices({"type": "number", "exclusiveMinimum": 0}, ranges=True)},
            "A multiple of the width before",
            required=["times_previous"],
        )
    )
    return _object({"type": _choices(types), **sizes, **_own()}, "One stage")


def _layouts(options: Schema) -> Schema:
    entries = {
        **options,
        **{
            f"{key}s": {"type": "array", "items": _whole(each)}
            for key, each in STAGE_BOUNDS.items()
        },
        "types": {"type": "string", "pattern": f"^{layouts.TYPES_PATTERN.pattern}$"},
        "patch": _whole(PATCH, "Pixels on a side of a patch, of networks like ViT_REL"),
        "depth": _whole(DEPTH),
        "width": _whole(WIDTH),
    }
    name = {"type": "string", "pattern": f"^{layouts.NAME_PATTERN.pattern}$"}
    own = {
        "anyOf": [{"type": "null"}, _object(entries, "What differs from 'stages' and the options")]
    }
    return {
        "anyOf": [
            {"type": "array", "items": name, "minItems": 1},
            {"type": "object", "propertyNames": name, "additionalProperties": own},
        ],
        "description": "Names such as C-C-T-T and ViT_REL, or a mapping from name to sizes",
    }


def _recipe() -> Schema:
    number = {"type": "number", "minimum": 0}
    whole = {"type": "integer", "minimum": 0}
    entries = {key: _choices(number, ranges=True) for key in recipe.REALS}
    entries |= {key: _choices(whole, ranges=True) for key in recipe.COUNTS}
    return _object(entries, "Parts of the recipe that each candidate chooses")


def _match() -> Schema:
    within = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
    return _object({"parameters": _SIZE, "macs": _SIZE, "within": within}, "Sizes to have alike")


def _whole(bounds: Bounds, description: str = "") -> Schema:
    one = {"type": "integer", "minimum": bounds.least, "maximum": bounds.most}
    return _choices(one, description, ranges=True)


def _numbers(reals: Reals, description: str = "") -> Schema:
    one: Schema = {"type": "number", "minimum": reals.least, "maximum": reals.most}
    return _choices(one, description, ranges=True)


def _choices(one: Schema, description: str = "", *, ranges: bool = False) -> Schema:
    """Return the schema of one value, a list of choices or, of numbers, a range."""
    forms = [one, {"type": "array", "items": one, "minItems": 1, "uniqueItems": True}]
    if ranges:
        number = {key: value for key, value in one.items() if key == "type"}
        step = {**number, "exclusiveMinimum": 0}
        ends = {"from": one, "to": one, "step": step, "log": _FLAG}
        forms.append(_object(ends, "A range", required=["from", "to"]))
    return {"anyOf": forms, **({"description": description} if description else {})}


def _list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(properties: Schema, description: str, *, required: list[str] | None = None) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required or [],
        "additionalProperties": False,
    }
