"""What machines hold, use and cost: storage and when it is full, use against reservation, sizes."""
