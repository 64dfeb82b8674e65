"""Shapes: bodies that requests bring, and examples of what is answered. A file a resource."""
