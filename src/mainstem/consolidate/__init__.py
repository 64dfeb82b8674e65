"""Old run tables brought home: what is there, what becomes of it, the proof, the switch, and the way back."""
