from django.apps import AppConfig


class AwsConfig(AppConfig):
    name = "foundry.aws"

    def ready(self) -> None:
        from foundry.aws import checks  # noqa: F401  registers them
