"""Services that misbehave when they are told to, for the tests of the platform."""
