from tests.toys.toy import service

SERVICE = service("toy-saving", save_every=1)
