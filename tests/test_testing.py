from __future__ import annotations

import numpy as np
import pytest

from kgbuild.protocols import Encoder, Recognizer
from kgbuild.records import AnnotatedDocument, Document
from kgbuild.testing import HashingEncoder, KeywordRecognizer


def test_they_fit_the_protocols() -> None:
    assert isinstance(HashingEncoder(), Encoder)
    assert isinstance(KeywordRecognizer({}), Recognizer)


def test_encoder_is_the_same_everywhere() -> None:
    vectors = HashingEncoder(dimension=8).encode(["asthma", "Asthma", "", "\ud800"])
    np.testing.assert_array_equal(vectors[0], vectors[1])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    # Pinned: another machine or Python must hash alike.
    expected = [0.408, 0.0, 0.204, 0.204, 0.0, 0.0, 0.612, 0.612]
    np.testing.assert_allclose(np.abs(vectors[0]), expected, atol=1e-3)
    assert HashingEncoder().encode([]).shape == (0, 256)
    assert HashingEncoder(seed=1).fingerprint != HashingEncoder().fingerprint
    with pytest.raises(ValueError, match="dimension"):
        HashingEncoder(dimension=0)


def test_keywords() -> None:
    recognizer = KeywordRecognizer({"type 2 diabetes": "Disease", "diabetes": "Cell", "": "Gene"})
    text = "Diabetes, prediabetes and Type 2 Diabetes."
    documents = [AnnotatedDocument(Document("PMID:1", t)) for t in (text, "")]
    first, second = recognizer.recognize(documents)
    assert [(m.text, m.category, m.start) for m in first] == [
        ("Diabetes", "Cell", 0), ("Type 2 Diabetes", "Disease", 26),
    ]  # fmt: skip
    assert second == ()
    assert KeywordRecognizer({}).recognize(documents) == [(), ()]
