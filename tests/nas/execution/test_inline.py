"""The inline executor keeps the contract."""

from nas.execution.inline import InlineExecutor
from tests.contracts.executor import ExecutorContract


class TestInline(ExecutorContract):
    """See the contract."""

    def make(self):
        return InlineExecutor()
