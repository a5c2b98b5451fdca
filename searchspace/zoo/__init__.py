"""The bundled networks beside their papers' figures."""
