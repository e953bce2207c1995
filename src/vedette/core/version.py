"""The version of this Vedette."""

VERSION = "0.1.0"
