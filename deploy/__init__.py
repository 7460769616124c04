"""What runs on the machine that deploys, and never in a function: Zappa's callbacks and `python -m deploy`."""
