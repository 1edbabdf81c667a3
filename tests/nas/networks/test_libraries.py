"""Libraries that are missing or broken are one line; torchvision's operators are not needed."""

import subprocess
import sys

import pytest

from nas.errors import SpecError
from nas.networks.libraries import import_library

BREAK = """
import sys, types, importlib.abc, importlib.util

class Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name == "torchvision":
            return importlib.util.spec_from_loader(name, self)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        raise RuntimeError("operator torchvision::other does not exist\\nand more")

sys.meta_path.insert(0, Broken())
from nas.networks.libraries import import_library
try:
    import_library("timm")
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("missing", "asked"),
    [("timm", "timm"), ("torchvision", "timm"), ("transformers", "transformers")],
)
def test_what_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, missing: str, asked: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SpecError) as raised:
        import_library(asked)
    assert str(raised.value) == f'network: needs {missing}: pip install "coatnet-nas[baselines]"'


@pytest.mark.slow
def test_what_does_not_import_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BREAK], capture_output=True, text=True, check=True, timeout=100
    )
    assert done.stdout == (
        "network: timm cannot be imported: operator torchvision::other does not exist\n"
    )


@pytest.mark.slow
def test_timm_imports_beside_this_torch() -> None:
    timm = import_library("timm")
    assert timm.is_model("vit_small_patch16_224")
    assert import_library("timm") is timm


@pytest.mark.slow
def test_nothing_is_imported_without_baselines() -> None:
    program = (
        "import sys\n"
        "from nas.space.baselines import Entered, enter_baselines\n"
        "from nas.study.records import DataShape\n"
        "from nas.spec.file import load_spec\n"
        "shape = DataShape(image_size=28, channels=1, classes=10)\n"
        "assert enter_baselines(load_spec('quickstart'), shape) == Entered()\n"
        "print(*({'torch', 'timm', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "\n"
