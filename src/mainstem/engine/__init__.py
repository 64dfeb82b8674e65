"""The engine: workers that claim runs, replay what is recorded of them and go on."""
