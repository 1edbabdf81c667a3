"""The public names, and what importing them costs."""

import subprocess
import sys
import textwrap

import pytest

import coatnet


def test_all_is_sorted_and_there():
    assert coatnet.__all__ == sorted(coatnet.__all__, key=lambda name: (not name.isupper(), name))
    for name in coatnet.__all__:
        assert getattr(coatnet, name) is not None


def test_unknown_names_are_no_attributes():
    with pytest.raises(AttributeError, match="has no attribute 'coatnet_0'"):
        _ = coatnet.coatnet_0


@pytest.mark.parametrize(
    "use",
    [
        "import coatnet",
        "import coatnet.config, coatnet.cost, coatnet.family",
        "import coatnet; coatnet.cost(coatnet.named('coatnet-0'))",
        "import coatnet.cost; coatnet.cost(coatnet.FAMILY['coatnet-7'], 384)",
    ],
)
def test_describing_and_pricing_import_no_torch(use):
    code = (
        f"{use}\nimport sys\nprint(sorted({{'torch', 'numpy', 'safetensors'}} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.slow
def test_creating_imports_torch_when_asked():
    code = """
        import sys, coatnet
        before = "torch" in sys.modules
        from coatnet import create
        print(before, "torch" in sys.modules, callable(coatnet.cost))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["False", "True", "True"]
