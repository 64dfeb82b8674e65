"""Shapes of requests and answers: a file a resource."""
