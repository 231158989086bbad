"""Changes that go through Git to a cluster: commits of one file, and what Argo CD made of them."""
