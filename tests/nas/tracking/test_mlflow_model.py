"""The MLflow model is loaded without pickles, and served to a plain HTTP client."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from nas.export.portable import portable, save_onnx
from tests.nas.export.models import BATCHES, PREPROCESSING, expected, images, network

pytestmark = [pytest.mark.slow, pytest.mark.mlflow, pytest.mark.usefixtures("mlflow_quiet")]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    from nas.tracking.mlflow_model import save_onnx_model

    folder, model = tmp_path_factory.mktemp("model"), network()
    save_onnx(portable(model, PREPROCESSING), PREPROCESSING, folder / "model.onnx")
    for _ in range(2):  # the second takes the place of the first
        save_onnx_model(
            folder / "model.onnx",
            folder / "mlflow",
            example=images(1),
            classes=10,
            metadata={"study": "s"},
        )
    return model, folder / "mlflow"


@pytest.mark.parametrize("batch", BATCHES)
def test_it_is_loaded_with_pickles_switched_off(made, batch, monkeypatch):
    import mlflow.pyfunc

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    monkeypatch.setenv("MLFLOW_ALLOW_MODEL_CODE_EXECUTION", "false")
    model, folder = made
    loaded = mlflow.pyfunc.load_model(str(folder))
    found = loaded.predict({"images": images(batch)})["logits"]
    np.testing.assert_allclose(found, expected(model, images(batch)), atol=1e-4, rtol=0)
    assert loaded.metadata.signature.inputs.input_names() == ["images"]
    assert loaded.metadata.metadata["study"] == "s"


def test_nothing_in_it_is_a_pickle_and_all_can_be_read(made):
    _, folder = made
    for path in folder.rglob("*"):
        assert path.suffix not in {".pkl", ".pth", ".pt", ".bin"}
        assert path.is_dir() or path.stat().st_mode & 0o044, path


@pytest.mark.timeout(180)
def test_it_is_served_to_a_plain_client(made):
    model, folder = made
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    binaries = Path(sys.executable).parent
    command = [str(binaries / "mlflow"), "models", "serve", "-m", str(folder), "--env-manager",
               "local", "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:  # fmt: skip
        try:
            body = json.dumps({"inputs": {"images": images(3).tolist()}}).encode()
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/invocations",
                data=body,
                headers={"Content-Type": "application/json"},
            )
            deadline = time.monotonic() + 120
            while True:
                try:
                    with urllib.request.urlopen(request, timeout=60) as answer:
                        found = json.loads(answer.read())["predictions"]
                    break
                except urllib.error.HTTPError as error:
                    pytest.fail(error.read().decode())
                except OSError:
                    assert time.monotonic() < deadline
                    assert server.poll() is None
                    time.sleep(0.5)
        finally:
            os.killpg(server.pid, 15)
            server.wait(30)
    logits = np.array(found["logits"] if isinstance(found, dict) else found)
    np.testing.assert_allclose(logits, expected(model, images(3)), atol=1e-4, rtol=0)
