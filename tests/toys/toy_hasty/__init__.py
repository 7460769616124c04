from tests.toys.toy import service

SERVICE = service("toy-hasty", timeout_s=1, attempts=2)
