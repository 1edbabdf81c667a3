"""A store that ignores conditions is no place for a study."""

import pytest

from nas.objects.conditions import check_conditions
from nas.objects.folder import StoreError, object_folder


@pytest.fixture
def folder(bucket):
    return object_folder(f"{bucket}/mine", key="--study")


def test_a_store_that_checks_them_passes_and_nothing_is_left(folder):
    check_conditions(folder)
    assert folder.names() == []


@pytest.mark.parametrize("header", ["HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"])
def test_a_store_that_ignores_one_is_refused(folder, object_server, header):
    object_server.refuse = lambda request: request.pop(header, None) and None
    with pytest.raises(StoreError, match="both win"):
        check_conditions(folder)
    assert folder.names() == []
