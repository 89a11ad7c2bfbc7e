"""What the network throws gets a class, and none of its words."""

import errno
import os

import pytest

from moorage.egress.failures import connect_failure


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL])
def test_a_network_that_is_not_there_has_a_class_of_its_own(number: int) -> None:
    failure = connect_failure(OSError(number, os.strerror(number)), port=443)
    assert (failure.code, dict(failure.params)) == ("connect_failed", {})
