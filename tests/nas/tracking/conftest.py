"""A synthetic study as records, and real MLflow databases made once and copied."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nas.tracking.opening import prepare_environment


@pytest.fixture(scope="session")
def mlflow_quiet() -> Iterator[None]:
    """Set MLflow's environment as the product does, and take it back."""
    with pytest.MonkeyPatch.context() as patch:
        environment: dict[str, str] = {}
        prepare_environment(environment)
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, mlflow_quiet: None) -> Path:
    """An empty MLflow database; making its tables takes seconds."""
    from mlflow.tracking import MlflowClient

    path = tmp_path_factory.mktemp("template") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def uri(template: Path, tmp_path: Path) -> str:
    """A database of the test's own."""
    return f"sqlite:///{shutil.copy(template, tmp_path / 'mlflow.db')}"
