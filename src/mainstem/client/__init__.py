"""The client: start runs, read them, ask things of them."""
