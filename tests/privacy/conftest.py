"""`world`: a running Moorage with the whole cast and a thing of every kind for both teams."""

from tests.scope.conftest import world

__all__ = ["world"]
