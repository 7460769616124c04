"""`make run`: all of Foundry on this machine, with its examples computed."""
