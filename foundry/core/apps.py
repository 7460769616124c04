from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "foundry.core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from foundry.core import checks  # noqa: F401  registers them
