"""Training: from corpora and vocabularies to models that kgbuild runs (extra ``train``)."""
