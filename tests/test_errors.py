from __future__ import annotations

import copy
import pickle

import pytest

from kgbuild import errors


@pytest.mark.parametrize("name", errors.__all__)
def test_errors_travel_between_processes(name: str) -> None:
    kind = getattr(errors, name)
    extra = kind is errors.MissingExtraError
    error = kind("gpu", needed_for="a GPU") if extra else kind("what happened")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert (str(again), again.args) == (str(error), error.args)
        assert vars(again) == vars(error)
