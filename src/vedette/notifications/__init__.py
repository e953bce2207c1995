"""Notifications: who is told what, by which channel, and whether it got there."""
