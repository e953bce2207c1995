"""Service level objectives: counted, burned, told."""
