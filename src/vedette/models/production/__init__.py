"""Models in production: what their predictions, and the labels that come later, say of them."""
